// Processes die at 20, 50 and 80 % of the durable responses and are started again with the same command, as a
// supervisor would. Nobody touches the run, and it ends with the bits of an undisturbed one.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { madeRunWords, placeMadeTasks, undisturbedRun } from "../support/made-run.ts";
import { MusterProcesses, type Ready } from "../support/muster-processes.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";

const WISH = { seed: 7, choiceDocuments: 200, writtenDocuments: 60 };
const SAMPLES = WISH.choiceDocuments + WISH.writtenDocuments;
const DONE = "muster_run_samples_done";
const TIMEOUT_MS = 180_000;
/** Slow enough that work is left when a process is back, on a busy machine too; the answers are the hash engine's. */
const SLOW_AGENT = ["--engine", "simulated", "--model", "hash", "--concurrency", "4", "--simulation", "latencyMs=400"];

const open: MusterProcesses[] = [];
let undisturbed: RunOutput;

function newCluster(): MusterProcesses {
  const muster = new MusterProcesses();
  open.push(muster);
  placeMadeTasks(muster, WISH);
  return muster;
}

/** Resolves when a share of the samples is durable; throws when the run has already ended. */
async function reach(muster: MusterProcesses, share: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const done = await muster.metric(DONE);
    if (done >= SAMPLES) throw new Error("the run ended before the kill");
    if (done >= share * SAMPLES) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the run did not reach ${share}`);
}

/** Runs the suite while `disturb` does its worst; checks that the run ended by itself as an undisturbed one. */
async function runDisturbed(disturb: (muster: MusterProcesses, agents: Ready[]) => Promise<void>): Promise<void> {
  const muster = newCluster();
  await muster.startCoordinator(["--lease-seconds", "2"]);
  const agents = await Promise.all(["a0", "a1"].map((name) => muster.startAgent(name, SLOW_AGENT)));
  const run = muster.begin(madeRunWords(muster, muster.grpcAddress));
  await disturb(muster, agents);
  const { code, stderr } = await run.ended;
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  expect(readRunOutput(join(muster.home, "out"))).toEqual(undisturbed);
}

beforeAll(async () => {
  undisturbed = await undisturbedRun(WISH);
});

afterAll(async () => {
  for (const muster of open) await muster.stop();
});

test("agents killed at 20, 50 and 80 % of a run change nothing", { timeout: TIMEOUT_MS }, async () => {
  await runDisturbed(async (muster, agents) => {
    const restarted: Promise<Ready>[] = [];
    for (const [kill, share] of [0.2, 0.5, 0.8].entries()) {
      await reach(muster, share);
      // The third kill strikes the first agent's second life. Nothing else waits for an agent to be back.
      const victim = kill < 2 ? agents[kill]! : await restarted[0]!;
      await muster.kill(victim);
      expect(await muster.metric(DONE)).toBeLessThan(SAMPLES);
      restarted.push(muster.start(victim.words));
    }
    await Promise.all(restarted);
  });
});

test("a coordinator killed at 20, 50 and 80 % of a run changes nothing", { timeout: TIMEOUT_MS }, async () => {
  await runDisturbed(async (muster) => {
    for (const share of [0.2, 0.5, 0.8]) {
      await reach(muster, share);
      await muster.killCoordinator();
      await muster.startCoordinator(["--lease-seconds", "2"]);
      expect(await muster.metric(DONE)).toBeLessThan(SAMPLES);
    }
  });
});
