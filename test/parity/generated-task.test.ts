// Tasks and data written at test time, run by the reference harness and by Muster on the hash model: the same prompts, the
// same samples, the same numbers to the last bit.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, test } from "vitest";
import { harnessPython } from "../support/harness-python.ts";
import { writeScoredTasks } from "../support/scored-tasks.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import type { GoldenRun } from "./golden-runs.ts";
import { expectSameRun } from "./same-run.ts";

const TASKS = 8;
const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? Date.now() % 1_000_000);
const replay = `MUSTER_TEST_SEED=${seed} npx vitest run test/parity/generated-task`;

describe.skipIf(python === null || sharedFolder === null)(`generated tasks (replay: ${replay})`, () => {
  let folder: string;
  let names: string[];

  beforeAll(() => {
    console.info(`generated tasks, replay: ${replay}`);
    folder = mkdtempSync(join(tmpdir(), "muster-generated-"));
    names = writeScoredTasks(folder, seed, TASKS);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  // The harness takes most of a minute to start, so that each seed runs it once, with flags or without.
  const limit = seed % 3 === 0 ? 13 : null;
  const numFewshot = seed % 4 === 0 ? 2 : null;

  test(`limit ${limit}, ${numFewshot ?? "the tasks' own"} examples: the harness's bits`, async () => {
    const harness = await runHarness();
    const datasetMap = join(folder, "map.json");
    await expectSameRun(harness, { tasks: names, limit, numFewshot, includePaths: [folder], datasetMap });
  }, 300_000);

  async function runHarness(): Promise<GoldenRun> {
    const file = join(folder, "harness.json");
    const flags = [
      ...(limit === null ? [] : ["--limit", String(limit)]),
      ...(numFewshot === null ? [] : ["--num-fewshot", String(numFewshot)]),
    ];
    const script = join(sharedFolder!, "parity", "reference.py");
    const places = ["--include-path", folder, "--map", join(folder, "map.json")];
    await promisify(execFile)(python!, [script, names.join(","), file, ...places, ...flags], {
      env: { ...process.env, HF_HOME: join(folder, "hf") },
      maxBuffer: 1 << 26,
    });
    return JSON.parse(readFileSync(file, "utf8")) as GoldenRun;
  }
});
