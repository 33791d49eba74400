// An agent's whole process (core, spool, link, engine) against a real coordinator over gRPC on loopback, in one process
// so that the test sees both sides' states.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HashEngine } from "../../agent/adapters/engines/hash/hash-engine.ts";
import { SimulatedEngine } from "../../agent/adapters/engines/simulated/simulated-engine.ts";
import { SqliteSpool } from "../../agent/adapters/spool/sqlite-spool.ts";
import { HostTelemetry } from "../../agent/adapters/telemetry/host-telemetry.ts";
import type { EngineOutcome, InferenceEngine } from "../../agent/ports/inference-engine.ts";
import { dialGrpc } from "../../agent/adapters/links/grpc-dial.ts";
import { AgentProcess } from "../../agent/shell/agent-process.ts";
import { grpcService } from "../../base/node/grpc-service.ts";
import type { Clock } from "../../base/clock.ts";
import { SYSTEM_CLOCK } from "../../base/node/system-clock.ts";
import type { RunState } from "../../coordinator/core/state.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import { AgentService } from "../../proto/gen/muster/v1/agent_pb.js";
import { InProcessCoordinator } from "../support/in-process-coordinator.ts";

const MODEL = "hash";
const SAMPLES = 60;

let folder: string;
let coordinator: InProcessCoordinator;
const running: AgentProcess[] = [];
let incarnations = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-link-"));
  coordinator = new InProcessCoordinator(join(folder, "coordinator"));
  await coordinator.start();
});

afterEach(async () => {
  for (const agent of running.splice(0)) agent.stop("the test is over");
  await coordinator.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface StartedAgent {
  readonly agent: AgentProcess;
  /** Settles as `AgentProcess.run` does. */
  readonly ended: Promise<void>;
  /** Messages that it logged. */
  readonly said: string[];
  readonly spoolFolder: string;
}

function startAgent(
  name: string,
  engine: InferenceEngine,
  { address = coordinator.address, clock = SYSTEM_CLOCK }: { address?: string; clock?: Clock } = {},
): StartedAgent {
  const spoolFolder = join(folder, name);
  mkdirSync(spoolFolder, { recursive: true });
  const said: string[] = [];
  const agent = new AgentProcess({
    identity: { agentId: name, incarnation: `start ${incarnations++}`, hostName: name, pricePerSlotHour: 0 },
    coordinators: [address],
    dial: dialGrpc,
    engines: new Map([["slot-0", engine]]),
    spool: new SqliteSpool(spoolFolder),
    telemetry: new HostTelemetry(null),
    log: pino({ level: "debug" }, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) }),
    clock,
    randomBelow: (limit) => Math.floor(limit / 2),
    onWelcome: () => undefined,
  });
  running.push(agent);
  const ended = agent.run();
  ended.catch(() => undefined);
  return { agent, ended, said, spoolFolder };
}

/** Spooled batches of an agent that has ended. */
function spooled({ spoolFolder }: StartedAgent): readonly number[] {
  const spool = new SqliteSpool(spoolFolder);
  const numbers = spool.numbers();
  spool.close();
  return numbers;
}

async function reach(condition: (run: RunState) => boolean, runId = "r1"): Promise<RunState> {
  await vi.waitFor(() => expect(condition(coordinator.run(runId))).toBe(true), { timeout: 30_000, interval: 10 });
  return coordinator.run(runId);
}

const ended = (run: RunState): boolean => run.phase === "ended";

/** The simulated engine, noting what it was asked for and what it answered. */
class NotingEngine extends SimulatedEngine {
  readonly asked: number[] = [];
  readonly answered: number[] = [];

  constructor(latencyMs: number, concurrency = 4) {
    super(MODEL, concurrency, { latencyMs });
  }

  override async compute(
    requests: readonly EvaluationRequest[],
    signal: AbortSignal,
  ): Promise<readonly EngineOutcome[]> {
    this.asked.push(...requests.map(({ index }) => index));
    const outcomes = await super.compute(requests, signal);
    outcomes.forEach(({ kind }, position) => {
      if (kind !== "failed") this.answered.push(requests[position]!.index);
    });
    return outcomes;
  }
}

/** The hash engine with a fault. */
class FaultyEngine extends HashEngine {
  readonly #fault: (requests: readonly EvaluationRequest[]) => readonly EngineOutcome[] | null;
  trouble: string | null = null;

  constructor(concurrency: number, fault: (requests: readonly EvaluationRequest[]) => readonly EngineOutcome[] | null) {
    super(MODEL, concurrency);
    this.#fault = fault;
  }

  override async compute(requests: readonly EvaluationRequest[]): Promise<readonly EngineOutcome[]> {
    return this.#fault(requests) ?? super.compute(requests);
  }

  override async health(): Promise<string | null> {
    return this.trouble;
  }
}

test("an agent computes a run; what is acknowledged leaves its spool", async () => {
  const agent = startAgent("a", new HashEngine(MODEL, null));
  await coordinator.submit("r1", SAMPLES, MODEL);
  const run = await reach(ended);
  expect(run).toMatchObject({ end: "done", requestsDone: 3 * SAMPLES, duplicates: 0, disagreements: 0 });
  agent.agent.stop("enough");
  await agent.ended;
  expect(spooled(agent)).toEqual([]);
});

test("an agent whose clock is set back an hour works as any, and that is said and measured", async () => {
  const clock = { ...SYSTEM_CLOCK, unixMs: () => Date.now() - 3_600_000 };
  startAgent("late", new HashEngine(MODEL, 4), { clock });
  await coordinator.submit("r1", 20, MODEL);
  const run = await reach(ended);
  expect(run.end).toBe("done");
  const skew = async (): Promise<number> => {
    const text = await coordinator.metrics();
    return Number(/^muster_agent_clock_skew_seconds\{agent="late"\} (\S+)$/m.exec(text)?.[1] ?? 0);
  };
  await expect.poll(skew).toBeLessThan(-3_590);
  expect(await skew()).toBeGreaterThan(-3_610);
  expect(coordinator.said).toContainEqual(expect.stringMatching(/its clock is 3600 s behind this one/));
});

test("two agents share a run, and each request is computed once", async () => {
  const engines = [new NotingEngine(4), new NotingEngine(4)];
  engines.forEach((engine, position) => startAgent(`a${position}`, engine));
  await coordinator.submit("r1", SAMPLES, MODEL);
  const run = await reach(ended);
  for (const engine of engines) expect(engine.asked.length).toBeGreaterThan(0);
  const asked = engines.flatMap((engine) => engine.asked).sort((first, second) => first - second);
  expect(asked).toEqual(Array.from({ length: 3 * SAMPLES }, (_, index) => index));
  expect(run.duplicates).toBe(0);
});

test("a coordinator that comes back finds its agent by itself, and nothing is computed twice", async () => {
  const engine = new NotingEngine(20);
  const agent = startAgent("a", engine);
  await coordinator.submit("r1", SAMPLES, MODEL);
  await reach((run) => run.requestsDone > 0);
  const before = engine.asked.length;
  await coordinator.stop();
  // It goes on with what it holds while nobody listens.
  await vi.waitFor(() => expect(engine.asked.length).toBeGreaterThan(before), { timeout: 10_000 });
  await coordinator.start();
  const run = await reach(ended);
  expect(run).toMatchObject({ end: "done", requestsDone: 3 * SAMPLES, disagreements: 0 });
  expect(new Set(engine.asked).size).toBe(engine.asked.length);
  expect(agent.said.filter((sentence) => sentence.startsWith("no connection"))).toHaveLength(1);
});

test("what an agent finished while it had no coordinator is sent by its next start, and not computed again", async () => {
  const first = new NotingEngine(20);
  const before = startAgent("a", first);
  await coordinator.submit("r1", SAMPLES, MODEL);
  await reach((run) => run.requestsDone > 0);
  await coordinator.stop();
  const { requestsDone } = coordinator.run("r1");
  await vi.waitFor(() => expect(first.answered.length).toBeGreaterThan(requestsDone), { timeout: 10_000 });
  before.agent.stop("the host is restarted");
  await before.ended;
  expect(spooled(before).length).toBeGreaterThan(0);
  await coordinator.start();
  const second = new NotingEngine(5);
  startAgent("a", second);
  const run = await reach(ended);
  expect(run).toMatchObject({ end: "done", requestsDone: 3 * SAMPLES });
  expect(second.asked.filter((index) => first.answered.includes(index))).toEqual([]);
});

test("a stopped agent gives its leases back at once, and another one finishes the run", async () => {
  const leaving = startAgent("leaving", new NotingEngine(50));
  await coordinator.submit("r1", SAMPLES, MODEL);
  await reach((run) => run.requestsDone > 0);
  leaving.agent.stop("maintenance");
  await leaving.ended;
  expect(spooled(leaving)).toEqual([]);
  const run = coordinator.run("r1");
  expect(run.requestsDone).toBeLessThan(3 * SAMPLES);
  await reach(({ openLeases }) => openLeases.size === 0);
  expect(run.leaseList.map(({ end }) => end)).toContain("returned");
  startAgent("staying", new HashEngine(MODEL, null));
  expect(await reach(ended)).toMatchObject({ end: "done", leaseExpiries: 0 });
});

test("an engine that fails gives its leases back, is looked at, and takes work again when it works", async () => {
  let isBroken = true;
  const engine = new FaultyEngine(4, (requests) =>
    isBroken ? requests.map(() => failure("same", "it is gone")) : null,
  );
  engine.trouble = "it is gone";
  const agent = startAgent("a", engine);
  await coordinator.submit("r1", SAMPLES, MODEL);
  await reach((run) => run.leaseList.some(({ end }) => end === "returned"));
  isBroken = false;
  engine.trouble = null;
  const run = await reach(ended);
  expect(run).toMatchObject({ end: "done", requestsDone: 3 * SAMPLES });
  expect(run.failedAttempts.size).toBe(0);
  expect(agent.said).toContain("the engine works again");
});

test("an engine that asks to be left alone loses nothing by it", async () => {
  const refused = new Set<number>();
  const engine = new FaultyEngine(8, (requests) => {
    const { index } = requests[0]!;
    if (index % 7 !== 0 || refused.has(index)) return null;
    refused.add(index);
    return requests.map(() => ({ ...failure("same", "429"), retryAfterMs: 20 }));
  });
  startAgent("a", engine);
  await coordinator.submit("r1", SAMPLES, MODEL);
  const run = await reach(ended);
  expect(refused.size).toBeGreaterThan(3);
  expect(run).toMatchObject({ end: "done", requestsDone: 3 * SAMPLES });
  expect(run.failedAttempts.size).toBe(0);
});

test("a request on which an engine throws, or answers nonsense, is set aside and does not end the run", async () => {
  const engine = new FaultyEngine(4, (requests) => {
    if (requests[0]!.index === 30) throw new Error("index out of bounds");
    if (requests[0]!.index !== 33) return null;
    return requests.map(() => ({ kind: "logprob", logprob: Number.NaN, isGreedy: false, ...NO_COST }));
  });
  startAgent("a", engine);
  await coordinator.submit("r1", SAMPLES, MODEL);
  const run = await reach(ended);
  expect(run).toMatchObject({ end: "partial", requestsDone: 3 * SAMPLES - 6 });
  expect([...run.quarantined.keys()].sort((first, second) => first - second)).toEqual([30, 31, 32, 33, 34, 35]);
  expect(run.quarantined.get(30)).toMatchObject({ reason: "broken_engine", message: "hash: index out of bounds" });
  expect(run.quarantined.get(33)).toMatchObject({ reason: "nan" });
});

test("a request that breaks its engine each time is set aside and does not end the run", async () => {
  const engine = new FaultyEngine(1, (requests) => {
    engine.trouble = requests[0]!.index === 30 ? "it ran out of memory" : null;
    return engine.trouble === null ? null : requests.map(() => failure("elsewhere", "connection reset"));
  });
  engine.health = async () => {
    const { trouble } = engine;
    // It is started again by whoever looks after it.
    engine.trouble = null;
    return trouble;
  };
  startAgent("a", engine);
  await coordinator.submit("r1", SAMPLES, MODEL);
  const run = await reach(ended);
  expect(run).toMatchObject({ end: "partial", requestsDone: 3 * SAMPLES - 3 });
  expect([...run.quarantined.keys()].sort((first, second) => first - second)).toEqual([30, 31, 32]);
});

test("a coordinator that refuses the agent ends it with the coordinator's sentence", async () => {
  const refusing = new Server();
  refusing.addService(grpcService(AgentService), {
    control: (stream: ServerDuplexStream<unknown, unknown>) => {
      stream.once("data", () => {
        const value = { $typeName: "muster.v1.Refusal", kind: "version", message: "this agent speaks protocol 7" };
        stream.write({ $typeName: "muster.v1.ControlDown", message: { case: "refusal", value } });
        stream.end();
      });
    },
    data: () => undefined,
  });
  const port = await new Promise<number>((resolve, reject) => {
    refusing.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const { ended } = startAgent("a", new HashEngine(MODEL, null), { address: `127.0.0.1:${port}` });
  await expect(ended).rejects.toMatchObject({
    kind: "conflict",
    message: `the coordinator at 127.0.0.1:${port} refuses this agent: this agent speaks protocol 7`,
  });
  refusing.forceShutdown();
});

const NO_COST = { promptTokens: 0, completionTokens: 0, truncatedTokens: 0, latencyUs: 0 };

function failure(retry: "same" | "elsewhere", message: string): EngineOutcome & { kind: "failed" } {
  return { kind: "failed", retry, reason: "test", message };
}
