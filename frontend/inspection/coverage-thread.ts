// A thread that judges its share of all tasks.
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { MusterError } from "../../base/muster-error.ts";
import { loadConfig } from "../../evaluation/harness/task/load-config.ts";
import type { RegistryEntry } from "../../evaluation/harness/task/registry.ts";
import { buildEntry, type TaskNode, type TaskSource } from "../../evaluation/harness/task/task-tree.ts";
import { leafTasks } from "../select-tree.ts";
import { createTaskFiles } from "../task-files.ts";
import { openTaskIndex, selectTasks, type TaskIndex } from "../task-index.ts";
import type { CoverageFound, CoverageShare, HeadlineCoverage, JudgedTask } from "./coverage.ts";
import { judgeTask, refusalOf, type TaskVerdict } from "./judge-task.ts";

const { places, headline, thread, threads } = workerData as CoverageShare;

function judgeShare(): CoverageFound {
  const index = openTaskIndex(places);
  const files = createTaskFiles();
  const source: TaskSource = { registry: index.registry, load: (file) => loadConfig(file, files) };
  const entries = [...index.registry.values()].filter(({ kind }) => kind === "task" || kind === "python");
  return {
    tasks: dealFamilies(entries).flatMap((entry) => judgeEntry(entry, source)),
    headline: headline
      .filter((_, position) => position % threads === thread)
      .flatMap((name) => judgeHeadline(name, index, source)),
  };
}

/** This thread's entries. Those of one folder stay together: they share modules, and loading some takes seconds. */
function dealFamilies(entries: readonly RegistryEntry[]): readonly RegistryEntry[] {
  const families = [...Map.groupBy(entries, ({ file }) => dirname(file ?? "")).values()];
  const loads = Array.from({ length: threads }, () => 0);
  const mine: RegistryEntry[] = [];
  for (const family of families.sort((left, right) => right.length - left.length)) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest]! += family.length;
    if (lightest === thread) mine.push(...family);
  }
  return mine;
}

/** Every task of an entry; one verdict where it cannot be read. */
function judgeEntry(entry: RegistryEntry, source: TaskSource): readonly JudgedTask[] {
  let nodes: readonly TaskNode[];
  try {
    nodes = buildEntry(entry, source).flatMap(leafTasks);
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    const { name } = entry;
    return [judged(name, refusalOf(error, { name, raw: new Map() }))];
  }
  return nodes.map((node) => judged(node.name, judgeTask(node, places)));
}

function judged(name: string, verdict: TaskVerdict): JudgedTask {
  if (verdict.kind === "native") return { name, kind: "native", reason: null, helper: null };
  const { kind, reason, helper } = verdict;
  return { name, kind, reason, helper };
}

/** A name that is not installed is left out. */
function judgeHeadline(name: string, index: TaskIndex, source: TaskSource): readonly HeadlineCoverage[] {
  try {
    const entries = selectTasks(index, [name]).flatMap((found) => (found.kind === "entry" ? [found.entry] : []));
    return [{ name, tasks: entries.flatMap((entry) => judgeEntry(entry, source)) }];
  } catch (error) {
    if (error instanceof MusterError && error.kind === "notFound") return [];
    throw error;
  }
}

parentPort!.postMessage(judgeShare());
