// How long a coordinator takes that comes back: from the spawn of the process until it says that it is ready, with
// 1,000,000 results in its journals. Once they belong to open runs, which it must know again; once to 1,000 runs that
// have ended. The data folder is made once, by the product's own code; each round kills the coordinator and starts it
// again. The files are in the system's cache, as after a crash of the process alone.
import { join } from "node:path";
import type { Lease } from "../coordinator/core/state.ts";
import { MusterProcesses } from "../test/support/muster-processes.ts";
import type { Benchmark, Gate } from "./benchmark.ts";
import { numberAnswer } from "./durability/answers.ts";
import { folderPlace } from "./durability/places.ts";
import { StoredCluster } from "./durability/stored-cluster.ts";

const AGENTS = Array.from({ length: 8 }, (_, agent) => `bench-${agent}`);
const RESULTS = 1_000_000;
const OPEN_RUNS = 4;
const ENDED_RUNS = 1_000;
/** Results that an agent of a busy engine finishes within the age of a batch. */
const ROWS_PER_BATCH = 100;
const ROUNDS = 5;
/** Ended runs that are made at the same time. */
const RUNS_TOGETHER = 20;
/** Of each open run, so much is answered. */
const ANSWERED_SHARE = 0.8;

const restart: Benchmark = {
  title: "ready again with 1,000,000 results in the journals",
  async run({ tiny }) {
    const results = tiny ? 2_000 : RESULTS;
    const [openRuns, endedRuns, rounds] = tiny ? [2, 4, 1] : [OPEN_RUNS, ENDED_RUNS, ROUNDS];
    return [
      await measure(`${endedRuns} runs that have ended`, rounds, (folder) => storeEnded(folder, endedRuns, results)),
      await measure(`${openRuns} open runs`, rounds, (folder) => storeOpen(folder, openRuns, results)),
    ];
  },
};
export default restart;

async function measure(name: string, rounds: number, store: (dataFolder: string) => Promise<number>): Promise<Gate> {
  const muster = new MusterProcesses();
  try {
    const beganMs = performance.now();
    const results = await store(join(muster.home, "state", "muster", "coordinator"));
    console.log(`  ${name}: ${results} results stored in ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startedMs = performance.now();
      await muster.startCoordinator();
      seconds.push((performance.now() - startedMs) / 1000);
      if (round === 0) await checkOpenRuns(muster, results, name);
      await muster.killCoordinator();
    }
    console.log(`  ${name}: ready after ${seconds.map((value) => value.toFixed(2)).join(", ")} s`);
    return {
      name: `ready with ${name}, ${results} results, slowest round`,
      value: Math.max(...seconds),
      unit: "s",
      atMost: 5,
    };
  } finally {
    await muster.stop();
  }
}

/** A start that knows nothing again would be fast. */
async function checkOpenRuns(muster: MusterProcesses, results: number, name: string): Promise<void> {
  const known = await muster.metric("muster_run_requests_done");
  if (name.includes("open") && known !== results) throw new Error(`${known} of ${results} results are known again`);
}

async function storeOpen(dataFolder: string, runs: number, results: number): Promise<number> {
  const cluster = new StoredCluster(await folderPlace(dataFolder).open(), dataFolder);
  await cluster.begin(AGENTS);
  const answered = results / runs;
  const leasesOf: (readonly Lease[])[] = [];
  for (let run = 0; run < runs; run++) {
    leasesOf.push(await cluster.addRun({ runId: `open-${run}`, requests: Math.ceil(answered / ANSWERED_SHARE) }));
  }
  await Promise.all(leasesOf.map(async (leases) => answerAll(cluster, leases, answered)));
  await cluster.close();
  return answered * runs;
}

async function storeEnded(dataFolder: string, runs: number, results: number): Promise<number> {
  const cluster = new StoredCluster(await folderPlace(dataFolder).open(), dataFolder);
  await cluster.begin(AGENTS);
  const requests = results / runs;
  for (let first = 0; first < runs; first += RUNS_TOGETHER) {
    const runIds = Array.from(
      { length: Math.min(RUNS_TOGETHER, runs - first) },
      (_, offset) => `ended-${first + offset}`,
    );
    const leasesOf: (readonly Lease[])[] = [];
    for (const runId of runIds) leasesOf.push(await cluster.addRun({ runId, requests }));
    await Promise.all(leasesOf.map(async (leases) => answerAll(cluster, leases, requests)));
    await Promise.all(runIds.map(async (runId) => cluster.end(runId)));
  }
  await cluster.close();
  return results;
}

/** Answers the requests before a position, lease by lease. */
async function answerAll(cluster: StoredCluster, leases: readonly Lease[], before: number): Promise<void> {
  for (const lease of leases) {
    const requests = lease.samples.filter((request) => request < before);
    await cluster.accept(lease, cluster.makeBatches(lease, requests, ROWS_PER_BATCH, numberAnswer));
  }
}
