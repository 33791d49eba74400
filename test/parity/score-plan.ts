import { answerByHash } from "../../agent/adapters/engines/hash/hash-engine.ts";
import { ColumnValues } from "../../evaluation/harness/scoring/column-values.ts";
import { createTaskScorer } from "../../evaluation/harness/scoring/task-scorer.ts";
import type { PlanPack, PlanPiece, PlanTask } from "../../evaluation/plan.ts";
import type { ResultRow } from "../../evaluation/report/group-results.ts";
import { SampleLinePrinter } from "../../evaluation/report/sample-lines.ts";
import type { TaskScorer } from "../../evaluation/task-scorer.ts";
import { type GoldenSample, readSampleLine } from "./golden-runs.ts";

/** A task's scores on the hash model. */
export interface ScoredTask {
  readonly task: PlanTask;
  readonly row: ResultRow;
  /** Filter after filter, as the harness orders them. */
  readonly samples: readonly GoldenSample[];
}

/** Answers a plan by the hash model and scores it. */
export async function scorePlan(pieces: AsyncIterable<PlanPiece>, bootstrapIterations: number): Promise<ScoredTask[]> {
  const tasks: TaskScoring[] = [];
  for await (const piece of pieces) {
    if (piece.kind === "header") tasks.push(...piece.header.tasks.map((task) => new TaskScoring(task)));
    if (piece.kind === "pack") for (const sample of piece.pack.samples) tasks[sample.task]!.add(sample, piece.pack);
  }
  return tasks.map((task) => task.finish(bootstrapIterations));
}

class TaskScoring {
  readonly #task: PlanTask;
  readonly #scorer: TaskScorer;
  readonly #printer: SampleLinePrinter;
  readonly #columns: readonly ColumnValues[];
  readonly #samples: GoldenSample[][] = [];

  constructor(task: PlanTask) {
    this.#task = task;
    this.#scorer = createTaskScorer(task);
    this.#printer = new SampleLinePrinter(task, this.#scorer, () => "");
    this.#columns = this.#scorer.columns.map(({ width }) => new ColumnValues(width));
  }

  add(sample: PlanPack["samples"][number], pack: PlanPack): void {
    const first = sample.firstRequest - pack.requests[0]!.index;
    const requests = pack.requests.slice(first, first + sample.requestCount);
    const responses = requests.map(answerByHash);
    const score = this.#scorer.scoreSample(sample, responses);
    score.values.forEach((value, column) => this.#columns[column]!.push(value));
    this.#printer.print({ sample, requests, responses, score }).lines.forEach((line, filter) => {
      (this.#samples[filter] ??= []).push(readSampleLine(line));
    });
  }

  finish(bootstrapIterations: number): ScoredTask {
    const samples = this.#samples.flat();
    const columns = this.#scorer.aggregate(
      this.#columns.map((column) => column.values()),
      bootstrapIterations,
    );
    const { name, alias } = this.#task;
    const sampleCount = this.#samples[0]!.length;
    return { task: this.#task, samples, row: { name, alias, sampleCount, columns, columnSamples: null } };
  }
}
