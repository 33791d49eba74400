import { createHash, hash } from "node:crypto";
import { MusterError } from "../../base/muster-error.ts";
import { ColumnValues } from "../../evaluation/harness/scoring/column-values.ts";
import { createTaskScorer } from "../../evaluation/harness/scoring/task-scorer.ts";
import type { PlanSample, PlanTask } from "../../evaluation/plan.ts";
import type { ResultRow } from "../../evaluation/report/group-results.ts";
import { SampleLinePrinter } from "../../evaluation/report/sample-lines.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import type { OutputFile, OutputFolder } from "./output-file.ts";

/** Three SHA-256 digests. */
const HASHES_BYTES = 96;

/** A task's row, and the harness's hash over its samples. */
export interface TaskOutcome {
  readonly row: ResultRow;
  readonly taskHash: string;
}

/**
 * One task in the making: its samples come in document order, its samples file grows. The harness writes all documents
 * of the first filter, then all of the second; the later filters' lines wait in scratch files.
 */
export class TaskOutput {
  readonly #task: PlanTask;
  readonly #scorer: ReturnType<typeof createTaskScorer>;
  readonly #printer: SampleLinePrinter;
  readonly #columns: readonly ColumnValues[];
  readonly #file: OutputFile;
  readonly #folder: OutputFolder;
  readonly #laterFilters: OutputFile[] = [];
  readonly #hash = createHash("sha256");
  /** The samples' hashes, which the task's hash takes once for each filter: 96 bytes a sample. */
  #hashes = Buffer.alloc(0);
  #samples = 0;
  #lastDocId = -1;

  constructor(task: PlanTask, folder: OutputFolder, stamp: string) {
    this.#task = task;
    this.#scorer = createTaskScorer(task);
    this.#printer = new SampleLinePrinter(task, this.#scorer, sha256Hex);
    this.#columns = this.#scorer.columns.map(({ width }) => new ColumnValues(width));
    this.#folder = folder;
    this.#file = folder.create(`samples_${task.name.replaceAll("/", "__")}_${stamp}.jsonl`);
  }

  /** Scores one sample and writes its lines; returns the hash of its prompt. */
  add(
    sample: PlanSample,
    requests: readonly EvaluationRequest[],
    responses: readonly EvaluationResponse[],
  ): { readonly promptHash: string } {
    if (sample.docId <= this.#lastDocId) {
      throw new MusterError(
        "badData",
        `the plan has document ${sample.docId} of ${this.#task.name} twice or out of order`,
      );
    }
    this.#lastDocId = sample.docId;
    const score = this.#scorer.scoreSample(sample, responses);
    score.values.forEach((value, column) => this.#columns[column]!.push(value));
    const { lines, hashes, promptHash } = this.#printer.print({ sample, requests, responses, score });
    lines.forEach((line, filter) => this.#fileOf(filter).writeText(`${line}\n`));
    this.#hash.update(hashes);
    if (lines.length > 1) this.#keepHashes(hashes);
    this.#samples += 1;
    return { promptHash };
  }

  /** Ends the samples file and aggregates. */
  finish(bootstrapIterations: number): TaskOutcome {
    for (const file of this.#laterFilters) {
      this.#file.append(file);
      file.remove();
      for (let sample = 0; sample < this.#samples; sample++) {
        this.#hash.update(this.#hashes.toString("hex", sample * HASHES_BYTES, (sample + 1) * HASHES_BYTES));
      }
    }
    this.#file.finish();
    const { name, alias } = this.#task;
    const values = this.#columns.map((column) => column.values());
    const columns = this.#samples === 0 ? [] : this.#scorer.aggregate(values, bootstrapIterations);
    const row = { name, alias, sampleCount: this.#samples, columns, columnSamples: null };
    return { row, taskHash: this.#hash.digest("hex") };
  }

  #keepHashes(hashes: string): void {
    const end = (this.#samples + 1) * HASHES_BYTES;
    if (end > this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes, Buffer.alloc(Math.max(end, 65_536))]);
    this.#hashes.write(hashes, end - HASHES_BYTES, "hex");
  }

  #fileOf(filter: number): OutputFile {
    if (filter === 0) return this.#file;
    return (this.#laterFilters[filter - 1] ??= this.#folder.scratch());
  }
}

function sha256Hex(text: string): string {
  return hash("sha256", text, "hex");
}
