import { SeededRandom } from "../../quickstart/seeded-random.ts";
import { aRun } from "../support/core-builders.ts";
import { AgentHost, type Dial } from "./agent-host.ts";
import { Checker } from "./checker.ts";
import { CoordinatorHost } from "./coordinator-host.ts";
import { type Cores, TRUE_CORES } from "./cores.ts";
import { Engine } from "./engine.ts";
import { Violation } from "./ledger.ts";
import { drawScenario, type Fault, FAULTS_END_MS, type FaultKind, type Scenario } from "./scenario.ts";
import type { Trace } from "./trace.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { Link } from "./wire.ts";

/** How long a world may take to come to rest after the last fault: far more than all work on the slowest slot. */
const REST_MS = 600_000;
/** A connection that nobody answers is given up after this. */
const DIAL_TIMEOUT_MS = 1_000;
const HANDSHAKE_MAX_MS = 50;
/** A user whose command got no answer tries again after this. */
const RETRY_MS = 700;
/** More actions than any world needs; one that reaches it has a loop without rest. */
const ACTIONS_MAX = 5_000_000;

/** What a world was like. */
export interface WorldReport {
  readonly actions: number;
  /** Virtual milliseconds until everything was at rest. */
  readonly durationMs: number;
  /** Faults that struck while work was under way. */
  readonly faults: Readonly<Record<FaultKind, number>>;
}

/** Where a world may be looked into, and broken on purpose. */
export interface WorldOptions {
  readonly cores?: Cores;
  readonly trace?: Trace;
}

/**
 * Lives through one seed: a coordinator and its agents, runs, and whatever goes wrong. Throws a `Violation` at the first
 * broken rule, and where the world does not come to rest once nothing goes wrong any more.
 */
export function liveThrough(seed: number, options: WorldOptions = {}): WorldReport {
  return new World(seed, options).live();
}

class World {
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #scenario: Scenario;
  readonly #checker: Checker;
  readonly #trace: Trace;
  readonly #coordinator: CoordinatorHost;
  readonly #agents: AgentHost[];
  /** Agents that cannot reach the coordinator, until when. */
  readonly #partitionedUntilMs: number[];
  readonly #struck = new Map<FaultKind, number>();

  constructor(seed: number, { cores = TRUE_CORES, trace = () => {} }: WorldOptions) {
    this.#random = new SeededRandom(seed ^ 0x5eed);
    this.#scenario = drawScenario(seed);
    const { agents, broken, leaseDurationMs, slowAgents, latencyMaxMs, failPercent, busyPercent } = this.#scenario;
    const isBroken = (runId: string, request: number): boolean => broken.has(`${runId}/${request}`);
    this.#checker = new Checker(cores, isBroken);
    this.#trace = (who, ...what) => trace(`${String(this.#clock.nowMs).padStart(8)} ${who}`, ...what);
    const shared = {
      clock: this.#clock,
      random: this.#random,
      cores,
      checker: this.#checker,
      trace: this.#trace,
    };
    this.#coordinator = new CoordinatorHost({ ...shared, settings: { leaseDurationMs } });
    const renewalIntervalMs = Math.floor(leaseDurationMs / 3);
    const engine = new Engine({ slowAgents, latencyMaxMs, failPercent, busyPercent, isBroken, renewalIntervalMs });
    this.#partitionedUntilMs = agents.map(() => 0);
    this.#agents = agents.map(
      (agent, position) => new AgentHost(agent, { ...shared, engine, dial: this.#dialer(position) }),
    );
  }

  live(): WorldReport {
    const { runs, agentStartsMs, faults, cancelled, drained } = this.#scenario;
    this.#coordinator.start();
    this.#agents.forEach((agent, position) => this.#clock.after(agentStartsMs[position]!, () => agent.start()));
    for (const { runId, atMs } of runs) this.#clock.after(atMs, () => this.#submit(runId));
    if (cancelled !== null) this.#clock.after(cancelled.atMs, () => this.#cancel(cancelled.runId));
    if (drained !== null) this.#clock.after(drained.atMs, () => this.#drain(drained.agent));
    for (const fault of faults) this.#clock.after(fault.atMs, () => this.#strike(fault));
    let actions = 0;
    while (!this.#isAtRest()) {
      actions += 1;
      const isLate = !this.#clock.advance(FAULTS_END_MS + REST_MS);
      if (isLate || actions > ACTIONS_MAX) throw new Violation(`the world does not come to rest: ${this.#unrest()}`);
    }
    this.#coordinator.compareWithDisk();
    const struck = Object.fromEntries(this.#struck) as Record<FaultKind, number>;
    return { actions, durationMs: this.#clock.nowMs, faults: struck };
  }

  #isAtRest(): boolean {
    return this.#clock.nowMs > FAULTS_END_MS && this.#unrest() === null;
  }

  /** What is still to be done, in words, or null. */
  #unrest(): string | null {
    for (const { runId } of this.#scenario.runs)
      if (this.#checker.endOf(runId) === null) return `${runId} has not ended`;
    for (const agent of this.#agents) {
      const { leftover } = agent;
      if (leftover !== null) return leftover;
    }
    return null;
  }

  /** A client sends its plan until it hears that the run is durable. */
  #submit(runId: string): void {
    const { shape } = this.#scenario.runs.find((run) => run.runId === runId)!;
    if (this.#checker.knows(runId)) return;
    this.#coordinator.take({ kind: "RunArrived", run: aRun({ runId }), shape });
    this.#clock.after(RETRY_MS, () => this.#submit(runId));
  }

  #cancel(runId: string): void {
    if (this.#checker.endOf(runId) !== null) return;
    this.#coordinator.take({ kind: "CancelRequested", runId });
    this.#clock.after(RETRY_MS, () => this.#cancel(runId));
  }

  #drain(position: number): void {
    const { agentId } = this.#scenario.agents[position]!;
    this.#coordinator.take({ kind: "DrainRequested", agentId });
  }

  #dialer(position: number): Dial {
    return (end, reply) => {
      const isReachable = this.#clock.nowMs >= this.#partitionedUntilMs[position]!;
      let link: Link | null = null;
      const accepted = isReachable ? this.#coordinator.accept(() => link!) : null;
      if (accepted === null) return end.life.after(DIAL_TIMEOUT_MS, () => reply(null));
      link = new Link(this.#clock, this.#random, { agent: end, coordinator: accepted });
      const made = link;
      return end.life.after(this.#random.below(HANDSHAKE_MAX_MS), () => reply(made));
    };
  }

  #strike({ kind, agent: position, slot, durationMs }: Fault): void {
    const agent = this.#agents[position]!;
    if (this.#agents.some((one) => one.isBusy)) this.#struck.set(kind, (this.#struck.get(kind) ?? 0) + 1);
    this.#trace("fault", `${kind} of a${position} for ${durationMs} ms`);
    switch (kind) {
      case "cut":
        return agent.cutConnection();
      case "partition":
        this.#partitionedUntilMs[position] = this.#clock.nowMs + durationMs;
        return agent.cutConnection();
      case "agentCrash":
        if (!agent.isUp) return;
        agent.crash();
        return this.#clock.after(durationMs, () => agent.start());
      case "coordinatorCrash":
        if (!this.#coordinator.isUp) return;
        this.#coordinator.crash();
        return this.#clock.after(durationMs, () => this.#coordinator.start());
      case "agentStall":
        return agent.stall(durationMs);
      case "coordinatorStall":
        return this.#coordinator.stall(durationMs);
      case "brokenEngine":
        return agent.breakSlot(slot);
      case "blockedSpool":
        return agent.blockSpool(durationMs);
    }
  }
}
