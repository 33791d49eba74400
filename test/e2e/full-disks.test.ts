// Disks that are full while a run is going: the coordinator says so, nothing is lost, and it goes on by itself when there is
// room, with the bits of an undisturbed run.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { madeRunWords, placeMadeTasks, undisturbedRun } from "../support/made-run.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";
import { SmallDisk } from "../support/small-disk.ts";

const WISH = { seed: 7, choiceDocuments: 200, writtenDocuments: 60 };
const SAMPLES = WISH.choiceDocuments + WISH.writtenDocuments;
const DONE = "muster_run_samples_done";
const WAIT = { timeout: 60_000, interval: 50 };
/** Slow enough that work is left when a disk is full. */
const SLOW_AGENT = ["--engine", "simulated", "--model", "hash", "--concurrency", "4", "--simulation", "latencyMs=300"];

const opened: { readonly muster: MusterProcesses; readonly disk: SmallDisk }[] = [];
let undisturbed: RunOutput;
if (!SmallDisk.isPossible) console.error("SKIPPED: full disks, since only root on Linux can mount small ones");

function open(folder: string): { readonly muster: MusterProcesses; readonly disk: SmallDisk } {
  const muster = new MusterProcesses();
  placeMadeTasks(muster, WISH);
  const disk = new SmallDisk(join(muster.home, folder), 96);
  opened.push({ muster, disk });
  return { muster, disk };
}

async function healthOf(muster: MusterProcesses): Promise<string> {
  const response = await fetch(`http://${muster.httpAddress}/healthz`);
  return `${response.status} ${(await response.text()).trim()}`;
}

beforeAll(async () => {
  undisturbed = await undisturbedRun(WISH);
});

afterAll(async () => {
  for (const { muster, disk } of opened) await muster.stop(() => disk.unmount());
});

test.skipIf(!SmallDisk.isPossible)(
  "a full disk of the coordinator is said, waited for, and loses nothing",
  async () => {
    const { muster, disk } = open("coordinator");
    await muster.startCoordinator(["--data-dir", disk.path]);
    await Promise.all(["a0", "a1"].map((name) => muster.startAgent(name, SLOW_AGENT)));
    const run = muster.begin(madeRunWords(muster, muster.grpcAddress));
    await vi.waitFor(async () => expect(await muster.metric(DONE)).toBeGreaterThan(SAMPLES / 5), WAIT);
    disk.fill();
    await vi.waitFor(async () => expect(await healthOf(muster)).toMatch(/^503 .*(full|no space)/), WAIT);
    expect(await muster.metric("muster_disk_full")).toBe(1);
    expect(await muster.metric(DONE)).toBeLessThan(SAMPLES);
    disk.free();
    await vi.waitFor(async () => expect(await healthOf(muster)).toBe("200 ok"), WAIT);
    const { code, stderr } = await run.ended;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(readRunOutput(join(muster.home, "out"))).toEqual(undisturbed);
  },
);

test.skipIf(!SmallDisk.isPossible)("a full disk of an agent stops its work, and loses nothing", async () => {
  const { muster, disk } = open("agent");
  await muster.startCoordinator();
  await muster.startAgent("a0", [...SLOW_AGENT, "--data-dir", disk.path]);
  const run = muster.begin(madeRunWords(muster, muster.grpcAddress));
  await vi.waitFor(async () => expect(await muster.metric(DONE)).toBeGreaterThan(SAMPLES / 5), WAIT);
  disk.fill();
  // What the spool cannot take is not sent either: what is done stays where it is.
  let [before, after] = [Number.NaN, await muster.metric(DONE)];
  while (before !== after) {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    [before, after] = [after, await muster.metric(DONE)];
  }
  expect(after).toBeLessThan(SAMPLES);
  disk.free();
  const { code, stderr } = await run.ended;
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  expect(readRunOutput(join(muster.home, "out"))).toEqual(undisturbed);
});
