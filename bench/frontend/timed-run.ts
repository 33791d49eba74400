// One evaluation in one process, without a model's time: planned, answered by the hash model, scored, aggregated.
import { answerByHash } from "../../agent/adapters/engines/hash/hash-engine.ts";
import { ColumnValues } from "../../evaluation/harness/scoring/column-values.ts";
import { createTaskScorer } from "../../evaluation/harness/scoring/task-scorer.ts";
import type { PlanPack, PlanTask } from "../../evaluation/plan.ts";
import type { TaskScorer } from "../../evaluation/task-scorer.ts";
import { type DatasetLoader, openDatasetLoader } from "../../frontend/data/dataset-loader.ts";
import { materialisePlan } from "../../frontend/materialise.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";

/** Seconds of each part; the parts are those of `time_harness.py`. */
export interface TimedRun {
  readonly seconds: { readonly index: number; readonly data: number; readonly model: number; readonly rest: number };
  readonly requests: number;
  /** By task and `metric,filter`. */
  readonly scores: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
}

/** A clock of several parts. */
class PartClock {
  readonly seconds = { index: 0, data: 0, model: 0 };

  time<Result>(part: keyof PartClock["seconds"], work: () => Result): Result {
    const beganMs = performance.now();
    try {
      return work();
    } finally {
      this.seconds[part] += (performance.now() - beganMs) / 1000;
    }
  }

  async timeAsync<Result>(part: keyof PartClock["seconds"], work: () => Promise<Result>): Promise<Result> {
    const beganMs = performance.now();
    const result = await work();
    this.seconds[part] += (performance.now() - beganMs) / 1000;
    return result;
  }
}

/** Runs it once. */
export async function timeRun(request: PlanRequest): Promise<TimedRun> {
  const clock = new PartClock();
  const { datasetMap, cacheFolder } = request;
  const ignore = (): void => undefined;
  const beganMs = performance.now();
  const pieces = materialisePlan(request, {
    openLoader: async () =>
      timedLoader(await openDatasetLoader({ datasetMap, cacheFolder, onProgress: ignore }), clock),
    onProgress: ({ stage }) => {
      // The look for tasks ends when the first data set is wanted.
      if (stage === "data") clock.seconds.index ||= (performance.now() - beganMs) / 1000;
    },
  });
  const tasks: TaskRun[] = [];
  let requests = 0;
  for await (const piece of pieces) {
    if (piece.kind === "header") tasks.push(...piece.header.tasks.map((task) => new TaskRun(task)));
    if (piece.kind !== "pack") continue;
    requests += piece.pack.requests.length;
    const responses = clock.time("model", () => piece.pack.requests.map(answerByHash));
    for (const sample of piece.pack.samples) tasks[sample.task]!.add(sample, responses, piece.pack.requests[0]!.index);
  }
  const scores = Object.fromEntries(tasks.map((task) => [task.name, task.finish(request.bootstrapIterations)]));
  const { index, data, model } = clock.seconds;
  const rest = (performance.now() - beganMs) / 1000 - index - data - model;
  return { seconds: { index, data, model, rest }, requests, scores };
}

/** Reading a split is data's time; splits are read when they are asked for. */
function timedLoader(loader: DatasetLoader, clock: PartClock): DatasetLoader {
  return {
    async load(dataset) {
      const { splits } = await clock.timeAsync("data", () => loader.load(dataset));
      return {
        splits: {
          keys: () => splits.keys(),
          get: (split) => {
            const loaded = splits.get(split);
            return loaded === undefined ? undefined : clock.timeAsync("data", () => loaded);
          },
        },
      };
    },
  };
}

class TaskRun {
  readonly name: string;
  readonly #scorer: TaskScorer;
  readonly #columns: readonly ColumnValues[];

  constructor(task: PlanTask) {
    this.name = task.name;
    this.#scorer = createTaskScorer(task);
    this.#columns = this.#scorer.columns.map(({ width }) => new ColumnValues(width));
  }

  add(sample: PlanPack["samples"][number], responses: readonly ReturnType<typeof answerByHash>[], first: number): void {
    const at = sample.firstRequest - first;
    const score = this.#scorer.scoreSample(sample, responses.slice(at, at + sample.requestCount));
    score.values.forEach((value, column) => this.#columns[column]!.push(value));
  }

  finish(iterations: number): Record<string, number | string> {
    const values = this.#columns.map((column) => column.values());
    const results = this.#scorer.aggregate(values, iterations);
    return Object.fromEntries(
      results.flatMap(({ metric, filter, value, standardError }) => [
        [`${metric},${filter}`, value],
        [`${metric}_stderr,${filter}`, standardError],
      ]),
    );
  }
}
