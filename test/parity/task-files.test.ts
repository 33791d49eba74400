// What the harness makes of its own 14,000 task files, and what Muster makes of them: the same index, the same
// configuration of every task that needs no Python, the same members of every group of such tasks.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { str } from "../../evaluation/harness/python/represent.ts";
import { loadConfig } from "../../evaluation/harness/task/load-config.ts";
import { completeConfig, printConfig } from "../../evaluation/harness/task/task-config.ts";
import { buildEntry, type GroupNode, type TaskNode } from "../../evaluation/harness/task/task-tree.ts";
import { createTaskFiles } from "../../frontend/task-files.ts";
import { openTaskIndex, type TaskIndex } from "../../frontend/task-index.ts";
import { harnessPython } from "../support/harness-python.ts";

type Described =
  | { about: "entry"; name: string; kind: string; file: string | null; members: string[] }
  | { about: "task"; name: string; config: string }
  | { about: "group"; name: string; tasks: [string, number | null][]; groups: [string, string, string, string[]][] };

const python = harnessPython();
const files = createTaskFiles();
let cacheFolder: string;
let described: Described[];
let index: TaskIndex;

beforeAll(() => {
  if (python === null) return;
  cacheFolder = mkdtempSync(join(tmpdir(), "muster-task-files-"));
  const find = "import importlib.util as u; print(u.find_spec('lm_eval').submodule_search_locations[0])";
  const root = join(execFileSync(python, ["-c", find], { encoding: "utf8" }).trim(), "tasks");
  const program = join(import.meta.dirname, "describe_tasks.py");
  const text = execFileSync(python, [program, root], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "ignore"],
  });
  described = text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Described);
  index = openTaskIndex({ includePaths: [root], cacheFolder });
}, 300_000);

afterAll(() => {
  if (python !== null) rmSync(cacheFolder, { recursive: true });
});

function build(name: string): readonly (TaskNode | GroupNode)[] {
  const source = { registry: index.registry, load: (file: string) => loadConfig(file, files) };
  return buildEntry(index.registry.get(name)!, source);
}

function leaves(node: TaskNode | GroupNode): readonly TaskNode[] {
  return node.kind === "task" ? [node] : [...node.members.values()].flatMap(leaves);
}

function groups(node: TaskNode | GroupNode): readonly GroupNode[] {
  return node.kind === "task" ? [] : [node, ...[...node.members.values()].flatMap(groups)];
}

describe.skipIf(python === null)("the harness's own task files", () => {
  test("give the same names, kinds, files and tags", () => {
    const wanted = described
      .filter((line) => line.about === "entry")
      .map(({ name, kind, file, members }) => ({ name, kind, file, members }));
    expect(wanted.length).toBeGreaterThan(10_000);
    const got = [...index.registry.values()].map(({ members, passedOver: _passedOver, ...entry }) => ({
      ...entry,
      members: entry.kind === "tag" ? [...members].sort() : [],
    }));
    const byName = (list: typeof got) => new Map(list.map((entry) => [entry.name, entry]));
    expect(byName(got)).toEqual(byName(wanted as typeof got));
  });

  test("give the same configuration, character for character, for every task without Python", () => {
    const tasks = described.filter((line) => line.about === "task");
    expect(tasks.length).toBeGreaterThan(4_000);
    for (const { name, config } of tasks) {
      const [node] = build(name);
      if (node?.kind !== "task") throw new Error(`${name} is no task`);
      expect(printConfig(completeConfig(node.raw, { numFewshot: null, generation: null })), name).toBe(config);
    }
  }, 120_000);

  test("give the same groups: members, order, aliases, versions, settings passed on", () => {
    const wanted = described.filter((line) => line.about === "group");
    expect(wanted.length).toBeGreaterThan(100);
    for (const group of wanted) {
      const [node] = build(group.name);
      const tasks = leaves(node!).map(({ name, raw }) => [name, raw.get("num_fewshot") ?? null]);
      const inner = groups(node!).map(({ name, alias, metadata, members }) => [
        name,
        alias === null || alias === "" ? name : alias,
        metadata.has("version") ? str(metadata.get("version") ?? null) : "N/A",
        [...members.keys()],
      ]);
      expect({ tasks, groups: inner }, group.name).toEqual({ tasks: group.tasks, groups: group.groups });
    }
  }, 120_000);
});
