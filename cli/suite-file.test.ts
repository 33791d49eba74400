import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MusterError } from "../base/muster-error.ts";
import { readSuite } from "./suite-file.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-suite-"));
const file = join(folder, "suite.yaml");
afterAll(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  writeFileSync(file, text);
  return file;
}

function refusal(text: string): MusterError {
  try {
    readSuite(write(text));
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("paths are relative to the file, numbers keep their kind, single tasks may have their own examples", () => {
  const suite = readSuite(
    write(
      [
        "name: mine",
        "tasks: [gsm8k, { task: commonsense_qa, num_fewshot: 3 }, own/task.yaml]",
        "include_path: tasks",
        "dataset_map: ../map.json",
        "limit: 0.5",
        "num_fewshot: 2",
        "seed: 42",
        "gen_kwargs: { temperature: 1.0, max_gen_toks: 64 }",
      ].join("\n"),
    ),
  );
  expect(suite).toEqual({
    name: "mine",
    tasks: ["gsm8k", "commonsense_qa", join(folder, "own", "task.yaml")],
    numFewshotOf: new Map([["commonsense_qa", 3]]),
    includePaths: [join(folder, "tasks")],
    datasetMap: join(folder, "..", "map.json"),
    limit: 0.5,
    numFewshot: 2,
    seeds: [42, 42, 42, 42],
    genKwargs: '{"temperature": 1.0, "max_gen_toks": 64}',
  });
});

test.each([
  ["tasks: [a\nname: b", 2, "not valid YAML"],
  ["name: a\ntasks: []", 2, "tasks"],
  ["tasks: [a]\nlimits: 3", 2, "limits is not a setting"],
  ["tasks: [a]\nlimit: 1.5", 2, "limit"],
  ["tasks:\n  - a\n  - {task: b, num_fewshot: many}", 3, "num_fewshot"],
  ["tasks: [a]\n\nseed: [1, 2]", 3, "seed"],
  ["just words", 1, "a suite"],
])("%j is refused with its file and line", (text, line, part) => {
  const { kind, message, wayOut } = refusal(text);
  expect(kind).toBe("badData");
  expect(message).toContain(`${file}:${line}`);
  expect(message).toContain(part);
  expect(wayOut).toBeDefined();
});

test("a file that is not there is told", () => {
  expect(() => readSuite(join(folder, "none.yaml"))).toThrow(/cannot read the suite file/);
});
