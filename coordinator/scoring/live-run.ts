// Running means of one run. Samples are scored when their last response is seen; what is incomplete waits in bounded
// space. Everything may be forgotten: the final pass reads the disk again.
import { fromBinary } from "@bufbuild/protobuf";
import { numbersOf } from "../../evaluation/harness/scoring/column-values.ts";
import { createTaskScorer } from "../../evaluation/harness/scoring/task-scorer.ts";
import type { PlanSample } from "../../evaluation/plan.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import type { TaskScorer } from "../../evaluation/task-scorer.ts";
import { readResponses, responseAt } from "../../proto/codec/response-columns.ts";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import { readBlob } from "../adapters/blobs/folder-blob-store.ts";
import type { PlanManifest } from "../shell/plan-store.ts";
import { readPackSamples } from "./plan-packs.ts";
import { markStep } from "../../base/node/step-watch.ts";
import type { LiveTaskScores } from "./scorer-pool.ts";

/** Packs of samples kept decoded. */
const PACKS_CACHED_MAX = 8;
/** Responses kept for samples that miss others. */
const WAITING_RESPONSES_MAX = 20_000;

/** Sums of one task's columns. */
interface TaskSums {
  readonly scorer: TaskScorer;
  readonly sums: readonly number[][];
  samples: number;
}

/** A run in progress. */
export class LiveRun {
  readonly #plan: PlanManifest;
  readonly #blobFolder: string;
  readonly #mark: Int32Array;
  readonly #isScored: Uint8Array;
  readonly #packs = new Map<number, Promise<readonly PlanSample[]>>();
  readonly #tasks = new Map<number, TaskSums>();
  /** By sample: its responses so far. */
  readonly #waiting = new Map<number, Map<number, EvaluationResponse>>();
  #waitingResponses = 0;

  /** `mark` is where the sample at hand is noted. */
  constructor(plan: PlanManifest, blobFolder: string, mark: Int32Array) {
    this.#mark = mark;
    this.#plan = plan;
    this.#blobFolder = blobFolder;
    this.#isScored = new Uint8Array(plan.end.sampleCount);
  }

  /** Takes in one blob of responses. */
  async add(digest: string): Promise<void> {
    const rows = readResponses(fromBinary(ResponseColumnsSchema, await readBlob(this.#blobFolder, digest)));
    for (let row = 0; row < rows.count; row++) {
      const request = rows.requestIndex[row]!;
      if (request < this.#plan.end.requestCount) await this.#take(request, responseAt(rows, row));
    }
    if (this.#waitingResponses > WAITING_RESPONSES_MAX) {
      this.#waiting.clear();
      this.#waitingResponses = 0;
    }
  }

  scores(): LiveTaskScores[] {
    return Array.from(this.#tasks, ([task, { scorer, sums, samples }]) => ({
      task: this.#plan.header.tasks[task]!.name,
      samples,
      metrics: scorer.columns.flatMap(({ metric, filter }, column) => {
        const mean = scorer.runningValue(column, sums[column]!, samples);
        return mean === null ? [] : [{ metric, filter, mean }];
      }),
    }));
  }

  async #take(request: number, response: EvaluationResponse): Promise<void> {
    const sample = await this.#sampleOf(request);
    if (this.#isScored[sample.index] === 1) return;
    const responses = this.#waiting.get(sample.index) ?? new Map<number, EvaluationResponse>();
    this.#waiting.set(sample.index, responses);
    if (!responses.has(request)) this.#waitingResponses += 1;
    responses.set(request, response);
    if (responses.size < sample.requestCount) return;
    this.#waiting.delete(sample.index);
    this.#waitingResponses -= responses.size;
    this.#isScored[sample.index] = 1;
    this.#score(
      sample,
      Array.from({ length: sample.requestCount }, (_, offset) => responses.get(sample.firstRequest + offset)!),
    );
  }

  #score(sample: PlanSample, responses: readonly EvaluationResponse[]): void {
    const task = this.#sumsOf(sample.task);
    const { values } = markStep(this.#mark, sample.index, () => task.scorer.scoreSample(sample, responses));
    values.forEach((value, column) => {
      // A Python aggregation wants all values at once: there is nothing to sum.
      if (task.scorer.columns[column]!.width === null) return;
      const sums = task.sums[column]!;
      numbersOf(value).forEach((number, part) => (sums[part]! += number));
    });
    task.samples += 1;
  }

  #sumsOf(task: number): TaskSums {
    let sums = this.#tasks.get(task);
    if (sums === undefined) {
      const scorer = createTaskScorer(this.#plan.header.tasks[task]!);
      sums = { scorer, sums: scorer.columns.map(() => [0, 0]), samples: 0 };
      this.#tasks.set(task, sums);
    }
    return sums;
  }

  async #sampleOf(request: number): Promise<PlanSample> {
    const position = lastAtOrBelow(this.#plan.packs, (pack) => pack.firstRequest, request);
    let samples = this.#packs.get(position);
    if (samples === undefined) {
      samples = readPackSamples(this.#blobFolder, this.#plan.packs[position]!);
      this.#packs.set(position, samples);
      const [oldest] = this.#packs.keys();
      if (this.#packs.size > PACKS_CACHED_MAX) this.#packs.delete(oldest!);
    }
    const pack = await samples;
    return pack[lastAtOrBelow(pack, (sample) => sample.firstRequest, request)]!;
  }
}

/** The last entry whose key is not above a value; keys ascend. */
function lastAtOrBelow<Entry>(entries: readonly Entry[], key: (entry: Entry) => number, value: number): number {
  let [low, high] = [0, entries.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (key(entries[middle]!) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
