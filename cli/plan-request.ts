import { resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { cacheFolder } from "../base/node/folders.ts";
import type { PlanRequest } from "../frontend/plan-request.ts";
import type { Options } from "./options.ts";
import { readSuite } from "./suite-file.ts";

/** The harness's own number of replicates. */
const BOOTSTRAP_ITERATIONS = 100_000;

/** What a run is to evaluate, and what it is called. */
export interface RunWish {
  readonly suite: string;
  readonly request: PlanRequest;
}

/** The run that the options (or the suite file that they name) ask for. Throws `usage` where they contradict each other. */
export function readRunWish(options: Options): RunWish {
  const suite = options.suite === undefined ? null : readSuite(resolve(options.suite));
  if (suite !== null && options.tasks.length > 0) {
    throw new MusterError("usage", "--tasks and --suite both say what to run", { wayOut: "Leave one of them out." });
  }
  const tasks = suite?.tasks ?? options.tasks.map(absoluteFile);
  if (tasks.length === 0) {
    throw new MusterError("usage", "nothing to run: no --tasks and no --suite", {
      wayOut: "`muster tasks list` shows what there is; `muster demo` runs a suite that comes with Muster.",
    });
  }
  const [python, numpy, torch, fewshot] = options.seeds;
  const genKwargs = options.genKwargs ?? suite?.genKwargs ?? null;
  return {
    suite: suite?.name ?? options.tasks.join(","),
    request: {
      tasks,
      includePaths: [...options.includePaths.map((path) => resolve(path)), ...(suite?.includePaths ?? [])],
      datasetMap: options.datasetMap === undefined ? (suite?.datasetMap ?? null) : resolve(options.datasetMap),
      limit: options.limit ?? suite?.limit ?? null,
      numFewshot: options.numFewshot ?? suite?.numFewshot ?? null,
      seeds: { python, numpy, torch, fewshot },
      generationOverrides: genKwargs === null ? null : JSON.stringify(genKwargs),
      bootstrapIterations: BOOTSTRAP_ITERATIONS,
      cacheFolder: cacheFolder(),
    },
  };
}

function absoluteFile(task: string): string {
  return /\.ya?ml$/.test(task) ? resolve(task) : task;
}
