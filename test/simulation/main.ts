// Replays simulated worlds: `npm run simulate -- --seed N` lives through one seed and says what was wrong with it;
// `--steps` prints everything that happened; without a seed, `--count N` fresh ones are tried (1,000 by default).
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { Trace } from "./trace.ts";
import { liveThrough } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    steps: { type: "boolean", default: false },
    count: { type: "string", default: "1000" },
  },
});

const trace: Trace = (who, what, ...more) =>
  console.log(who, typeof what === "string" ? what : JSON.stringify(what, shorten), ...more);

function shorten(_key: string, value: unknown): unknown {
  return value instanceof Uint32Array ? [...value] : value;
}

const first = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const count = values.seed === undefined ? Number(values.count) : 1;
const beganMs = performance.now();
let actions = 0;
for (let seed = first; seed < first + count; seed++) {
  try {
    const report = liveThrough(seed, values.steps ? { trace } : {});
    actions += report.actions;
    if (count === 1) console.log(`seed ${seed}: all rules kept;`, report);
  } catch (error) {
    console.log(`seed ${seed}: ${String(error instanceof Error ? error.stack : error)}`);
    console.log(`Replay with: npm run simulate -- --seed ${seed} --steps`);
    process.exit(1);
  }
}
const seconds = (performance.now() - beganMs) / 1000;
console.log(`${count} worlds from seed ${first}, ${actions} actions in ${seconds.toFixed(1)} s: all rules kept`);
