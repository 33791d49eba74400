// What a person is told of tasks besides their scores, by the real program: on standard error, and in the manifest.
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunManifest } from "../../evaluation/manifest.ts";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";

const muster = new MusterProcesses();
const installed = join(muster.home, "site-packages");
const tree = join(installed, "lm_eval", "tasks");
const own = join(muster.home, "own");

const OTHER_VERSION =
  /^note: The task made_choice is of lm-eval 0\.4\.8, and this Muster reproduces lm-eval 0\.4\.13: scores are those of/m;
const SHARED_NAME =
  /^note: The task made_written is that of \S+own\/made_written\.yaml, not that of \S+lm_eval\/tasks\//m;

beforeAll(() => {
  makeTasks(tree, 11, { choiceDocuments: 4, writtenDocuments: 4 });
  mkdirSync(join(installed, "lm_eval-0.4.8.dist-info"));
  makeTasks(own, 12, { choiceDocuments: 4, writtenDocuments: 4 });
  renameSync(join(own, "made_choice.yaml"), join(own, "made_choice.txt"));
});

afterAll(() => muster.stop());

const PATHS = ["--include-path", tree, "--include-path", own];

test("a check of task files names tasks of another version and names that two files have", async () => {
  const plain = await muster.run(["tasks", "validate", "made_choice", "made_written", ...PATHS]);
  expect(plain.code).toBe(0);
  expect(plain.stderr).toMatch(OTHER_VERSION);
  expect(plain.stderr).toMatch(SHARED_NAME);
  const { notes } = JSON.parse(await muster.output(["tasks", "validate", "made_choice", ...PATHS, "--json"])) as {
    readonly notes: readonly string[];
  };
  expect(notes).toEqual([expect.stringContaining("is of lm-eval 0.4.8")]);
});

test("a run says so before it starts, and its manifest keeps it beside the profile", async () => {
  const output = join(muster.home, "out");
  const words = ["run", "--tasks", "made_choice,made_written", ...PATHS, "--engine", "hash", "--yes"];
  const { code, stderr } = await muster.run([...words, "--output", output]);
  expect(code).toBe(0);
  expect(stderr).toMatch(OTHER_VERSION);
  expect(stderr).toMatch(SHARED_NAME);
  const manifest = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as RunManifest;
  expect(manifest).toMatchObject({
    profile: "lm-eval 0.4.13",
    otherVersions: [{ version: "0.4.8", tasks: ["made_choice"] }],
  });
});
