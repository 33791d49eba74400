// The words of `--tasks` to the tasks and groups of a plan, in the harness's order (`TaskManager.load`).
import { MusterError } from "../base/muster-error.ts";
import { loadConfig } from "../evaluation/harness/task/load-config.ts";
import {
  buildEntry,
  buildFile,
  type GroupNode,
  type TaskNode,
  type TaskSource,
} from "../evaluation/harness/task/task-tree.ts";
import type { OtherVersion } from "../evaluation/plan.ts";
import { createTaskFiles } from "./task-files.ts";
import { describeOtherVersion, findOtherVersions } from "./profile.ts";
import { openTaskIndex, selectTasks, type TaskIndex, type TaskPlaces } from "./task-index.ts";

/** The tasks of a plan, and the groups they are shown in. */
export interface SelectedTree {
  readonly tasks: readonly TaskNode[];
  readonly groups: readonly GroupNode[];
  /** Tasks of other versions of the harness. */
  readonly otherVersions: readonly OtherVersion[];
  /** What a person should know: names that several files have, files of another version. Whole sentences. */
  readonly notes: readonly string[];
}

const NOTES_MAX = 5;

/** Finds and reads what the words name. Throws MusterError for unknown names and unreadable files. */
export function selectTree(places: TaskPlaces, words: readonly string[]): SelectedTree {
  const index = openTaskIndex(places);
  const files = createTaskFiles();
  const source: TaskSource = { registry: index.registry, load: (file) => loadConfig(file, files) };
  const roots = selectTasks(index, words).flatMap((selection) =>
    selection.kind === "file" ? buildFile(selection.file, source) : buildEntry(selection.entry, source),
  );
  const tasks = new Map<string, TaskNode>();
  const groups = new Map<string, GroupNode>();
  for (const root of roots) {
    for (const task of leafTasks(root)) tasks.set(task.name, task);
    for (const group of groupsWithin(root)) groups.set(group.name, group);
  }
  assertNoDuplicates(roots);
  if (tasks.size === 0) {
    throw new MusterError("usage", `${words.length === 0 ? "No task was named" : "What was named has no tasks"}.`, {
      wayOut: "Name tasks with --tasks; muster tasks list shows what there is.",
    });
  }
  const otherVersions = findOtherVersions([...tasks.values()]);
  const notes = [...noteSharedNames(index, [...tasks.values()]), ...otherVersions.map(describeOtherVersion)];
  return { tasks: [...tasks.values()], groups: [...groups.values()], otherVersions, notes };
}

/** Of several files with one name, only one counts. */
function noteSharedNames({ registry }: TaskIndex, tasks: readonly TaskNode[]): readonly string[] {
  const notes = tasks.flatMap(({ name, file }) => {
    const entry = registry.get(name);
    if (entry === undefined || file === null || entry.file !== file || entry.passedOver.length === 0) return [];
    return [
      `The task ${name} is that of ${file}, not that of ${entry.passedOver.join(" or ")}: ` +
        "a later include path counts before an earlier one, and within one the first file in order of path.",
    ];
  });
  const more = notes.length - NOTES_MAX;
  return more > 0 ? [...notes.slice(0, NOTES_MAX), `So it is with ${more} more tasks.`] : notes;
}

/** A task itself, or the tasks below a group. */
export function leafTasks(node: TaskNode | GroupNode): readonly TaskNode[] {
  return node.kind === "task" ? [node] : [...node.members.values()].flatMap(leafTasks);
}

function groupsWithin(node: TaskNode | GroupNode): readonly GroupNode[] {
  return node.kind === "task" ? [] : [node, ...[...node.members.values()].flatMap(groupsWithin)];
}

/** The names of all tasks below a group. */
export function leafNames(group: GroupNode): readonly string[] {
  return leafTasks(group).map((task) => task.name);
}

function assertNoDuplicates(roots: readonly (TaskNode | GroupNode)[]): void {
  const sources = new Map<string, string>();
  for (const root of roots) {
    for (const { name } of leafTasks(root)) {
      const source = sources.get(name);
      if (source !== undefined && source !== root.name) {
        throw new MusterError("usage", `The task ${name} is in both ${source} and ${root.name}.`, {
          wayOut: "Name only one of the two; the harness refuses this too.",
        });
      }
      sources.set(name, root.name);
    }
  }
}
