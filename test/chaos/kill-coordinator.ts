// `npm run chaos:kills -- --kills 50 --seed 1`: one run on real processes whose coordinator is killed again and again at
// random moments and started again with the same command. Ends with 1 unless the run ends by itself as an undisturbed one
// does, and nothing that was acknowledged was asked again. What was in flight when a connection broke may be answered twice;
// that is counted.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { SqliteJournalStore } from "../../coordinator/adapters/journals/sqlite-journal-store.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";
import { SeededRandom } from "../../quickstart/seeded-random.ts";
import { madeRunWords, placeMadeTasks, undisturbedRun } from "../support/made-run.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";
import { countAskedAgain } from "./asked-again.ts";

const AGENTS = 3;
/** From being ready to the kill, milliseconds: from before the first agent is back to far into the work. */
const LIFE_MAX_MS = 1_500;
/** Requests that the agents answer while one such life goes by, with room: the kills must find work. */
const REQUESTS_PER_KILL = 180;
const AGENT = ["--engine", "simulated", "--model", "hash", "--concurrency", "8", "--simulation", "latencyMs=1000"];

const { values } = parseArgs({
  options: { kills: { type: "string", default: "50" }, seed: { type: "string", default: String(Date.now() % 1e6) } },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
const choiceDocuments = Math.ceil((kills * REQUESTS_PER_KILL) / 6);
const wish = { seed, choiceDocuments, writtenDocuments: 2 * choiceDocuments };
const total = choiceDocuments * 6;
const muster = new MusterProcesses();

interface Disturbed {
  readonly output: RunOutput;
  readonly manifest: RunManifest;
  readonly withWork: number;
  readonly askedAgain: number;
}

async function disturbed(): Promise<Disturbed> {
  const random = new SeededRandom(seed);
  placeMadeTasks(muster, wish);
  await muster.startCoordinator();
  await Promise.all(Array.from({ length: AGENTS }, (_, agent) => muster.startAgent(`a${agent}`, AGENT)));
  const run = muster.begin(madeRunWords(muster, muster.grpcAddress));
  while (!((await muster.metric("muster_run_requests_done").catch(() => 0)) > 0)) await sleep(20);
  let withWork = 0;
  for (let kill = 0; kill < kills && run.child.exitCode === null; kill++) {
    await sleep(random.below(LIFE_MAX_MS));
    const done = await muster.metric("muster_run_requests_done").catch(() => Number.NaN);
    if (done < total) withWork += 1;
    await muster.killCoordinator();
    await muster.startCoordinator();
    if ((kill + 1) % 10 === 0) console.error(`${kill + 1} kills, ${done} of ${total} requests answered`);
  }
  const { code, stderr } = await run.ended;
  if (code !== 0) throw new Error(`the run ended with ${code}:\n${stderr}`);
  const folder = join(muster.home, "out");
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as RunManifest;
  const journals = new SqliteJournalStore(join(muster.home, "state/muster/coordinator/journals"));
  const askedAgain = await countAskedAgain(journals, manifest.run.runId);
  await journals.close();
  return { output: readRunOutput(folder), manifest, withWork, askedAgain };
}

try {
  const expected = await undisturbedRun(wish);
  const { output, manifest, withWork, askedAgain } = await disturbed();
  const { duplicates, disagreements, leaseExpiries } = manifest.totals;
  const isSame = isDeepStrictEqual(output, expected);
  const epochs = new Set(manifest.leases.map(({ epoch }) => epoch)).size;
  console.log({ seed, kills: withWork, epochsWithGrants: epochs, requests: total, leaseExpiries });
  console.log(`acknowledged and asked again: ${askedAgain} samples`);
  console.log(`in flight and answered twice: ${duplicates} responses, and ${disagreements} differently`);
  console.log(`every sample counted once: ${manifest.coverage.everySampleCountedOnce}`);
  console.log(`same files as undisturbed: ${isSame}`);
  const isProof = isSame && withWork >= kills && askedAgain === 0 && disagreements === 0;
  process.exitCode = isProof && manifest.coverage.everySampleCountedOnce ? 0 : 1;
} finally {
  await muster.stop();
}
