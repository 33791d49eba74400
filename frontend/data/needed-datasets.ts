// Which data sets, and which of their splits, tasks need: what their YAML says, whoever runs them.
import { dirname } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { isDict, type PythonDict } from "../../evaluation/harness/python/value.ts";
import type { TaskNode } from "../../evaluation/harness/task/task-tree.ts";
import { type DatasetName, mapKeyOf } from "./data-file.ts";

/** A data set that is needed. */
export interface NeededDataset {
  readonly dataset: DatasetName;
  /** Null: all. */
  readonly splits: ReadonlySet<string> | null;
}

const SPLIT_SETTINGS = ["training_split", "validation_split", "test_split", "fewshot_split"];
const NAMED_MAX = 5;

/** What tasks need, each data set once; a note names the tasks of which it is not known. */
export function findNeededDatasets(tasks: readonly TaskNode[]): {
  readonly needed: readonly NeededDataset[];
  readonly notes: readonly string[];
} {
  const needed = new Map<string, { dataset: DatasetName; splits: Set<string> }>();
  const unknown: string[] = [];
  for (const task of tasks) {
    const dataset = datasetOf(task);
    if (dataset === null) {
      unknown.push(task.name);
      continue;
    }
    const key = mapKeyOf(dataset);
    const entry = needed.get(key) ?? { dataset, splits: new Set<string>() };
    needed.set(key, entry);
    for (const split of splitsOf(task.raw)) entry.splits.add(split);
  }
  return { needed: [...needed.values()], notes: unknown.length === 0 ? [] : [noteUnknown(unknown)] };
}

function datasetOf({ raw, file }: TaskNode): DatasetName | null {
  const [path, name, kwargs] = ["dataset_path", "dataset_name", "dataset_kwargs"].map((key) => raw.get(key) ?? null);
  const hasCode = raw.has("class") || (raw.get("custom_dataset") ?? null) !== null;
  if (hasCode || typeof path !== "string" || (name !== null && typeof name !== "string")) return null;
  return {
    path,
    name: name ?? null,
    kwargs: kwargs !== null && kwargs !== undefined && isDict(kwargs) ? kwargs : null,
    taskFolder: file === null ? "" : dirname(file),
  };
}

function splitsOf(raw: PythonDict): readonly string[] {
  const fewshot = raw.get("fewshot_config") ?? null;
  const named = [...SPLIT_SETTINGS.map((key) => raw.get(key)), isDict(fewshot) ? fewshot.get("split") : null];
  return named.filter((split) => typeof split === "string");
}

function noteUnknown(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
  return `Python code makes the documents of ${names.slice(0, NAMED_MAX).join(", ")}${more}: what it loads is not pulled.`;
}

/** A data set as the command line names it: `PATH` or `PATH:NAME`, whole. */
export function neededByName(label: string): NeededDataset {
  const [, path, name] = /^([^:\s]+)(?::(\S+))?$/.exec(label) ?? [];
  if (path !== undefined) {
    return { dataset: { path, name: name ?? null, kwargs: null, taskFolder: "" }, splits: null };
  }
  throw new MusterError("usage", `${JSON.stringify(label)} names no data set`, {
    wayOut: "Write it as OWNER/NAME or OWNER/NAME:CONFIGURATION; tasks are named with --tasks.",
  });
}
