import type { FuzzTask } from "./fuzz-tasks.ts";

/** Fields without which a task is none. */
const KEPT = new Set(["task", "dataset_path", "output_type", "doc_to_text", "doc_to_target", "test_split", "metadata"]);
const TRIES_MAX = 120;

/** The smallest task found, by leaving out one thing after the other, that still differs. */
export async function shrink(task: FuzzTask, differs: (task: FuzzTask) => Promise<boolean>): Promise<FuzzTask> {
  let smallest = task;
  let tries = 0;
  for (let progress = true; progress;) {
    progress = false;
    for (const smaller of smallerTasks(smallest)) {
      if (++tries > TRIES_MAX) return smallest;
      if (!(await differs(smaller))) continue;
      smallest = smaller;
      progress = true;
      break;
    }
  }
  return smallest;
}

function* smallerTasks(task: FuzzTask): Generator<FuzzTask> {
  const test = task.rows["test"] ?? [];
  if (test.length > 1) {
    const half = Math.ceil(test.length / 2);
    for (const part of [test.slice(0, half), test.slice(half)]) yield { ...task, rows: { ...task.rows, test: part } };
  }
  if (task.limit !== null) yield { ...task, limit: null };
  if (task.numFewshot !== null) yield { ...task, numFewshot: null };
  for (const settings of smallerRecords(task.settings, KEPT)) yield { ...task, settings };
}

/** A record without one of its members, or with a smaller one. */
function* smallerRecords(
  record: Readonly<Record<string, unknown>>,
  kept: ReadonlySet<string>,
): Generator<Record<string, unknown>> {
  for (const [key, value] of Object.entries(record)) {
    const { [key]: _, ...rest } = record;
    if (!kept.has(key)) yield rest;
    for (const smaller of smallerValues(value)) yield { ...record, [key]: smaller };
  }
}

function* smallerValues(value: unknown): Generator {
  if (Array.isArray(value) && value.length > 1) {
    for (const index of value.keys()) yield value.filter((_, at) => at !== index);
  } else if (Array.isArray(value)) {
    for (const member of value) for (const smaller of smallerValues(member)) yield [smaller];
  } else if (typeof value === "object" && value !== null) {
    yield* smallerRecords(value as Record<string, unknown>, new Set(["metric", "function"]));
  }
}
