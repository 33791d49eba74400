// A run's results in other tools' formats, by the real program, over text that is none of ours.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MusterProcesses } from "../support/muster-processes.ts";

const HOSTILE = ["=cmd|' /C calc'!A0", 'say "so", now', "two\nlines", "]]>\u0001<&\ufffe", "日本 😀", "plain"];
const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");
const output = join(muster.home, "output");
let runId: string;

beforeAll(async () => {
  mkdirSync(tasks);
  const rows = HOSTILE.map((q) => JSON.stringify({ q, a: "x" }));
  writeFileSync(join(tasks, "rows.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(join(tasks, "map.json"), JSON.stringify({ rows: { test: "rows.jsonl" } }));
  const shared = { dataset_path: "rows", test_split: "test", doc_to_text: "q" };
  const written = {
    ...{ task: "org/written", output_type: "generate_until", doc_to_target: "a", ...shared },
    filter_list: ["one", "two"].map((name) => ({ name, filter: [{ function: "take_first" }] })),
    metric_list: [{ metric: "exact_match" }],
  };
  const chosen = {
    task: "chosen",
    output_type: "multiple_choice",
    doc_to_choice: ["a", "b"],
    doc_to_target: 0,
    ...shared,
  };
  writeFileSync(join(tasks, "written.yaml"), JSON.stringify(written));
  writeFileSync(join(tasks, "chosen.yaml"), JSON.stringify(chosen));
  await muster.startCoordinator();
  await muster.startAgent("a", ["--engine", "hash", "--model", "hash"]);
  const asked = ["--tasks", "org/written,chosen", "--include-path", tasks, "--dataset-map", join(tasks, "map.json")];
  const text = await muster.output([
    ...["run", ...asked, "--model", "hash", "--yes", "--json", "--output", output],
    ...["--coordinator", muster.grpcAddress],
  ]);
  ({ runId } = (JSON.parse(text) as { run: { runId: string } }).run);
});

afterAll(() => muster.stop());

/** Exports from the folder; the files' texts. */
async function exported(format: string, from: readonly string[] = [output]): Promise<string[]> {
  const to = join(muster.home, `${format}-${from.length}`);
  const text = await muster.output(["export", ...from, "--format", format, "--output", to, "--json"]);
  return (JSON.parse(text) as { files: string[] }).files.map((name) => readFileSync(name, "utf8"));
}

/** What Python's own readers make of a text. */
function python(program: string, text: string): unknown {
  return JSON.parse(execFileSync("python3", ["-c", program], { input: text, encoding: "utf8" }));
}

test("csv has a row for each sample, filter and metric, and no formula in it", async () => {
  const [text] = await exported("csv");
  const read =
    "import csv,io,json,sys; print(json.dumps(list(csv.DictReader(io.StringIO(sys.stdin.read(), newline='')))))";
  const rows = python(read, text!) as Record<string, string>[];
  expect(rows.filter(({ task }) => task === "org/written")).toHaveLength(2 * HOSTILE.length);
  expect(rows.filter(({ task }) => task === "chosen")).toHaveLength(2 * HOSTILE.length);
  const prompts = rows
    .filter(({ task, filter }) => task === "org/written" && filter === "one")
    .map(({ prompt }) => prompt);
  expect(prompts).toEqual(HOSTILE.map((q) => (q.startsWith("=") ? `'${q}` : q)));
  expect(await exported("csv", [runId, "--coordinator", muster.grpcAddress])).toEqual([text]);
});

test("junit is XML with a case for each score", async () => {
  const [text] = await exported("junit");
  const read =
    "import json,sys,xml.etree.ElementTree as E; r=E.fromstring(sys.stdin.read()); print(json.dumps([r.get('tests'), r.get('errors'), [c.get('name') for c in r.iter('testcase')]]))";
  expect(python(read, text!)).toEqual([
    "5",
    "0",
    [...["exact_match,one", "exact_match,two"], ...["acc,none", "acc_norm,none"], "every sample counted once"],
  ]);
});

interface InspectLog {
  readonly eval: { readonly task: string };
  readonly samples: readonly { readonly id: number; readonly input: string; readonly scores: object }[];
}

test("a log of Inspect for each task has its samples with the scores of all filters", async () => {
  const logs = (await exported("inspect")).map((text) => JSON.parse(text) as InspectLog);
  expect(logs.map((log) => log.eval.task)).toEqual(["org/written", "chosen"]);
  const [written] = logs;
  expect(written).toMatchObject({ version: 2, status: "success", results: { total_samples: 6, completed_samples: 6 } });
  const { samples } = written!;
  expect(samples.map(({ id, input }) => [id, input])).toEqual(HOSTILE.map((q, index) => [index, q]));
  expect(Object.keys(samples[0]!.scores)).toEqual(["exact_match,one", "exact_match,two"]);
});

test("the record for Every Eval Ever has each score with its direction and its error", async () => {
  const record = JSON.parse((await exported("every-eval-ever"))[0]!) as Record<string, unknown>;
  expect(record).toMatchObject({
    schema_version: "0.2.1",
    model_info: { id: "hash" },
    eval_library: { name: "muster" },
  });
  const results = record["evaluation_results"] as { evaluation_name: string; metric_config: object }[];
  expect(results.map(({ evaluation_name: name }) => name)).toEqual(["org/written", "org/written", "chosen", "chosen"]);
  expect(results[2]).toMatchObject({
    metric_config: { lower_is_better: false },
    score_details: { uncertainty: { num_samples: 6, standard_error: { value: expect.any(Number) as number } } },
  });
});

test("an unknown format and a folder without results are refused with what there is", async () => {
  const format = await muster.run(["export", output, "--format", "xls"]);
  expect([format.code, format.stderr]).toEqual([2, expect.stringMatching(/xls.*inspect, every-eval-ever, csv/s)]);
  expect((await muster.run(["export", "no-such-run", "--coordinator", muster.grpcAddress])).code).toBe(4);
});
