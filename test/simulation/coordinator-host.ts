import type { Decision } from "../../coordinator/core/decide.ts";
import type { Effect } from "../../coordinator/core/effect.ts";
import type { Event } from "../../coordinator/core/event.ts";
import type { Input, ResponseBatch } from "../../coordinator/core/input.ts";
import {
  type CoordinatorState,
  type CoreSettings,
  DEFAULT_CORE_SETTINGS,
  emptyState,
} from "../../coordinator/core/state.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { type Checker, compareStates } from "./checker.ts";
import type { Cores } from "./cores.ts";
import { JournalDisk } from "./journal-disk.ts";
import { Violation } from "./ledger.ts";
import { ProcessLife } from "./process-life.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { ControlUp, DataDown, DataUp, Link, LinkEnd, SentSample } from "./wire.ts";

/** Slowest reading of prompts and slowest write of a blob, milliseconds. */
const BLOB_MAX_MS = 30;
const TICK_MS = 250;
/** Slowest computation of the final scores, and writing of an ended run's archive. */
const FINISH_MAX_MS = 400;

/** What a coordinator lives in. */
export interface CoordinatorSurroundings {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly cores: Cores;
  readonly checker: Checker;
  readonly trace: Trace;
  readonly settings: Partial<CoreSettings>;
}

/** What the coordinator knows of one connection, as its shell does. */
interface Connection {
  readonly link: Link;
  agentId: string;
  incarnation: string;
  dataIsOpen: boolean;
  closed: boolean;
  readonly waiting: DataDown[];
  /** When the last lease to this agent has been sent: one goes after the other. */
  leasesSentAtMs: number;
}

/** What one life of the coordinator holds in memory. */
interface Running {
  readonly life: ProcessLife;
  readonly state: CoordinatorState;
  /** Its monotonic clock runs from another zero. */
  readonly clockOffsetMs: number;
  readonly connections: Map<string, Connection>;
  /** How to reach every connection that was ever made to it. */
  readonly links: (() => Link)[];
  events: Event[];
  effects: Effect[];
  isAppending: boolean;
}

/** The coordinator's shell around the real core: persists, then performs; dies and comes back on the same journal. */
export class CoordinatorHost {
  readonly #around: CoordinatorSurroundings;
  readonly #disk: JournalDisk;
  #running: Running | null = null;

  constructor(surroundings: CoordinatorSurroundings) {
    this.#around = surroundings;
    const { random, checker } = surroundings;
    this.#disk = new JournalDisk(random, (events) => checker.afterDurable(events));
  }

  get isUp(): boolean {
    return this.#running !== null;
  }

  /** The state of the living process, for the world to look at. */
  get state(): CoordinatorState | null {
    return this.#running?.state ?? null;
  }

  start(): void {
    const { clock, cores, checker, trace, random } = this.#around;
    const clockOffsetMs = random.below(1_000_000);
    const nowMs = clock.nowMs + clockOffsetMs;
    const state = this.#recover(nowMs);
    checker.restart(this.#disk.read(), () => this.#recover(nowMs));
    const life = new ProcessLife(clock);
    const memory = { connections: new Map<string, Connection>(), links: [], events: [], effects: [] };
    const running: Running = { life, state, clockOffsetMs, ...memory, isAppending: false };
    this.#running = running;
    trace("coordinator", `starts epoch ${state.epoch + 1}`);
    const decision = cores.coordinator.start(state, state.epoch + 1, nowMs);
    this.#note(running, { kind: "TimePassed" }, decision);
    life.every(TICK_MS, () => this.take({ kind: "TimePassed" }));
    for (const run of state.runs.values()) if (run.phase === "ended") this.#archive(running, run.run.runId);
  }

  /** Ends the process at once. */
  crash(): void {
    const running = this.#running;
    if (running === null) return;
    this.compareWithDisk();
    this.#running = null;
    running.life.end();
    this.#disk.cutOff();
    this.#around.trace("coordinator", `crashes with ${running.events.length} events in memory only`);
    for (const getLink of running.links) getLink().cut("coordinator");
  }

  /** Where all is durable, the live state must be what the next coordinator would read. */
  compareWithDisk(): void {
    const running = this.#running;
    if (running === null || running.isAppending || running.events.length > 0) return;
    compareStates(running.state, this.#recover(this.#around.clock.nowMs), (run) => run.phase !== "ended");
  }

  stall(durationMs: number): void {
    this.#running?.life.stall(durationMs);
  }

  /** The coordinator's end of a new connection, or null where nobody listens. */
  accept(getLink: () => Link): LinkEnd<ControlUp, DataUp> | null {
    const running = this.#running;
    if (running === null) return null;
    let connection: Connection | null = null;
    running.links.push(getLink);
    return {
      life: running.life,
      control: (message) => {
        if (message.kind === "hello") connection = this.#hello(running, getLink(), message);
        else if (connection !== null) this.#controlMessage(connection, message);
      },
      data: (message) => {
        if (connection !== null) this.#dataMessage(running, connection, message);
      },
      down: () => {
        if (connection !== null) this.#disconnect(running, connection);
      },
    };
  }

  take(input: Input): void {
    const running = this.#running;
    if (running === null) return;
    const { clock, cores } = this.#around;
    const decision = cores.coordinator.step(running.state, { nowMs: clock.nowMs + running.clockOffsetMs, input });
    this.#note(running, input, decision);
  }

  #note(running: Running, input: Input, decision: Decision): void {
    const { checker, cores, trace } = this.#around;
    if (input.kind !== "TimePassed" || decision.events.length > 0) {
      trace("coordinator", input, ...decision.events.map((event) => event.kind));
    }
    checker.afterStep(running.state, input, decision);
    running.events.push(...decision.events);
    if (cores.coordinator.persistsFirst) running.effects.push(...decision.effects);
    else for (const effect of decision.effects) this.#perform(running, effect);
    this.#flush(running);
  }

  #flush(running: Running): void {
    if (running.isAppending || (running.events.length === 0 && running.effects.length === 0)) return;
    const [events, effects] = [running.events, running.effects];
    [running.events, running.effects] = [[], []];
    running.isAppending = true;
    this.#disk.append(running.life, events, () => {
      running.isAppending = false;
      for (const event of events) if (event.kind === "RunEnded") this.#archive(running, event.runId);
      for (const effect of effects) this.#perform(running, effect);
      this.#flush(running);
    });
  }

  #perform(running: Running, effect: Effect): void {
    switch (effect.kind) {
      case "FinishRun":
        return this.#finish(running, effect.runId);
      case "ScoreResponses":
      case "Report":
      case "CountRefusal":
        return;
      default: {
        const connection = running.connections.get(effect.agentId);
        if (connection !== undefined && !connection.closed) this.#send(running, connection, effect);
      }
    }
  }

  #send(running: Running, connection: Connection, effect: Extract<Effect, { agentId: string }>): void {
    const { link } = connection;
    const { leaseId } = effect as { readonly leaseId: string };
    switch (effect.kind) {
      case "SendWelcome":
        return link.controlDown({ kind: "welcome", keptLeaseIds: effect.keptLeaseIds });
      case "SendLease":
        return this.#sendLease(running, connection, effect);
      case "SendRevocation":
        return link.controlDown({ kind: "leaseRevocation", leaseId });
      case "SendRecall":
        return link.controlDown({ kind: "leaseRecall", leaseId, samplesMax: effect.samplesMax });
      case "SendDrain":
        return link.controlDown({ kind: "drainOrder" });
      case "AcknowledgeBatch":
        return this.#sendData(connection, { kind: "batchAcknowledgement", batchNumber: effect.batchNumber });
    }
  }

  #sendData(connection: Connection, message: DataDown): void {
    if (connection.closed) return;
    if (connection.dataIsOpen) connection.link.dataDown(message);
    else connection.waiting.push(message);
  }

  /** Prompts are read from the disk first, and travel in parts. */
  #sendLease(running: Running, connection: Connection, grant: Extract<Effect, { kind: "SendLease" }>): void {
    const { runId, leaseId, slotId } = grant;
    const { clock, random } = this.#around;
    const atMs = Math.max(connection.leasesSentAtMs, clock.nowMs + random.below(BLOB_MAX_MS));
    connection.leasesSentAtMs = atMs;
    running.life.after(atMs - clock.nowMs, () => {
      if (connection.closed) return;
      const run = running.state.runs.get(runId);
      const lease = run?.leases.get(leaseId);
      const samples: SentSample[] = [];
      for (const sample of run === undefined || lease === undefined || lease.end !== null ? [] : lease.samples) {
        if (run!.holder[sample] !== lease!.ordinal) continue;
        const requests: number[] = [];
        for (let request = run!.firstRequest[sample]!; request < run!.firstRequest[sample + 1]!; request++) {
          if (run!.fingerprints[request] === 0 && !run!.quarantined.has(request)) requests.push(request);
        }
        if (requests.length > 0) samples.push({ sample, requestCount: requests.length, requests });
      }
      const requestCount = samples.reduce((sum, sample) => sum + sample.requestCount, 0);
      connection.link.controlDown({ kind: "leaseGrant", leaseId, runId, slotId, requestCount });
      const size = 1 + random.below(samples.length + 1);
      for (let from = 0; from < samples.length; from += size) {
        this.#sendData(connection, {
          kind: "leaseRequests",
          leaseId,
          runId,
          samples: samples.slice(from, from + size),
        });
      }
    });
  }

  #hello(running: Running, link: Link, hello: Extract<ControlUp, { kind: "hello" }>): Connection {
    const { agentId, incarnation } = hello.agent;
    const before = running.connections.get(agentId);
    if (before !== undefined) this.#close(before);
    const connection: Connection = {
      link,
      agentId,
      incarnation,
      dataIsOpen: false,
      closed: false,
      waiting: [],
      leasesSentAtMs: 0,
    };
    running.connections.set(agentId, connection);
    this.take({ kind: "AgentArrived", agent: hello.agent, heldLeaseIds: hello.heldLeaseIds });
    return connection;
  }

  #controlMessage({ agentId }: Connection, message: Exclude<ControlUp, { kind: "hello" }>): void {
    switch (message.kind) {
      case "workWanted":
        return this.take({ ...message, kind: "WorkWanted", agentId, queuedSamples: 0 });
      case "leaseRenewal":
        return this.take({ kind: "LeasesRenewed", agentId, leaseIds: message.leaseIds });
      case "leaseReturn":
        return this.take({ ...message, kind: "LeaseReturned", agentId });
      case "samplesReturn":
        return this.take({ ...message, kind: "SamplesReturned", agentId });
    }
  }

  #dataMessage(running: Running, connection: Connection, message: DataUp): void {
    if (message.kind === "responseBatch") return this.#batch(running, message.batch);
    const current = running.connections.get(message.agentId);
    if (current !== connection || connection.incarnation !== message.incarnation) return this.#close(connection);
    connection.dataIsOpen = true;
    for (const waiting of connection.waiting.splice(0)) connection.link.dataDown(waiting);
    connection.link.dataDown({ kind: "dataWelcome" });
  }

  /** Columns are made durable before the core hears of them, also when the connection is gone meanwhile. */
  #batch(running: Running, batch: ResponseBatch): void {
    running.life.after(this.#around.random.below(BLOB_MAX_MS), () => this.take({ kind: "ResponsesArrived", batch }));
  }

  #disconnect(running: Running, connection: Connection): void {
    const { agentId, incarnation } = connection;
    if (running.connections.get(agentId) !== connection) return;
    running.connections.delete(agentId);
    this.#close(connection);
    this.take({ kind: "AgentDisconnected", agentId, incarnation });
  }

  #close(connection: Connection): void {
    connection.closed = true;
    connection.link.cut("coordinator");
  }

  #finish(running: Running, runId: string): void {
    running.life.after(this.#around.random.below(FINISH_MAX_MS), () =>
      this.take({ kind: "ScoresArrived", runId, outcome: { kind: "scored", scoresDigest: "scores" } }),
    );
  }

  #archive(running: Running, runId: string): void {
    running.life.after(this.#around.random.below(FINISH_MAX_MS), () => this.take({ kind: "RunArchived", runId }));
  }

  /** As coordinator/shell/recovery.ts reads the journals: the cluster's first, then those of the runs that are not closed. */
  #recover(nowMs: number): CoordinatorState {
    const { settings, cores } = this.#around;
    const state = emptyState({ ...DEFAULT_CORE_SETTINGS, ...settings });
    const closed = new Set<string>();
    for (const event of this.#disk.read()) {
      if (event.kind === "EpochStarted") {
        if (event.epoch <= state.epoch) throw new Violation(`epoch ${event.epoch} began after epoch ${state.epoch}`);
        state.epoch = event.epoch;
      } else if (event.kind === "RunClosed") closed.add(event.runId);
      else if (event.kind !== "RunListed" && !closed.has(event.runId)) cores.coordinator.evolve(state, event, nowMs);
    }
    return state;
  }
}
