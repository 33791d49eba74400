// The files of a run, beside those that the harness writes for the same tasks on the hash model: the same bytes but for
// what says when, where and by which program, and the harness's own tools read them.
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BRIDGE_FOLDER, readHarnessOutput, runPython } from "../support/harness-output.ts";
import { harnessPython } from "../support/harness-python.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const GOLDEN_TASKS = join(import.meta.dirname, "golden-tasks");
const DATASET_MAP = join(GOLDEN_TASKS, "dataset-map.json");
const SELECTED = "golden_answers,golden_mutual,golden_rolling,golden_translated,golden_zero,golden_weighted";
const LIMIT = "12";

/** What depends on the day, on the machine, and on which program asked which model. */
const CIRCUMSTANCES = [
  "git_hash",
  "date",
  "pretty_env_info",
  "transformers_version",
  "upper_git_hash",
  "model_source",
  "model_name",
  "model_name_sanitized",
  "total_evaluation_time_seconds",
];
const MODEL_SETTINGS = ["model", "batch_size", "batch_sizes", "device"];

/** Runs a program without the harness's own 14,000 task files, which take it ten seconds to read. */
const ONLY_GIVEN_TASKS = `
import runpy, sys
from lm_eval.tasks._index import TaskIndex
build = TaskIndex.build
TaskIndex.build = staticmethod(lambda paths, **settings: build(paths[1:], **settings))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
`;

const python = sharedFolder === null ? null : harnessPython();
const muster = new MusterProcesses();
const [alone, ours, tables] = ["alone", "ours", "tables"].map((name) => join(muster.home, name)) as [
  string,
  string,
  string,
];

type Json = Record<string, unknown>;

beforeAll(async () => {
  if (python === null) return;
  const tasks = join(muster.home, "tasks");
  cpSync(join(GOLDEN_TASKS, "tasks"), tasks, { recursive: true });
  const asked = ["--tasks", SELECTED, "--limit", LIMIT];
  const harness = [
    "-c",
    ONLY_GIVEN_TASKS,
    join(BRIDGE_FOLDER, "tests", "harness_alone.py"),
    join(sharedFolder!, "parity"),
    ...asked,
  ];
  harness.push("--include_path", tasks, "--model_args", `dataset_map=${DATASET_MAP}`, "--output_path", alone);
  await Promise.all([
    runPython(python, [...harness, "--log_samples"], {
      HF_DATASETS_OFFLINE: "1",
      HF_HOME: join(muster.home, "hub"),
    }),
    muster.output([
      ...["run", ...asked, "--include-path", tasks, "--dataset-map", DATASET_MAP, "--engine", "hash", "--yes"],
      ...["--output", ours],
    ]),
  ]);
}, 120_000);

afterAll(() => muster.stop());

function resultsIn(folder: string): string {
  const name = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((file) => /results_[^/]*$/.test(file));
  return readFileSync(join(folder, name!), "utf8");
}

/** The results' text without the values of circumstances. */
function comparable(results: string): string {
  const circumstances = new RegExp(`^(  "(?:${CIRCUMSTANCES.join("|")})": ).*$`, "gm");
  const settings = new RegExp(`^(    "(?:${MODEL_SETTINGS.join("|")})": ).*$`, "gm");
  return (
    results
      .replaceAll(circumstances, "$1…")
      .replaceAll(settings, "$1…")
      .replace(/^( {4}"model_args": )\{[^}]*\}/m, "$1…")
      // The harness's command line adds what the model is given to the metadata of each task.
      .replaceAll(/^ {8}"dataset_map": .*\n/gm, "")
  );
}

describe.skipIf(python === null)("the files of a run", () => {
  test("samples files are the harness's, byte for byte", () => {
    const [theirs, mine] = [readHarnessOutput(alone), readHarnessOutput(ours)];
    expect(Object.keys(theirs.samples).length).toBeGreaterThanOrEqual(5);
    expect(Object.keys(mine.samples).toSorted()).toEqual(Object.keys(theirs.samples).toSorted());
    for (const [task, text] of Object.entries(theirs.samples)) expect(mine.samples[task], task).toBe(text);
  });

  test("results files are the harness's, byte for byte, but for the circumstances", () => {
    expect(comparable(resultsIn(ours))).toBe(comparable(resultsIn(alone)));
  });

  test("the harness's own tools read them as they read the harness's", async () => {
    const program = join(import.meta.dirname, "read_outputs.py");
    const said = await runPython(python!, [program, tables, alone, ours], { HF_DATASETS_OFFLINE: "1" });
    const lines = said.split("\n").filter((line) => line.startsWith("{"));
    const [theirs, mine] = lines.map((line) => JSON.parse(line) as Json);
    const oursName = readdirSync(ours).find((name) => name.startsWith("results_"))!;
    const samplesOf = (read: Json) =>
      Object.entries(read["samples"] as Record<string, Json>).map(([task, { stamp, ...rest }]) => {
        expect(`${String(stamp)}.json`, task).toBe(read["stamp"]);
        return [task, rest];
      });
    expect(`results_${String(mine!["stamp"])}`).toBe(oursName);
    expect(samplesOf(mine!)).toEqual(samplesOf(theirs!));
    for (const key of ["table", "groups", "metrics"]) expect(mine![key], key).toEqual(theirs![key]);
    expect(mine!["dumped"]).toBe(readFileSync(join(ours, oursName), "utf8"));
  }, 60_000);
});
