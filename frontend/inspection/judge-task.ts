// What `muster run` would say to a task, without data: the same decision, task by task.
import { MusterError } from "../../base/muster-error.ts";
import { isTruthy } from "../../evaluation/harness/python/truth.ts";
import { isDict, isList, type PythonDict } from "../../evaluation/harness/python/value.ts";
import { PythonFunction } from "../../evaluation/harness/task/python-function.ts";
import type { TaskNode } from "../../evaluation/harness/task/task-tree.ts";
import type { PlanRequest } from "../plan-request.ts";
import { planTasks } from "../plan-tasks.ts";
import { selectTree } from "../select-tree.ts";
import type { TaskPlaces } from "../task-index.ts";

/** `native`: runs. `bridge`: needs the harness itself. `refused`: runs nowhere. */
export type TaskVerdict = { readonly kind: "native" } | TaskRefusal;

/** Why a task does not run. */
export interface TaskRefusal {
  readonly kind: "bridge" | "refused";
  /** Without the task's name and without paths, so that like reasons are equal. */
  readonly reason: string;
  /** The Python function in the way, where one is. */
  readonly helper: string | null;
  /** What `muster run` says. */
  readonly error: MusterError;
}

/** Decides on a task. */
export function judgeTask(node: TaskNode, places: TaskPlaces): TaskVerdict {
  try {
    planTasks([node], plainRequest(places));
    return { kind: "native" };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return refusalOf(error, node);
  }
}

/** An error that came before a task could be judged, or in judging it. */
export function refusalOf(error: MusterError, { name, raw }: Pick<TaskNode, "name" | "raw">): TaskRefusal {
  const plain = error.message.replace(/\.$/, "").replaceAll(name, "NAME");
  const body = /^(?:The )?task NAME(?: cannot be (?:run|scored) exactly:)? (.*)$/s.exec(plain)?.[1] ?? plain;
  const named = /^it needs the Python function (\S+) in \S+ \(([\w.]+)\)(?:: )?(.*)$/s.exec(body);
  const reason = named === null ? body.replaceAll(/\/\S*\/(?=\S)/g, "…/") : `${named[2]!}: ${named[3]! || "Python"}`;
  return {
    // No model of the bridge sees images or hears sounds.
    kind: error.kind === "unsupported" && !hasMedia(raw) ? "bridge" : "refused",
    reason,
    helper: named?.[1]!.replaceAll("NAME", name) ?? scoringHelper(raw),
    error,
  };
}

function hasMedia(raw: PythonDict): boolean {
  return ["doc_to_image", "doc_to_audio"].some((key) => {
    const value = raw.get(key) ?? null;
    return value instanceof PythonFunction || isTruthy(value);
  });
}

/** The refusal of the first task among those named that no model of Muster can be asked; null where there is none. */
export function findMediaRefusal(places: TaskPlaces, words: readonly string[]): MusterError | null {
  for (const word of words) {
    const blind = tasksOf(places, word).find(({ raw }) => hasMedia(raw));
    const verdict = blind === undefined ? null : judgeTask(blind, places);
    if (verdict?.kind === "refused") return verdict.error;
  }
  return null;
}

/** The tasks that a word stands for; none where they cannot be read without Python. */
function tasksOf(places: TaskPlaces, word: string): readonly TaskNode[] {
  try {
    return selectTree(places, [word]).tasks;
  } catch (error) {
    if (error instanceof MusterError && error.kind === "unsupported") return [];
    throw error;
  }
}

/** The first Python function that scores; scoring is what is decided last. */
function scoringHelper(raw: PythonDict): string | null {
  const metrics = raw.get("metric_list") ?? null;
  const entries = isList(metrics) ? metrics.filter(isDict) : [];
  const values = [
    raw.get("process_results"),
    ...entries.flatMap((entry) => [entry.get("metric"), entry.get("aggregation")]),
  ];
  return values.find((value) => value instanceof PythonFunction)?.name ?? null;
}

/** A request that changes nothing of what tasks say of themselves. */
function plainRequest({ includePaths, cacheFolder }: TaskPlaces): PlanRequest {
  return {
    tasks: [],
    includePaths,
    cacheFolder,
    datasetMap: null,
    limit: null,
    numFewshot: null,
    seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
    generationOverrides: null,
    bootstrapIterations: 0,
  };
}
