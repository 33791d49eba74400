import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MusterError } from "../base/muster-error.ts";
import { selectTree } from "./select-tree.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-tree-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function select(words: readonly string[], includePaths: readonly string[] = ["tasks"]) {
  const paths = includePaths.map((path) => join(folder, path));
  return selectTree({ includePaths: paths, cacheFolder: join(folder, "cache") }, words);
}

function refusal(words: readonly string[]): { kind: string; message: string } {
  try {
    select(words);
  } catch (error) {
    if (error instanceof MusterError) return { kind: error.kind, message: error.message.replaceAll(folder, "") };
    throw error;
  }
  throw new Error("nothing was refused");
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

test("a file that is not UTF-8 is refused with its line, by name, by path, as an include and as a module", () => {
  write("tasks/odd.yaml", latin1("task: odd\ndescription: caf\u00e9\n"));
  write("tasks/base", latin1("# \u00fc\n"));
  write("tasks/user.yaml", "include: base\ntask: user\n");
  write("tasks/helper.py", latin1("x = 1\n# \u00fc\ndef f(doc): pass\n"));
  write("tasks/helped.yaml", "task: helped\ndoc_to_text: !function helper.f\n");
  expect(refusal(["odd"])).toEqual({ kind: "badData", message: "/tasks/odd.yaml:2 is not UTF-8 text." });
  expect(refusal([join(folder, "tasks/odd.yaml")]).message).toBe("/tasks/odd.yaml:2 is not UTF-8 text.");
  expect(refusal(["user"]).message).toBe("/tasks/user.yaml cannot be used: /tasks/base:1 is not UTF-8 text.");
  expect(refusal(["helped"]).message).toBe("/tasks/helper.py:2 is not UTF-8 text.");
});

test("a byte-order mark and line ends of other systems change nothing", () => {
  const text = "task: plain\ntag:\n  - one\ndescription: |\n  a\n  b\n";
  write("tasks/plain.yaml", text);
  const { raw } = select(["plain"]).tasks[0]!;
  for (const other of [`\uFEFF${text}`, text.replaceAll("\n", "\r\n"), text.replaceAll("\n", "\r")]) {
    write("tasks/plain.yaml", other);
    expect(select(["one"]).tasks[0]!.raw).toEqual(raw);
  }
});

test("a missing include names both files and the line; an include cycle names the file", () => {
  write("tasks/lost.yaml", "task: lost\ninclude: nowhere.yaml\n");
  write("tasks/one", "include: two\n");
  write("tasks/two", "include: one\n");
  write("tasks/round.yaml", "include: one\ntask: round\n");
  expect(refusal(["lost"]).message).toMatch(/^\/tasks\/lost\.yaml cannot be used: There is no file \/tasks\/nowhere/);
  expect(refusal([join(folder, "tasks/lost.yaml")]).message).toBe(
    "/tasks/lost.yaml:2 includes nowhere.yaml, which does not exist.",
  );
  expect(refusal(["round"]).message).toMatch(
    /^\/tasks\/round\.yaml cannot be used: .*\/tasks\/one is included twice: /,
  );
});

test("includes of a linked file lie beside the file that the link leads to", () => {
  write("real/base", "description: from the real folder\n");
  write("real/task.yaml", "include: base\ntask: linked\n");
  mkdirSync(join(folder, "tasks"));
  symlinkSync(join(folder, "real/task.yaml"), join(folder, "tasks/link.yaml"));
  expect(select(["linked"]).tasks[0]!.raw.get("description")).toBe("from the real folder");
});

test("of several files with one name it is said which counts", () => {
  write("one/a.yaml", "task: twice\n");
  write("one/b.yaml", "task: twice\n");
  write("two/c.yaml", "task: twice\n");
  write("two/d.yaml", "task: once\n");
  const { tasks, notes } = select(["twice", "once"], ["one", "two"]);
  expect(tasks.map(({ file }) => file)).toEqual([join(folder, "two/c.yaml"), join(folder, "two/d.yaml")]);
  expect(notes).toHaveLength(1);
  expect(notes[0]!.replaceAll(folder, "")).toMatch(
    /^The task twice is that of \/two\/c\.yaml, not that of \/one\/a\.yaml or \/one\/b\.yaml: a later include path/,
  );
});

test("tasks of another version of the harness are named, with the version, however that is written down", () => {
  write("venv/site-packages/lm_eval/tasks/old.yaml", "task: old\n");
  write("venv/site-packages/lm_eval-0.4.9.1.dist-info/METADATA", "");
  write("checkout/lm_eval/tasks/newer/newer.yaml", "task: newer\n");
  write("checkout/pyproject.toml", '[project]\nname = "lm_eval"\nversion = "0.5.0.dev0"\n');
  write("fetched/lm_eval/tasks/same.yaml", "task: same\n");
  write("fetched/wheel.json", JSON.stringify({ name: "lm-eval", version: "0.4.13" }));
  write("own/mine.yaml", "task: mine\n");
  const paths = ["venv/site-packages/lm_eval/tasks", "checkout/lm_eval/tasks/newer", "fetched/lm_eval/tasks", "own"];
  const { otherVersions, notes } = select(["old", "newer", "same", "mine"], paths);
  expect(otherVersions).toEqual([
    { version: "0.4.9.1", tasks: ["old"] },
    { version: "0.5.0.dev0", tasks: ["newer"] },
  ]);
  expect(notes).toEqual([
    "The task old is of lm-eval 0.4.9.1, and this Muster reproduces lm-eval 0.4.13: scores are those of 0.4.13's rules.",
    expect.stringContaining("The task newer is of lm-eval 0.5.0.dev0"),
  ]);
});

test("a folder without task files, and a file without a name, are refused in words", () => {
  mkdirSync(join(folder, "tasks/empty"), { recursive: true });
  const nameless = write("tasks/nameless.yaml", "output_type: generate_until\n");
  expect(refusal([join(folder, "tasks/empty")]).message).toBe("The folder /tasks/empty holds no task file (*.yaml).");
  expect(refusal([nameless]).message).toBe("/tasks/nameless.yaml names neither a task nor a group.");
});
