// `npm run parity:helpers -- [--seed S] [--rows N] [--share 0.1]`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { harnessPython, harnessTree } from "../support/harness-python.ts";
import { compareHelpers } from "./compare-helpers.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    rows: { type: "string", default: "12" },
    share: { type: "string", default: "1" },
  },
});
const python = harnessPython();
if (python === null) throw new Error("the reference harness is not installed: bash test/support/install-harness.sh");
const cacheFolder = mkdtempSync(join(tmpdir(), "muster-helpers-"));
const result = await compareHelpers({
  python,
  tree: harnessTree(python),
  cacheFolder,
  seed: Number(values.seed),
  rows: Number(values.rows),
  share: Number(values.share),
});
rmSync(cacheFolder, { recursive: true });
const { differences, ...counts } = result;
// The first of each function says enough.
const shown = new Map(differences.toReversed().map((difference) => [difference.split("\n")[0], difference]));
for (const difference of shown.values()) console.log(difference);
console.log(counts);
console.log(`${differences.length} differences`);
process.exitCode = differences.length === 0 ? 0 : 1;
