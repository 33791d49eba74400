// Parquet files of all kinds, written by the program that writes most of the hub's, against what the harness's own
// reader makes of them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MusterError } from "../../base/muster-error.ts";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import { openDatasetLoader } from "../../frontend/data/dataset-loader.ts";
import { harnessPython } from "../support/harness-python.ts";

interface Case {
  readonly title: string;
  readonly folder: string;
  readonly splits: { readonly [split: string]: readonly string[] };
  readonly outcome: { readonly rows: { readonly [split: string]: readonly string[] } } | { readonly error: string };
}

const SEED = Number(process.env["MUSTER_TEST_SEED"] ?? 4);
const RANDOM_FILES = Number(process.env["MUSTER_TEST_FILES"] ?? 60);
/** The harness's reader stops at a file without rows, for no reason of ours. */
const NO_ROWS = /BatchSize must be greater than 0/;
const python = harnessPython();

describe.skipIf(python === null)(`Parquet files (MUSTER_TEST_SEED=${SEED})`, () => {
  const root = mkdtempSync(join(tmpdir(), "muster-parquet-"));
  let cases: readonly Case[] = [];

  beforeAll(() => {
    const words = [join(import.meta.dirname, "parquet_files.py"), root, String(SEED), String(RANDOM_FILES)];
    cases = JSON.parse(execFileSync(python!, words, { maxBuffer: 1 << 30, encoding: "utf8" })) as Case[];
  }, 120_000);
  afterAll(() => rmSync(root, { recursive: true }));

  it("are rows of the same values, or an error where the harness stops too", async () => {
    let equal = 0;
    for (const { title, outcome, ...files } of cases.filter((one) => !one.title.startsWith("foreign: "))) {
      const read = await readSplits(files);
      if ("error" in outcome) {
        if (!NO_ROWS.test(outcome.error)) expect(read, title).toMatchObject({ kind: "badData" });
        continue;
      }
      expect(read, title).toStrictEqual(outcome.rows);
      equal += 1;
    }
    expect(equal).toBeGreaterThan(90);
  });

  it("are refused by column and type where the harness has objects that print in their own way", async () => {
    const foreign = cases.filter(({ title }) => title.startsWith("foreign: "));
    expect(foreign).not.toHaveLength(0);
    for (const { title, outcome, ...files } of foreign) {
      if ("rows" in outcome) expect(Object.values(outcome.rows).flat().join(), title).toMatch(/"<\w+>"/);
      const refused = {
        kind: "unsupported",
        message: expect.stringMatching(/test0\.parquet: (?:a(?:\.\S+)?|a column) is (?:a map|a duration|of the )/),
      };
      expect(await readSplits(files), title).toMatchObject(refused);
    }
  });

  async function readSplits({ folder, splits }: Pick<Case, "folder" | "splits">): Promise<unknown> {
    const files = Object.entries(splits).map(([split, names]) => [split, names.map((name) => join(folder, name))]);
    const kwargs = parsePythonJson(JSON.stringify({ data_files: Object.fromEntries(files) })) as PythonDict;
    const options = { datasetMap: null, cacheFolder: join(root, "cache"), onProgress: () => undefined };
    try {
      const dataset = await (
        await openDatasetLoader(options)
      ).load({ path: "parquet", name: null, kwargs, taskFolder: "" });
      const read: { [split: string]: string[] } = {};
      for (const split of dataset.splits.keys()) {
        read[split] = (await dataset.splits.get(split)!).rows.map((row) => formatPythonJson(row));
      }
      return read;
    } catch (error) {
      if (error instanceof MusterError) return error;
      throw error;
    }
  }
});
