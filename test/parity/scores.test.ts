// The reference harness's own numbers for 69 task runs on the hash model: prompts, per-sample scores, results and
// standard errors, to the last bit. One process, no cluster: what differs here differs in planning or scoring.
import { join } from "node:path";
import { describe, test } from "vitest";
import { harnessPython, harnessTree } from "../support/harness-python.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import { includePathsOf, readGoldenFolder } from "./golden-runs.ts";
import { expectSameRun } from "./same-run.ts";

const python = harnessPython();
const golden = sharedFolder === null ? [] : readGoldenFolder(join(sharedFolder, "parity", "golden"));

test.each(readGoldenFolder(join(import.meta.dirname, "golden")))(
  "$name, with data full of odd values: every prompt, sample, result and standard error has the harness's bits",
  async ({ golden }) => {
    const { tasks, limit, num_fewshot: numFewshot } = golden.settings;
    const datasetMap = join(import.meta.dirname, "golden-tasks", "dataset-map.json");
    await expectSameRun(golden, {
      tasks,
      limit,
      numFewshot,
      includePaths: includePathsOf(golden, datasetMap),
      datasetMap,
    });
  },
);

describe.skipIf(python === null || sharedFolder === null)("golden runs", () => {
  test.each(golden)(
    "$name: every prompt, sample, result and standard error has the harness's bits",
    async ({ golden }) => {
      const { tasks, limit, num_fewshot: numFewshot } = golden.settings;
      const datasetMap = join(sharedFolder!, "parity", "dataset-map.json");
      const includePaths = [harnessTree(python!), ...includePathsOf(golden, datasetMap)];
      await expectSameRun(golden, { tasks, limit, numFewshot, includePaths, datasetMap });
    },
  );
});
