import { expect, test } from "vitest";
import { harnessPython } from "../../support/harness-python.ts";
import { sharedFolder } from "../../support/shared-folder.ts";
import { fuzzTasks } from "./fuzz.ts";

const TASKS = 14;
const python = harnessPython();
/** Known to be equal; new ones are for `npm run parity:fuzz`. */
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 7);

test.skipIf(python === null || sharedFolder === null)(
  `random tasks over nasty documents: the harness's bits (npm run parity:fuzz -- --tasks ${TASKS} --seed ${seed})`,
  async () => {
    const report = await fuzzTasks({ python: python!, seed, tasks: TASKS, onProgress: () => undefined });
    expect(report.differences).toEqual([]);
    expect(report.tasks).toBe(TASKS);
    expect(report.equal).toBeGreaterThan(TASKS / 4);
  },
  600_000,
);
