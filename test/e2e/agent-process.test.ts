// The agent's own process: what it tells who started it, what signals do, and who may use its folder.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InProcessCoordinator } from "../support/in-process-coordinator.ts";

const PROGRAM = `
  const [{ runAgent }, { reportError }] = await Promise.all([import(process.argv[1]), import(process.argv[2])]);
  try {
    await runAgent(JSON.parse(process.argv[3]));
  } catch (error) {
    process.exitCode = reportError(error, true);
  }
  if (process.connected) process.disconnect();
`;
const ROOT = join(import.meta.dirname, "..", "..");

let folder: string;
let coordinator: InProcessCoordinator;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-agent-"));
  coordinator = new InProcessCoordinator(join(folder, "coordinator"));
  await coordinator.start();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await coordinator.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Agent {
  readonly child: ChildProcess;
  readonly folder: string;
  /** Resolves with what it tells once it is welcome. */
  readonly ready: Promise<{ readonly agentId: string; readonly slots: readonly string[] }>;
  readonly exited: Promise<{ readonly code: number | null; readonly errors: string }>;
}

function startAgent(name: string, options: { address?: string; latencyMs?: number } = {}): Agent {
  const dataFolder = join(folder, name);
  const engines = {
    ...{
      engine: "simulated",
      urls: [],
      urlApi: "completions",
      model: "hash",
      concurrency: 4,
      threads: null,
      cacheFolder: folder,
    },
    simulation: { latencyMs: options.latencyMs ?? 5 },
  };
  const agentOptions = {
    ...{ coordinator: options.address ?? coordinator.address, name, dataFolder, engines },
    ...{ pricePerSlotHour: 0, logLevel: "info" },
  };
  const words = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", PROGRAM];
  const paths = [join(ROOT, "agent", "main.ts"), join(ROOT, "cli", "report-error.ts")];
  const child = spawn(process.execPath, [...words, ...paths, JSON.stringify(agentOptions)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  children.push(child);
  let errors = "";
  child.stderr!.on("data", (bytes: Buffer) => (errors += bytes.toString()));
  const exited = new Promise<{ code: number | null; errors: string }>((resolve) => {
    // Not "close", which does not come after a disconnect by this side.
    child.stderr!.once("close", () => {
      if (child.exitCode !== null) resolve({ code: child.exitCode, errors });
      else child.once("exit", (code) => resolve({ code, errors }));
    });
  });
  const ready = new Promise<{ agentId: string; slots: string[] }>((resolve, reject) => {
    child.once("message", (message) => resolve(message as { agentId: string; slots: string[] }));
    child.once("exit", () => reject(new Error(`the agent ended: ${errors}`)));
  });
  ready.catch(() => undefined);
  return { child, folder: dataFolder, ready, exited };
}

test("an agent says that it is ready once it is welcome, and keeps its identity over restarts", async () => {
  const first = startAgent("a");
  const { agentId, slots } = await first.ready;
  expect(agentId).toMatch(/^a-[0-9a-f]{8}$/);
  expect(slots).toEqual(["slot-0"]);
  expect(readFileSync(join(first.folder, "agent-id"), "utf8")).toBe(`${agentId}\n`);
  first.child.kill("SIGTERM");
  await first.exited;
  expect((await startAgent("a").ready).agentId).toBe(agentId);
});

test("an agent whose spool was taken away is another one, since its batch numbers begin again", async () => {
  const first = startAgent("a");
  const { agentId } = await first.ready;
  first.child.kill("SIGTERM");
  await first.exited;
  for (const end of ["", "-wal", "-shm"]) rmSync(join(first.folder, `spool.sqlite${end}`), { force: true });
  expect((await startAgent("a").ready).agentId).not.toBe(agentId);
});

test("a second agent on the same folder is refused and told the way out; the first one goes on", async () => {
  const first = startAgent("a");
  await first.ready;
  const { code, errors } = await startAgent("a").exited;
  expect(code).toBe(4);
  expect(errors).toContain(`another agent uses ${first.folder}`);
  expect(errors).toContain("--name");
  expect(first.child.exitCode).toBeNull();
});

test.each(["SIGINT", "SIGTERM"] as const)("%s in the middle of work: leases go back, exit status 0", async (signal) => {
  const agent = startAgent("a", { latencyMs: 100 });
  await agent.ready;
  await coordinator.submit("r1", 200, "hash");
  await reach(() => coordinator.run("r1").requestsDone > 0);
  agent.child.kill(signal);
  expect(await agent.exited).toMatchObject({ code: 0 });
  const run = coordinator.run("r1");
  expect(run.requestsDone).toBeLessThan(600);
  await reach(() => run.openLeases.size === 0);
  expect(run.leaseExpiries).toBe(0);
});

test("an agent ends when the process that started it is gone", async () => {
  const agent = startAgent("a");
  await agent.ready;
  agent.child.disconnect();
  expect(await agent.exited).toMatchObject({ code: 0 });
});

test("a second signal ends it at once", async () => {
  const agent = startAgent("a", { latencyMs: 60_000 });
  await agent.ready;
  await coordinator.submit("r1", 10, "hash");
  await reach(() => coordinator.run("r1").openLeases.size > 0);
  let errors = "";
  const stopping = new Promise<void>((resolve) => {
    agent.child.stderr!.on("data", (bytes: Buffer) => {
      errors += bytes.toString();
      if (errors.includes('"stopping"')) resolve();
    });
  });
  agent.child.kill("SIGINT");
  await stopping;
  agent.child.kill("SIGINT");
  expect(await agent.exited).toMatchObject({ code: 130 });
});

test("an address that is none is refused before anything is made", async () => {
  const agent = startAgent("a", { address: "nowhere" });
  const { code, errors } = await agent.exited;
  expect(code).toBe(2);
  expect(errors).toContain('--coordinator \\"nowhere\\" is not HOST:PORT');
  expect(existsSync(agent.folder)).toBe(false);
});

async function reach(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("the state was not reached");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
