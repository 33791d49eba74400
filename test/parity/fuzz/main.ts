// `npm run parity:fuzz -- --tasks 1000 --seed 1`; task fuzz_1_437 alone: `-- --tasks 1 --seed 1 --first 437`
import { parseArgs } from "node:util";
import { harnessPython } from "../../support/harness-python.ts";
import { sharedFolder } from "../../support/shared-folder.ts";
import { fuzzTasks } from "./fuzz.ts";

const PROGRESS_TASKS = 50;
const REFUSED_SHARE_MAX = 0.05;
/** With fewer tasks something may well be drawn never. */
const ALL_DRAWN_TASKS = 1000;
const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
  },
});
const python = harnessPython();
if (python === null || sharedFolder === null) {
  throw new Error("needs the reference harness (bash test/support/install-harness.sh) and the hash model in ../shared");
}
const report = await fuzzTasks({
  python,
  seed: Number(values.seed),
  tasks: Number(values.tasks),
  first: Number(values.first),
  onProgress: ({ tasks, equal, differences }) => {
    if (tasks % PROGRESS_TASKS === 0) console.error(`${tasks} tasks, ${equal} equal, ${differences.length} different`);
  },
});
const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);
const byCount = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted(([, left], [, right]) => right - left)
    .map(([what, count]) => `  ${count}  ${what}\n`)
    .join("");

for (const difference of report.differences) console.log(`DIFFERENT: ${difference}\n`);
console.log(`drawn:\n${byCount(report.drawn)}`);
console.log(`both stop, by what the harness says:\n${byCount(report.bothStop)}`);
console.log(`refused though the harness runs it:\n${byCount(report.refused)}`);
const never = [...report.drawn].filter(([, count]) => count === 0).map(([kind]) => kind);
if (never.length > 0) console.log(`never drawn: ${never.join(", ")}`);
const { tasks, equal, differences } = report;
const refused = sum(report.refused);
console.log({ tasks, equal, bothStop: sum(report.bothStop), refused, differences: differences.length });
const isThin = never.length > 0 && tasks >= ALL_DRAWN_TASKS;
process.exitCode = differences.length > 0 || refused > tasks * REFUSED_SHARE_MAX || isThin ? 1 : 0;
