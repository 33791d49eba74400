// Names to tasks and groups (`tasks/_factory.py`, `tasks/manager.py`): groups hold tasks, groups and tags, by name or
// written out; what a group sets beyond its own keys overrides its tasks.
import { MusterError } from "../../../base/muster-error.ts";
import { str } from "../python/represent.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import type { RegistryEntry } from "./registry.ts";

/** A leaf: its name and what its YAML and its groups say. */
export interface TaskNode {
  readonly kind: "task";
  readonly name: string;
  readonly raw: PythonDict;
  /** Its YAML file; null for a task that is written out in a group. */
  readonly file: string | null;
}

/** One `aggregate_metric_list` entry; filters are null where they are to be found in the members' results. */
export interface GroupAggregate {
  readonly metric: string;
  readonly filters: readonly string[] | null;
  readonly weightBySize: boolean;
}

/** A group with its members in order. */
export interface GroupNode {
  readonly kind: "group";
  readonly name: string;
  readonly alias: string | null;
  readonly metadata: PythonDict;
  readonly aggregates: readonly GroupAggregate[];
  /** By name; a later member of the same name takes the earlier one's place. */
  readonly members: ReadonlyMap<string, TaskNode | GroupNode>;
  readonly config: PythonDict;
}

/** Where names and files are looked up. */
export interface TaskSource {
  readonly registry: ReadonlyMap<string, RegistryEntry>;
  /** The merged YAML of a file. */
  load(file: string): PythonDict;
}

const GROUP_KEYS = new Set<PythonValue>(["group", "group_alias", "task", "aggregate_metric_list", "metadata"]);
const AGGREGATE_KEYS = new Set<PythonValue>(["metric", "filter_list", "aggregation", "weight_by_size"]);
const MAXIMUM_DEPTH = 50;

/** Builds what a name of the registry stands for; a tag is the list of its tasks, sorted. */
export function buildEntry(entry: RegistryEntry, source: TaskSource): readonly (TaskNode | GroupNode)[] {
  return new TreeBuilder(source).build(entry, new Map(), 0);
}

/**
 * Builds a file that is given by its path. The harness reads it as if it were written out on the command line: its
 * configuration is called `inline`, and all that a group's file says is said of each of its tasks too.
 */
export function buildFile(file: string, source: TaskSource): TaskNode | GroupNode {
  const raw = source.load(file);
  const isGroup = raw.has("group") && !raw.has("class");
  const name = raw.get(isGroup ? "group" : "task");
  if (typeof name !== "string") {
    throw new MusterError("badData", `${file} names neither a task nor a group.`, {
      wayOut: "Give it a line like `task: my_task`.",
    });
  }
  const builder = new TreeBuilder(source);
  return isGroup ? builder.groupOfFile(name, file, raw) : builder.taskOfFile(name, file, raw);
}

class TreeBuilder {
  readonly #source: TaskSource;

  constructor(source: TaskSource) {
    this.#source = source;
  }

  build(entry: RegistryEntry, overrides: PythonDict, depth: number): readonly (TaskNode | GroupNode)[] {
    if (depth > MAXIMUM_DEPTH) throw malformedGroup(entry.name, "contains itself");
    if (entry.kind === "tag") {
      const names = [...entry.members].sort();
      return names.flatMap((name) => {
        const member = this.#source.registry.get(name);
        return member === undefined ? [] : [this.#task(member, overrides)];
      });
    }
    if (entry.kind === "group") return [this.#group(entry.name, this.#load(entry, new Map()), overrides, depth)];
    return [this.#task(entry, overrides)];
  }

  groupOfFile(name: string, file: string, raw: PythonDict): GroupNode {
    const refuse = (problem: string): MusterError =>
      new MusterError("badData", `${file} is a group that cannot be given by its path: ${problem}.`, {
        wayOut: `Give its folder and its name instead: --include-path ${file.slice(0, file.lastIndexOf("/")) || "/"} --tasks ${name}`,
      });
    const foreign = ["group_alias", "aggregate_metric_list"].filter((key) => raw.has(key));
    if (foreign.length > 0) {
      throw refuse(`the harness then hands its ${foreign.join(" and ")} to its tasks, which stops it`);
    }
    const group = this.#group(name, withSource(raw, INLINE), raw, 0);
    if (leavesOf(group).some((task) => typeof task.raw.get("task") !== "string")) {
      throw refuse("the harness then takes its list of tasks for the name of each task that it lists by name alone");
    }
    return group;
  }

  taskOfFile(name: string, file: string, raw: PythonDict): TaskNode {
    return taskNode(name, file, withSource(raw, INLINE));
  }

  #load(entry: RegistryEntry, overrides: PythonDict): PythonDict {
    const file = entry.file ?? "";
    return withSource(new Map([...this.#source.load(file), ...overrides]), file);
  }

  #task(entry: RegistryEntry, overrides: PythonDict): TaskNode {
    return taskNode(entry.name, entry.file, this.#load(entry, overrides));
  }

  #group(name: string, raw: PythonDict, overrides: PythonDict, depth: number): GroupNode {
    const members = new Map<string, TaskNode | GroupNode>();
    const own = [...raw].filter(([key]) => !GROUP_KEYS.has(key));
    const merged = new Map([...own, ...overrides]);
    const tasks = raw.get("task") ?? null;
    for (const item of isList(tasks) ? tasks : []) {
      for (const node of this.#member(name, item, merged, depth)) members.set(node.name, node);
    }
    const alias = raw.get("group_alias") ?? null;
    const metadata = raw.get("metadata") ?? null;
    return {
      kind: "group",
      name,
      alias: alias === null ? null : str(alias),
      metadata: isDict(metadata) ? metadata : new Map(),
      aggregates: readAggregates(name, raw.get("aggregate_metric_list") ?? null),
      members,
      config: new Map<PythonValue, PythonValue>([...[...raw].filter(([key]) => GROUP_KEYS.has(key)), ["group", name]]),
    };
  }

  #member(group: string, item: PythonValue, overrides: PythonDict, depth: number): readonly (TaskNode | GroupNode)[] {
    if (typeof item === "string") return this.#named(group, item, overrides, depth);
    if (!isDict(item)) throw malformedGroup(group, "lists something that is neither a name nor a mapping");
    if (item.has("group")) {
      const name = str(item.get("group") ?? null);
      const entry = this.#source.registry.get(name);
      if (entry === undefined) return [this.#group(`${group}::${name}`, item, overrides, depth + 1)];
      const own = [...item].filter(([key]) => key !== "group");
      return this.build(entry, new Map([...overrides, ...own]), depth + 1);
    }
    if (!item.has("task")) throw malformedGroup(group, "lists a mapping without a task or group");
    const name = str(item.get("task") ?? null);
    return this.#named(group, name, new Map([...overrides, ...item]), depth);
  }

  #named(group: string, name: string, overrides: PythonDict, depth: number): readonly (TaskNode | GroupNode)[] {
    const entry = this.#source.registry.get(name);
    if (entry === undefined) return [this.#inlineTask(group, name, overrides)];
    if (entry.kind === "group") return this.build(entry, overrides, depth + 1);
    const names = entry.kind === "tag" ? [...entry.members].sort() : [name];
    return names.flatMap((member) => {
      const task = this.#source.registry.get(member);
      return task === undefined ? [] : this.build(task, new Map([["task", member], ...overrides]), depth + 1);
    });
  }

  #inlineTask(group: string, name: string, overrides: PythonDict): TaskNode {
    if (!overrides.has("dataset_path")) {
      throw new MusterError("notFound", `The group ${group} lists ${name}, which is no known task, group or tag.`, {
        wayOut: "Correct the name in the group's file, or add the folder of the task with --include-path.",
      });
    }
    const metadata = overrides.get("metadata") ?? null;
    const raw = new Map(overrides).set("task", `${group}::${name}`);
    return {
      kind: "task",
      name: `${group}::${name}`,
      raw: raw.set("metadata", isDict(metadata) ? metadata : new Map()),
      file: null,
    };
  }
}

/** Where the harness says that a configuration comes from when it was given by its path. */
const INLINE = "inline";

function withSource(config: PythonDict, source: string): PythonDict {
  const metadata = config.has("metadata") ? (config.get("metadata") ?? null) : new Map();
  const known = new Map<PythonValue, PythonValue>(isDict(metadata) ? metadata : [["_metadata", metadata]]);
  return new Map(config).set("metadata", known.set("config_source", source));
}

function taskNode(name: string, file: string | null, raw: PythonDict): TaskNode {
  if (raw.has("class")) {
    const [place] = str(raw.get("class") ?? null).split("\n", 1);
    throw new MusterError("unsupported", `The task ${name} is a Python class: ${place}.`, {
      wayOut: "Leave the task out, or run it with the harness itself.",
    });
  }
  return { kind: "task", name: str(raw.get("task") ?? null), raw, file };
}

function leavesOf(node: TaskNode | GroupNode): readonly TaskNode[] {
  return node.kind === "task" ? [node] : [...node.members.values()].flatMap(leavesOf);
}

function readAggregates(group: string, value: PythonValue): GroupAggregate[] {
  if (value === null) return [];
  const entries = isDict(value) ? [value] : value;
  if (!isList(entries)) throw malformedGroup(group, "has an aggregate_metric_list that is not a list");
  return entries.map((entry) => {
    const metric = isDict(entry) ? entry.get("metric") : undefined;
    if (!isDict(entry) || typeof metric !== "string") throw malformedGroup(group, "aggregates without naming a metric");
    for (const key of entry.keys()) {
      if (!AGGREGATE_KEYS.has(key)) throw malformedGroup(group, `has the unknown setting ${str(key)} in an aggregate`);
    }
    if ((entry.get("aggregation") ?? "mean") !== "mean") {
      throw malformedGroup(group, "aggregates otherwise than by mean, which the harness does not know");
    }
    return {
      metric,
      filters: readFilters(group, entry.get("filter_list") ?? null),
      weightBySize: !entry.has("weight_by_size") || isTruthy(entry.get("weight_by_size") ?? null),
    };
  });
}

function readFilters(group: string, value: PythonValue): readonly string[] | null {
  if (value === null) return null;
  if (typeof value === "string") return [value];
  if (isList(value) && value.every((filter) => typeof filter === "string")) return value;
  throw malformedGroup(group, "has a filter_list that is not a list of names");
}

function malformedGroup(group: string, problem: string): MusterError {
  return new MusterError("badData", `The group ${group} ${problem}.`, { wayOut: "Correct the group's YAML." });
}
