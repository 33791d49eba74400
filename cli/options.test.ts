import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MusterError } from "../base/muster-error.ts";
import { COMMANDS } from "./commands.ts";
import { configurationPage } from "./configuration-page.ts";
import type { OptionRow } from "./option-row.ts";
import { flagName, OPTIONS, type OptionName } from "./options.ts";
import { type GivenOptions, readOptions } from "./read-options.ts";

const rows = Object.entries(OPTIONS) as [OptionName, OptionRow][];

/** A text that each kind of option takes, and one that it refuses. */
const EXAMPLES: { readonly [kind in OptionRow["kind"]]: readonly [good: string, bad: string] } = {
  text: ["words", ""],
  texts: ["words", ""],
  words: ["a,b", "x".repeat(70_000)],
  switch: ["yes", "perhaps"],
  integer: ["7", "7.5"],
  number: ["2.5", "two"],
  limit: ["0.25", "1.5"],
  seeds: ["1,2,3,4", "1,2"],
  settings: ["a=1,b=x", "a"],
  address: ["127.0.0.1:1", "127.0.0.1"],
  addresses: ["127.0.0.1:1, host:2", "127.0.0.1"],
  url: ["http://127.0.0.1:8000", "ftp://x"],
  choice: ["", "neither"],
};

function examplesOf(row: OptionRow): readonly [string, string] {
  const [good, bad] = EXAMPLES[row.kind];
  return [row.choices?.[0] ?? good, bad];
}

function read(command: string, given: GivenOptions, environment: NodeJS.ProcessEnv = {}): Record<string, unknown> {
  return readOptions(command, given, environment);
}

function thrown(work: () => unknown): MusterError {
  try {
    work();
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("flags and variables are unique, and every option belongs to commands that exist", () => {
  expect(new Set(rows.map(([, row]) => flagName(row))).size).toBe(rows.length);
  expect(new Set(rows.map(([, row]) => row.env)).size).toBe(rows.length);
  const paths = new Set(COMMANDS.map(({ path }) => path));
  for (const [, row] of rows) expect(row.commands.filter((command) => !paths.has(command))).toEqual([]);
});

test("docs/configuration.md is what the tables say", () => {
  expect(readFileSync(join(import.meta.dirname, "..", "docs", "configuration.md"), "utf8")).toBe(configurationPage());
});

test.each(rows)("%s: the flag wins over the variable, the variable over the default", (name, row) => {
  const [good] = examplesOf(row);
  const command = row.commands[0]!;
  const fallback = read(command, {})[name];
  const fromVariable = read(command, {}, { [row.env]: good })[name];
  expect(fromVariable).toBeDefined();
  if (row.default === undefined) expect(fromVariable).not.toEqual(fallback);
  const given = row.kind === "switch" ? (true as const) : [good];
  expect(read(command, { [name]: given }, { [row.env]: examplesOf(row)[1] })[name]).toEqual(fromVariable);
});

test.each(rows)("%s: a value that it does not take is named together with its source", (name, row) => {
  const [, bad] = examplesOf(row);
  const command = row.commands[0]!;
  if (row.kind !== "switch") {
    const error = thrown(() => read(command, { [name]: [bad] }));
    expect(error.kind).toBe("usage");
    expect(error.message).toContain(flagName(row));
    expect(error.message).toContain(bad.slice(0, 20));
  }
  if (bad !== "") expect(thrown(() => read(command, {}, { [row.env]: bad })).message).toContain(row.env);
});

test("an option that a command does not take is as if nobody had given it", () => {
  const options = read("version", {}, { MUSTER_LIMIT: "not a number", MUSTER_ENGINE_URL: "nonsense" });
  expect([options["limit"], options["engineUrls"]]).toEqual([undefined, []]);
});

test("lists are taken several times; tasks and variables also with commas", () => {
  const given = { tasks: ["a,b", "c"], includePaths: ["x,y", "z"] };
  const options = read("run", given);
  expect([options["tasks"], options["includePaths"]]).toEqual([
    ["a", "b", "c"],
    ["x,y", "z"],
  ]);
  expect(read("run", {}, { MUSTER_INCLUDE_PATH: "x, y" })["includePaths"]).toEqual(["x", "y"]);
});

test("one seed is for everything", () => {
  expect(read("run", { seeds: ["42"] })["seeds"]).toEqual([42, 42, 42, 42]);
});
