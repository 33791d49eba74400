// `npm run chaos -- --minutes 10 [--seed S]`: runs on real processes (three NATS servers, two coordinators, three agents)
// while processes are killed and stopped, connections cut and disks filled. Ends with 1 unless every run ends by itself with the files of an undisturbed one, every sample
// counted once, and nothing durable asked again.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { NatsJournalStore } from "../../coordinator/adapters/nats/nats-journal-store.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";
import { SeededRandom } from "../../quickstart/seeded-random.ts";
import { madeRunWords, placeMadeTasks, undisturbedRun } from "../support/made-run.ts";
import { natsServerProgram } from "../support/nats-server.ts";
import { connectNats } from "../support/nats-stores.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { countAskedAgain } from "./asked-again.ts";
import { CHAOS_KINDS, ChaosCluster, type ChaosKind } from "./chaos-cluster.ts";

/** Between two faults, milliseconds. */
const QUIET_MAX_MS = 4_000;
const DONE = "muster_run_requests_done";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: String(Date.now() % 1e6) } },
});
const endsAtMs = performance.now() + Number(values.minutes) * 60_000;
const seed = Number(values.seed);
const wish = { seed, choiceDocuments: 500, writtenDocuments: 1_000 };

/** What one run was like. */
interface ChaosRun {
  readonly isSame: boolean;
  readonly isWhole: boolean;
  readonly askedAgain: number;
  readonly answeredTwice: number;
  readonly disagreements: number;
}

async function finish({ coordinators }: ChaosCluster, output: string, expected: RunOutput): Promise<ChaosRun> {
  const manifest = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as RunManifest;
  const connection = await connectNats(coordinators.servers);
  const askedAgain = await countAskedAgain(new NatsJournalStore(connection), manifest.run.runId);
  await connection.close();
  return {
    isSame: isDeepStrictEqual(readRunOutput(output), expected),
    isWhole: manifest.coverage.everySampleCountedOnce,
    askedAgain,
    answeredTwice: manifest.totals.duplicates,
    disagreements: manifest.totals.disagreements,
  };
}

/** Strikes until the time is over or the run has ended; faults that met no work do not count. */
async function disturb(
  cluster: ChaosCluster,
  random: SeededRandom,
  struck: Map<ChaosKind, number>,
  hasEnded: () => boolean,
): Promise<void> {
  while (!hasEnded() && performance.now() < endsAtMs) {
    await sleep(random.below(QUIET_MAX_MS));
    const done = await cluster.coordinators.metric(await cluster.coordinators.leader(), DONE);
    if (hasEnded() || Number.isNaN(done)) continue;
    const kind = random.pick(CHAOS_KINDS);
    if (await cluster.strike(kind, random)) struck.set(kind, (struck.get(kind) ?? 0) + 1);
  }
}

const program = await natsServerProgram();
if (program === null) process.exit(1);
const expected = await undisturbedRun(wish);
const cluster = await ChaosCluster.start(program);
try {
  if (!SmallDisk.isPossible) console.error("SKIPPED: full disks, since only root can mount small ones");
  const random = new SeededRandom(seed);
  const struck = new Map<ChaosKind, number>();
  const runs: ChaosRun[] = [];
  placeMadeTasks(cluster.muster, wish);
  while (performance.now() < endsAtMs) {
    const folder = `out-${runs.length}`;
    const run = cluster.muster.begin(madeRunWords(cluster.muster, cluster.coordinators.addresses, folder));
    await disturb(cluster, random, struck, () => run.child.exitCode !== null);
    const { code, stderr } = await run.ended;
    if (code !== 0) throw new Error(`run ${runs.length} ended with ${code}:\n${stderr}`);
    runs.push(await finish(cluster, join(cluster.muster.home, folder), expected));
    console.error(`${runs.length} runs, ${[...struck.values()].reduce((sum, times) => sum + times, 0)} faults`);
  }
  const sum = (of: (run: ChaosRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  console.log({ seed, runs: runs.length, ...Object.fromEntries(struck) });
  console.log(`faults while work was left: ${[...struck.values()].reduce((total, times) => total + times, 0)}`);
  console.log(`runs with the files of an undisturbed one: ${sum(({ isSame }) => Number(isSame))} of ${runs.length}`);
  console.log(`runs with every sample counted once: ${sum(({ isWhole }) => Number(isWhole))} of ${runs.length}`);
  console.log(`durable and asked again: ${sum(({ askedAgain }) => askedAgain)} samples`);
  console.log(`in flight and answered twice: ${sum(({ answeredTwice }) => answeredTwice)} responses`);
  const isGood = runs.every((run) => run.isSame && run.isWhole && run.askedAgain === 0 && run.disagreements === 0);
  process.exitCode = isGood && runs.length > 0 ? 0 : 1;
} finally {
  await cluster.stop();
}
