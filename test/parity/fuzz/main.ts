// `npm run parity:fuzz -- --tasks 1000 --seed 1`
import { parseArgs } from "node:util";
import { harnessPython } from "../../support/harness-python.ts";
import { sharedFolder } from "../../support/shared-folder.ts";
import { fuzzTasks } from "./fuzz.ts";

const PROGRESS_TASKS = 100;
const REFUSED_SHARE_MAX = 0.05;
const { values } = parseArgs({
  options: { tasks: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
});
const python = harnessPython();
if (python === null || sharedFolder === null) {
  throw new Error("needs the reference harness (bash test/support/install-harness.sh) and the hash model in ../shared");
}
const report = await fuzzTasks({
  python,
  seed: Number(values.seed),
  tasks: Number(values.tasks),
  onProgress: (done) => {
    if (done % PROGRESS_TASKS === 0) console.error(`${done} tasks`);
  },
});
// The shortest says most.
const shortest = report.differences.toSorted((left, right) => left.length - right.length).slice(0, 10);
for (const difference of shortest) console.log(`${difference}\n`);
console.log("drawn:");
const kinds = [...report.draws.counts].toSorted(([left], [right]) => left.localeCompare(right));
for (const [kind, count] of kinds) console.log(`  ${kind}  ${count}`);
for (const [reason, count] of report.refusals) console.log(`refused ${count}: ${reason}`);
const { tasks, equal, bothStop, refused, differences } = report;
console.log({ tasks, equal, bothStop, refused, differences: differences.length });
process.exitCode = differences.length > 0 || refused > tasks * REFUSED_SHARE_MAX ? 1 : 0;
