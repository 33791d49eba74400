// A person's Ctrl-C, once and twice, and a command that is shot: nothing that was answered is lost, no process is left,
// and a run that is taken up again ends with the bits of an undisturbed one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";

// Each test starts about ten processes, one after the other.
vi.setConfig({ testTimeout: 120_000 });

const SAMPLES = 120 + 40;
/** Slow enough that an interruption finds work in flight; the answers are the hash engine's. */
const SLOW = "--engine simulated --model hash --concurrency 4 --simulation latencyMs=40".split(" ");

const open: MusterProcesses[] = [];
let undisturbed: RunOutput;

function newHome(): MusterProcesses {
  const muster = new MusterProcesses();
  open.push(muster);
  makeTasks(join(muster.home, "tasks"), 11, { choiceDocuments: 120, writtenDocuments: 40 });
  return muster;
}

function runWords(muster: MusterProcesses, words: readonly string[]): string[] {
  const common = ["run", "--tasks", "made", "--yes", "--no-cache", "--include-path", join(muster.home, "tasks")];
  return [...common, "--output", join(muster.home, "out"), ...words];
}

async function until<T>(what: string, look: () => T | null | Promise<T | null>): Promise<T> {
  const deadline = Date.now() + 50_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain: ${what}`);
}

/** The id of the local run and where its coordinator serves metrics, once it has begun. */
async function localRun(muster: MusterProcesses): Promise<{ readonly runId: string; readonly http: string }> {
  const folder = join(muster.home, "state", "muster", "local");
  return until("a local run", () => {
    const [runId] = existsSync(folder) ? readdirSync(folder) : [];
    if (runId === undefined) return null;
    const file = join(folder, runId, "coordinator", "coordinator.json");
    if (!existsSync(file)) return null;
    return { runId, http: (JSON.parse(readFileSync(file, "utf8")) as { httpAddress: string }).httpAddress };
  });
}

/** Resolves when a run is half done; throws when it has already ended. */
async function untilHalf(http: string): Promise<void> {
  await until("half of the samples", async () => {
    const text = await (await fetch(`http://${http}/metrics`)).text();
    const done = Number(/^muster_run_samples_done\S* (\d+)/m.exec(text)?.[1] ?? 0);
    if (done >= SAMPLES) throw new Error("the run ended before it was interrupted");
    return done >= SAMPLES / 2 ? done : null;
  });
}

/** Processes whose command line names the test's home. */
function processesOf(muster: MusterProcesses): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(muster.home);
      } catch {
        // It ended while we looked.
        return false;
      }
    });
}

async function resumeAndCompare(muster: MusterProcesses, runId: string): Promise<void> {
  const { code, stdout, stderr } = await muster.run(["runs", "resume", runId, "--json"]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  expect((JSON.parse(stdout) as { run: { state: string } }).run.state).toBe("done");
  expect(readRunOutput(join(muster.home, "out"))).toEqual(undisturbed);
}

beforeAll(async () => {
  const muster = newHome();
  await muster.output(runWords(muster, ["--engine", "hash", "--json"]));
  undisturbed = readRunOutput(join(muster.home, "out"));
});

afterAll(async () => {
  for (const muster of open) await muster.stop();
});

test("Ctrl-C stops a local run, keeps its answers and says how to take it up", async () => {
  const muster = newHome();
  const run = muster.begin(runWords(muster, [...SLOW, "--local-agents", "2"]));
  const { runId, http } = await localRun(muster);
  await untilHalf(http);
  run.child.kill("SIGINT");
  const { code, stdout, stderr } = await run.ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toContain(`muster runs resume ${runId}`);
  expect(processesOf(muster)).toEqual([]);
  expect(existsSync(join(muster.home, "out"))).toBe(false);
  expect(await muster.output(["runs"])).toMatch(new RegExp(`${runId} .* local`));
  await resumeAndCompare(muster, runId);
});

test("Ctrl-C twice leaves at once, and no process stays", async () => {
  const muster = newHome();
  const run = muster.begin(runWords(muster, SLOW));
  const { runId, http } = await localRun(muster);
  await untilHalf(http);
  run.child.kill("SIGINT");
  run.child.kill("SIGINT");
  expect((await run.ended).code).toBe(130);
  await until("the end of its processes", () => (processesOf(muster).length === 0 ? true : null));
  await resumeAndCompare(muster, runId);
});

test("a command that is shot takes its processes with it, and its run can be taken up", async () => {
  const muster = newHome();
  const run = muster.begin(runWords(muster, SLOW));
  const { runId, http } = await localRun(muster);
  await untilHalf(http);
  run.child.kill("SIGKILL");
  await run.ended;
  await until("the end of its processes", () => (processesOf(muster).length === 0 ? true : null));
  await resumeAndCompare(muster, runId);
});

test("Ctrl-C detaches from a coordinator's run, which goes on", async () => {
  const muster = newHome();
  await muster.startCoordinator();
  await muster.startAgent("a0", SLOW);
  const run = muster.begin(runWords(muster, ["--model", "hash", "--coordinator", muster.grpcAddress]));
  await untilHalf(muster.httpAddress);
  run.child.kill("SIGINT");
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  const runId = /muster runs show (\S+) --watch/.exec(stderr)?.[1];
  expect(stderr).toContain(`muster runs cancel ${runId}`);
  const address = ["--coordinator", muster.grpcAddress];
  await muster.output(["runs", "show", runId!, "--watch", ...address]);
  await muster.output(["runs", "export", runId!, "--output", join(muster.home, "out"), ...address]);
  expect(readRunOutput(join(muster.home, "out"))).toEqual(undisturbed);
});

test("a coordinator's run can be cancelled, and says so to who watches", async () => {
  const muster = newHome();
  await muster.startCoordinator();
  await muster.startAgent("a0", SLOW);
  const address = ["--coordinator", muster.grpcAddress];
  const run = muster.begin(runWords(muster, ["--model", "hash", ...address]));
  await untilHalf(muster.httpAddress);
  expect(await muster.output(["runs", "cancel", "2", ...address])).toContain("is cancelled");
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(/run \S+ was cancelled/);
});
