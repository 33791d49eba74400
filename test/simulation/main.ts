// `npm run simulate -- --seeds N [--first S]` lives through N worlds on all cores; `--seed S` lives through one again and,
// with `--steps`, prints what happened in it.
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { FAULT_KINDS } from "./scenario.ts";
import { addReport, emptyTally, sayTally, type Tally } from "./tally.ts";
import { liveThrough, type Trace } from "./world.ts";
import type { SimulationReply } from "./worker.ts";

const USAGE = `usage: npm run simulate -- [--seeds N] [--first S] [--workers N] [--stop] | --seed S [--steps]
  --seeds N    worlds to live through (1000)
  --first S    the first world's seed (a fresh one)
  --stop       end at the first broken rule
  --workers N  threads (one a core)
  --seed S     one world
  --steps      print what happens in it`;
/** Seeds that a worker is given at once. */
const CHUNK = 25;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    steps: { type: "boolean", default: false },
    seeds: { type: "string", default: "1000" },
    first: { type: "string" },
    stop: { type: "boolean", default: false },
    workers: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.seed !== undefined) await replay(Number(values.seed), values.steps);
else
  await liveThroughMany(
    Number(values.first ?? Math.floor(Date.now() / 1000) % 2 ** 31),
    Number(values.seeds),
    Number(values.workers),
  );

async function replay(seed: number, steps: boolean): Promise<void> {
  const trace: Trace = (atMs, who, what) => console.log(atMs.toFixed(0).padStart(8), who.padEnd(12), what);
  try {
    console.log(`seed ${seed}: all rules kept`, await liveThrough(seed, steps ? trace : null));
  } catch (error) {
    console.log(`seed ${seed}: ${String(error instanceof Error ? error.stack : error)}`);
    process.exitCode = 1;
  }
}

async function liveThroughMany(first: number, count: number, workers: number): Promise<void> {
  const tally = emptyTally();
  const beganMs = performance.now();
  const queue = { next: first, end: first + count };
  await Promise.all(Array.from({ length: workers }, () => work(queue, tally)));
  const seconds = (performance.now() - beganMs) / 1000;
  process.stderr.write("\n");
  console.log(sayTally(tally, seconds));
  const never = FAULT_KINDS.filter((kind) => (tally.faults.get(kind) ?? 0) === 0);
  if (count >= 1000 && never.length > 0) console.log(`never struck: ${never.join(", ")}`);
  for (const { seed, message } of tally.violations.slice(0, 5)) {
    console.log(`seed ${seed}: ${message}\n  again, step by step: npm run simulate -- --seed ${seed} --steps`);
  }
  console.log(`${tally.violations.length} violations in ${tally.worlds} worlds from seed ${first}`);
  process.exitCode = tally.violations.length > 0 || (count >= 1000 && never.length > 0) ? 1 : 0;
}

/** One worker: takes seeds until none is left. */
async function work(queue: { next: number; readonly end: number }, tally: Tally): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  try {
    while (queue.next < queue.end && !(values.stop && tally.violations.length > 0)) {
      const from = queue.next;
      queue.next = Math.min(queue.end, from + CHUNK);
      for (const reply of await ask(worker, from, queue.next - from)) addReport(tally, reply);
      process.stderr.write(`\r${tally.worlds} worlds, ${tally.violations.length} violations`);
    }
  } finally {
    await worker.terminate();
  }
}

async function ask(worker: Worker, from: number, count: number): Promise<readonly SimulationReply[]> {
  worker.postMessage({ from, count });
  // Rejects where the worker breaks.
  const [replies] = (await once(worker, "message")) as [readonly SimulationReply[]];
  return replies;
}
