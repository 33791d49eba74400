// How much of what is installed runs here. Reading thousands of YAML files is the cost, so threads share it.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MusterError } from "../../base/muster-error.ts";
import type { TaskPlaces } from "../task-index.ts";
import type { TaskRefusal, TaskVerdict } from "./judge-task.ts";

/** A task and what is decided on it. Structured-cloneable. */
export interface JudgedTask {
  readonly name: string;
  readonly kind: TaskVerdict["kind"];
  /** Null where it is native. */
  readonly reason: string | null;
  /** The Python function in the way, where one is. */
  readonly helper: string | null;
}

/** What a well-known name stands for: its tasks, or why it cannot even be read. */
export interface HeadlineCoverage {
  readonly name: string;
  readonly tasks: readonly JudgedTask[];
}

/** One thread's part of the work. */
export interface CoverageShare {
  readonly places: TaskPlaces;
  readonly headline: readonly string[];
  /** The thread's number, and how many there are. */
  readonly thread: number;
  readonly threads: number;
}

/** What a thread found. */
export interface CoverageFound {
  readonly tasks: readonly JudgedTask[];
  readonly headline: readonly HeadlineCoverage[];
}

/** Tasks that do not run for one reason. */
export interface CoverageReason {
  readonly kind: TaskRefusal["kind"];
  readonly reason: string;
  readonly tasks: number;
  /** Python functions in the way, the most frequent first. */
  readonly helpers: readonly string[];
  readonly example: string;
}

/** What is known of all tasks. */
export interface Coverage extends CoverageFound {
  readonly counts: { readonly [kind in TaskVerdict["kind"]]: number };
  /** Most frequent first. */
  readonly reasons: readonly CoverageReason[];
}

const THREADS_MAX = 8;

/** Judges every task, and the well-known ones by name. Throws MusterError where no tasks are there. */
export async function measureCoverage(places: TaskPlaces): Promise<Coverage> {
  const headline = JSON.parse(readFileSync(new URL("headline-tasks.json", import.meta.url), "utf8")) as string[];
  const threads = Math.min(THREADS_MAX, availableParallelism());
  const shares = Array.from({ length: threads }, (_, thread) => runThread({ places, headline, thread, threads }));
  const found = await Promise.all(shares);
  const tasks = found.flatMap((part) => part.tasks).sort((left, right) => (left.name < right.name ? -1 : 1));
  if (tasks.length === 0) {
    throw new MusterError("notFound", "no tasks are here yet", {
      wayOut: "Install the harness's with: muster tasks install lm-eval@0.4.13",
    });
  }
  const named = found.flatMap((part) => part.headline);
  return {
    tasks,
    headline: headline.flatMap((name) => named.filter((part) => part.name === name)),
    counts: countVerdicts(tasks),
    reasons: countReasons(tasks),
  };
}

/** How many of the tasks run here, need the bridge, or run nowhere. */
export function countVerdicts(tasks: readonly JudgedTask[]): Coverage["counts"] {
  const counts = { native: 0, bridge: 0, refused: 0 };
  for (const { kind } of tasks) counts[kind] += 1;
  return counts;
}

function countReasons(tasks: readonly JudgedTask[]): readonly CoverageReason[] {
  const refused = tasks.filter(({ kind }) => kind !== "native");
  const reasons = Array.from(Map.groupBy(refused, ({ kind, reason }) => `${kind} ${reason}`).values(), reasonOf);
  return reasons.sort((left, right) => right.tasks - left.tasks);
}

function reasonOf(members: readonly JudgedTask[]): CoverageReason {
  const [{ kind, reason, name }] = members as [JudgedTask];
  return {
    kind: kind === "refused" ? "refused" : "bridge",
    reason: reason ?? "",
    tasks: members.length,
    helpers: frequent(members.map(({ helper }) => helper)),
    example: name,
  };
}

function frequent(helpers: readonly (string | null)[]): readonly string[] {
  const counts = Map.groupBy(helpers, (helper) => helper);
  counts.delete(null);
  const sorted = [...counts].sort(([, left], [, right]) => right.length - left.length);
  return sorted.map(([helper]) => helper!);
}

function runThread(share: CoverageShare): Promise<CoverageFound> {
  const worker = new Worker(new URL("coverage-thread.ts", import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    worker.on("message", (found: CoverageFound) => resolve(found));
    worker.on("error", reject);
    worker.on("exit", () => reject(new MusterError("internal", "a thread that judges tasks ended without a word")));
  });
}
