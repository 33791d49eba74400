// The documents of a task: those it is evaluated on and those its worked examples come from.
import { dirname } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { DatasetValue } from "../evaluation/harness/python-code/dataset.ts";
import { PythonError } from "../evaluation/harness/python/python-error.ts";
import { isDict, isList, type PythonDict } from "../evaluation/harness/python/value.ts";
import { PythonHelper } from "../evaluation/harness/task/python-function.ts";
import type { TaskDefinition } from "../evaluation/harness/task/task-definition.ts";
import type { PlanDataset } from "../evaluation/plan.ts";
import type { DatasetLoader, LoadedSplit } from "./data/dataset-loader.ts";

/** A task's documents. */
export interface TaskData {
  readonly split: string;
  readonly documents: readonly PythonDict[];
  /** Documents that worked examples are drawn from; empty where there are none to draw. */
  readonly fewshotPool: readonly PythonDict[];
  readonly used: readonly PlanDataset[];
}

/** Loads the splits of a task; data files may lie beside its own file. Throws MusterError for a split that is missing or empty. */
export async function loadTaskData(
  task: TaskDefinition,
  loader: DatasetLoader,
  taskFile: string | null,
): Promise<TaskData> {
  const { training, validation, test } = task.splits;
  const split = test ?? validation;
  if (split === null) {
    throw new MusterError("badData", `The task ${task.name} has neither a test nor a validation split.`, {
      wayOut: "Give it test_split or validation_split.",
    });
  }
  const source = await openSplits(task, loader, taskFile);
  const evaluated = await source(split, "is evaluated on");
  if (evaluated.rows.length === 0) throw emptySplit(task, split);
  const documents = processRows(task, task.processDocs, evaluated.rows);
  if (documents.length === 0) throw emptySplit(task, split);
  const used = [evaluated.info];
  let fewshotPool: readonly PythonDict[] = [];
  if (task.numFewshot > 0) {
    // The harness takes an explicit split first, then examples in the YAML, then whatever split there is.
    const { split: named, samples } = task.fewshot;
    if (named === null && samples !== null) fewshotPool = fixedExamples(task, samples);
    else {
      const pool = await source(named ?? training ?? validation ?? split, "takes worked examples from");
      fewshotPool = processRows(task, named === null ? task.processDocs : task.fewshot.processDocs, pool.rows);
      if (pool.info !== evaluated.info) used.push(pool.info);
    }
  }
  return { split, documents, fewshotPool, used };
}

/** The documents that `process_docs` makes of a split's rows. */
function processRows(
  task: TaskDefinition,
  helper: PythonHelper | null,
  rows: readonly PythonDict[],
): readonly PythonDict[] {
  if (helper === null) return rows;
  const made = calling(task, "process_docs", () => helper.call(new DatasetValue(rows)));
  if (made instanceof DatasetValue) return made.rows;
  // The harness evaluates data sets alone; examples may also be a list.
  if (helper !== task.processDocs && isList(made) && made.every(isDict)) return made;
  throw new MusterError("unsupported", `The process_docs of the task ${task.name} gives no data set.`, {
    wayOut: "Let it return what Dataset.map, filter or select gives.",
  });
}

function fixedExamples(task: TaskDefinition, samples: readonly PythonDict[] | PythonHelper): readonly PythonDict[] {
  if (!(samples instanceof PythonHelper)) return samples;
  const made = calling(task, "fewshot_config.samples", () => samples.call());
  if (isList(made) && made.every(isDict)) return made;
  throw new MusterError("badData", `The fewshot_config.samples of the task ${task.name} gives no list of documents.`);
}

function calling<Result>(task: TaskDefinition, setting: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    if (error.type === "Unsupported") {
      throw new MusterError(
        "unsupported",
        `The task ${task.name} cannot be run exactly: its ${setting} uses ${error.message}.`,
        { wayOut: "Leave the task out, or run it with the harness itself.", cause: error },
      );
    }
    throw new MusterError(
      "badData",
      `The ${setting} of the task ${task.name} stops: ${error.type}: ${error.message}.`,
      {
        wayOut: "The harness would stop there too. Look at the data set and the function.",
        cause: error,
      },
    );
  }
}

async function openSplits(
  task: TaskDefinition,
  loader: DatasetLoader,
  taskFile: string | null,
): Promise<(split: string, use: string) => Promise<LoadedSplit>> {
  const taskFolder = taskFile === null ? "" : dirname(taskFile);
  const dataset = await loader.load({ ...task.dataset, taskFolder });
  return async (split, use) => {
    const loaded = await dataset.splits.get(split);
    if (loaded !== undefined) return loaded;
    const known = [...dataset.splits.keys()].join(", ");
    throw new MusterError(
      "badData",
      `The data set ${datasetLabel(task)} has no split ${split}, which the task ${task.name} ${use}.`,
      { wayOut: `It has: ${known}. Add the split to the dataset map, or leave the task out.` },
    );
  };
}

function emptySplit(task: TaskDefinition, split: string): MusterError {
  return new MusterError(
    "badData",
    `The split ${split} of ${datasetLabel(task)} has no rows, so the task ${task.name} has no samples.`,
    { wayOut: "Check the data file, or leave the task out." },
  );
}

/** A data set as the harness names it: `path`, or `path:name`. */
export function datasetLabel(task: TaskDefinition): string {
  const { path, name } = task.dataset;
  return name === null ? path : `${path}:${name}`;
}
