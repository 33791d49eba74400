// The reference harness's own numbers for 69 task runs on the hash model: prompts, per-sample scores, results and
// standard errors, to the last bit. One process, no cluster: what differs here differs in planning or scoring.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, test } from "vitest";
import { harnessPython } from "../support/harness-python.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import { GOLDEN_FILES, readGolden } from "./golden-runs.ts";
import { expectSameRun } from "./same-run.ts";

const python = harnessPython();
let harnessTasks: string;

beforeAll(() => {
  if (python === null) return;
  const program = "import importlib.util as u; print(u.find_spec('lm_eval').submodule_search_locations[0])";
  harnessTasks = join(execFileSync(python, ["-c", program], { encoding: "utf8" }).trim(), "tasks");
});

describe.skipIf(python === null || sharedFolder === null)("golden runs", () => {
  test.each(GOLDEN_FILES)(
    "%s: every prompt, sample, result and standard error has the harness's bits",
    async (name) => {
      const golden = readGolden(sharedFolder!, name);
      const { tasks, limit, num_fewshot: numFewshot } = golden.settings;
      const datasetMap = join(sharedFolder!, "parity", "dataset-map.json");
      await expectSameRun(golden, { tasks, limit, numFewshot, includePaths: [harnessTasks], datasetMap });
    },
  );
});
