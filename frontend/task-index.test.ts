import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listTasks, openTaskIndex, selectTasks, type TaskPlaces } from "./task-index.ts";

let folder: string;
let places: TaskPlaces;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-index-"));
  places = { includePaths: [join(folder, "one")], cacheFolder: join(folder, "cache") };
  write("one/alpha.yaml", "# a comment\ntask: alpha  # its name\ntag:\n  - letters\n  - first\n");
  write("one/deep/base", "tag: [letters]\noutput_type: generate_until\n");
  write("one/deep/beta.yaml", 'include: base\n"task": "beta"\n');
  write("one/letters_group.yaml", "group: alphabet\ntask:\n  - alpha\n  - group: inner\n    task: [beta]\n");
  write("one/class.yaml", "task: by_class\nclass: !function task.Unusual\n");
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function names(...words: string[]): string[] {
  return selectTasks(openTaskIndex(places), words).map((selection) =>
    selection.kind === "file" ? selection.file : selection.entry.name,
  );
}

test("names come from files and their includes: tasks, classes, groups and tags", async () => {
  expect(await listTasks(places)).toEqual([
    { name: "alpha", kind: "task" },
    { name: "alphabet", kind: "group" },
    { name: "beta", kind: "task" },
    { name: "by_class", kind: "task" },
    { name: "first", kind: "tag" },
    { name: "letters", kind: "tag" },
  ]);
  expect(openTaskIndex(places).registry.get("letters")?.members).toEqual(new Set(["alpha", "beta"]));
});

test("a second look finds changed, added and removed files", async () => {
  await listTasks(places);
  write("one/alpha.yaml", "task: alpha_two\n");
  write("one/deep/base", "tag: renamed\n");
  write("one/gamma.yaml", "task: gamma\n");
  rmSync(join(folder, "one/class.yaml"));
  expect((await listTasks(places)).map(({ name }) => name)).toEqual([
    "alpha_two",
    "alphabet",
    "beta",
    "gamma",
    "renamed",
  ]);
});

test("a later folder's name replaces an earlier one's; within a folder the first file counts", () => {
  write("one/zeta.yaml", "task: alpha\n");
  write("two/alpha.yaml", "task: alpha\n");
  expect(openTaskIndex(places).registry.get("alpha")?.file).toBe(join(folder, "one/alpha.yaml"));
  places = { ...places, includePaths: [...places.includePaths, join(folder, "two")] };
  expect(openTaskIndex(places).registry.get("alpha")?.file).toBe(join(folder, "two/alpha.yaml"));
});

test("a cache that was cut off is made anew", async () => {
  const before = await listTasks(places);
  const [file] = readdirSync(join(folder, "cache", "index"));
  writeFileSync(join(folder, "cache", "index", file!), "{");
  expect(await listTasks(places)).toEqual(before);
});

test("words are names, patterns and files, each kept once and in order", () => {
  const file = join(folder, "one/deep/beta.yaml");
  expect(names("beta", "al*", "beta", file)).toEqual(["beta", "alpha", "alphabet", file]);
  expect(names("[ab]l*a", "?eta")).toEqual(["alpha", "beta"]);
});

test("an unknown name is refused with near matches, else with where names come from", () => {
  expect(() => names("alpa")).toThrow(
    expect.objectContaining({ kind: "notFound", wayOut: expect.stringContaining("alpha") as string }),
  );
  expect(() => names("nothing_like_it")).toThrow(
    expect.objectContaining({ wayOut: expect.stringContaining("muster tasks install") as string }),
  );
});

test("an unknown name tells of files that could not be read, with file and line", () => {
  write("one/broken.yaml", "task: [broken\nx: y\n");
  expect(() => names("broken")).toThrow(/broken\.yaml:2 is not valid YAML/);
});

test("an include path that is no folder is refused by name", () => {
  places = { ...places, includePaths: [join(folder, "absent")] };
  expect(() => names("alpha")).toThrow(/absent is not a folder/);
});
