import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { harnessPython, harnessTree } from "../support/harness-python.ts";
import { compareHelpers } from "./compare-helpers.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 199);

test.skipIf(python === null)(
  `a share of the installed tasks' Python functions give what Python gives (all: npm run parity:helpers -- --seed ${seed})`,
  async () => {
    const cacheFolder = mkdtempSync(join(tmpdir(), "muster-helpers-"));
    const options = { python: python!, tree: harnessTree(python!), cacheFolder, seed, rows: 3, share: 0.03 };
    const { compared, equal, differences } = await compareHelpers(options);
    rmSync(cacheFolder, { recursive: true });
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(20);
    expect(equal).toBeGreaterThan(50);
  },
);
