import type { Effect } from "../../agent/core/effect.ts";
import type { Input } from "../../agent/core/input.ts";
import { type AgentState, heldLeaseIds } from "../../agent/core/state.ts";
import type { AgentAnnouncement, FailedRequest, ResponseBatch } from "../../coordinator/core/input.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { aBatch } from "../support/core-builders.ts";
import type { Checker } from "./checker.ts";
import type { Cores } from "./cores.ts";
import type { Engine } from "./engine.ts";
import { ProcessLife } from "./process-life.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { ControlDown, ControlUp, DataDown, DataUp, Link, LinkEnd } from "./wire.ts";

const TICK_MS = 250;
/** Slowest write of the spool, milliseconds. */
const SPOOL_MAX_MS = 20;
const RECONNECT_MAX_MS = 1_500;
/** A slot whose engine broke is looked at again within this time. */
const LOOK_AGAIN_MAX_MS = 2_000;

/** Connects to the coordinator: calls `reply` with the connection, or with null after a while where nobody answers. */
export type Dial = (end: LinkEnd<ControlDown, DataDown>, reply: (link: Link | null) => void) => void;

/** What an agent lives in. */
export interface AgentSurroundings {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly cores: Cores;
  readonly checker: Checker;
  readonly trace: Trace;
  readonly engine: Engine;
  readonly dial: Dial;
}

/** What was collected of a lease and is in no batch yet. */
interface Outcomes {
  readonly responses: number[];
  readonly failures: FailedRequest[];
}

interface Running {
  readonly life: ProcessLife;
  readonly state: AgentState;
  readonly clockOffsetMs: number;
  readonly incarnation: string;
  readonly inputs: Input[];
  isTaking: boolean;
  link: Link | null;
  /** Requests to answer, by lease and sample. */
  readonly prompts: Map<string, Map<number, readonly number[]>>;
  readonly outcomes: Map<string, Outcomes>;
  /** Batches that are being written. */
  readonly writing: Map<number, ResponseBatch>;
  spoolIsBlocked: boolean;
}

/** The agent's shell around the real core: spool, engine, connection; dies and comes back with its spool. */
export class AgentHost {
  readonly #around: AgentSurroundings;
  readonly #announcement: AgentAnnouncement;
  /** The disk: it survives, and with it the highest number that was ever written. */
  readonly #spool = new Map<number, ResponseBatch>();
  #highestNumber = 0;
  #lives = 0;
  #running: Running | null = null;

  constructor(announcement: AgentAnnouncement, surroundings: AgentSurroundings) {
    this.#announcement = announcement;
    this.#around = surroundings;
  }

  get isUp(): boolean {
    return this.#running !== null;
  }

  /** Whether an engine of it has a sample. */
  get isBusy(): boolean {
    return [...(this.#running?.state.slots.values() ?? [])].some((slot) => slot.running > 0);
  }

  /** What it still keeps, in words, or null: an agent at rest has no lease and an empty spool. */
  get leftover(): string | null {
    const { agentId } = this.#announcement;
    if (this.#spool.size > 0) return `${agentId} still has ${this.#spool.size} batches in its spool`;
    const leases = this.#running === null ? [] : [...this.#running.state.leases.keys()];
    return leases.length > 0 ? `${agentId} still keeps ${leases.join(", ")}` : null;
  }

  start(): void {
    const { clock, cores, random, trace } = this.#around;
    this.#lives += 1;
    const state = cores.agent.beginState({
      slots: this.#announcement.slots.map(({ slotId, description }) => ({
        slotId,
        concurrency: description.concurrency,
      })),
      spooledBatches: [...this.#spool.keys()].toSorted((left, right) => left - right),
      nextBatchNumber: this.#highestNumber + 1,
    });
    const running: Running = {
      life: new ProcessLife(clock),
      state,
      clockOffsetMs: random.below(1_000_000),
      incarnation: `${this.#announcement.agentId}-${this.#lives}`,
      inputs: [],
      isTaking: false,
      link: null,
      prompts: new Map(),
      outcomes: new Map(),
      writing: new Map(),
      spoolIsBlocked: false,
    };
    this.#running = running;
    trace(this.#announcement.agentId, `starts with ${this.#spool.size} batches in its spool`);
    running.life.every(TICK_MS, () => this.#take(running, { kind: "TimePassed" }));
    this.#connect(running);
  }

  crash(): void {
    const running = this.#running;
    if (running === null) return;
    this.#around.trace(this.#announcement.agentId, "crashes");
    this.#running = null;
    running.life.end();
    running.link?.cut("agent");
  }

  stall(durationMs: number): void {
    this.#running?.life.stall(durationMs);
  }

  cutConnection(): void {
    this.#running?.link?.cut();
  }

  /** Breaks one slot's engine; it works again a while later. */
  breakSlot(position: number): void {
    const running = this.#running;
    const slotId = `s${position % this.#announcement.slots.length}`;
    if (running === null || running.state.slots.get(slotId)!.failed) return;
    this.#take(running, { kind: "SlotFailed", slotId, reason: "the engine is gone" });
    running.life.after(this.#around.random.below(LOOK_AGAIN_MAX_MS), () =>
      this.#take(running, { kind: "SlotRecovered", slotId }),
    );
  }

  /** The disk takes nothing for a while. */
  blockSpool(durationMs: number): void {
    const running = this.#running;
    if (running === null || running.spoolIsBlocked) return;
    running.spoolIsBlocked = true;
    this.#take(running, { kind: "SpoolBlocked", blocked: true });
    running.life.after(durationMs, () => {
      running.spoolIsBlocked = false;
      this.#take(running, { kind: "SpoolBlocked", blocked: false });
      this.#writeSpool(running);
    });
  }

  #take(running: Running, input: Input): void {
    const { clock, cores, checker, trace } = this.#around;
    const { agentId } = this.#announcement;
    running.inputs.push(input);
    if (running.isTaking) return;
    running.isTaking = true;
    for (let next = running.inputs.shift(); next !== undefined; next = running.inputs.shift()) {
      const effects = cores.agent.step(running.state, { nowMs: clock.nowMs + running.clockOffsetMs, input: next });
      if (next.kind !== "TimePassed" || effects.length > 0) trace(agentId, next, ...effects.map(({ kind }) => kind));
      checker.afterAgentStep(agentId, running.state);
      for (const effect of effects) this.#perform(running, effect);
    }
    running.isTaking = false;
  }

  #perform(running: Running, effect: Effect): void {
    const { link } = running;
    switch (effect.kind) {
      case "StartSample":
        return this.#compute(running, effect);
      case "DropSamples":
        for (const sample of effect.samples) running.prompts.get(effect.leaseId)?.delete(sample);
        return;
      case "ForgetLease":
        running.prompts.delete(effect.leaseId);
        return;
      case "SpoolBatch":
        running.writing.set(effect.batchNumber, this.#makeBatch(running, effect));
        return this.#writeSpool(running);
      case "SendBatch":
        return link?.dataUp({ kind: "responseBatch", batch: this.#spool.get(effect.batchNumber)! });
      case "ForgetBatch":
        return this.#forgetBatch(running, effect.batchNumber);
      case "SendWorkWanted":
        return link?.controlUp({ ...effect, kind: "workWanted" });
      case "SendRenewal":
        return link?.controlUp({ ...effect, kind: "leaseRenewal" });
      case "SendLeaseReturn":
        return link?.controlUp({ ...effect, kind: "leaseReturn" });
      case "SendSamplesReturn":
        return link?.controlUp({ ...effect, kind: "samplesReturn" });
      case "Report":
    }
  }

  #compute(running: Running, { slotId, leaseId, sample }: Extract<Effect, { kind: "StartSample" }>): void {
    const requests = running.prompts.get(leaseId)!.get(sample)!;
    const { random, engine } = this.#around;
    const ids = { leaseId, sample, slotId };
    running.life.after(engine.latencyMs(this.#announcement.agentId, random), () => {
      const outcome = engine.answer(running.state.leases.get(leaseId)!.runId, requests, random);
      if (outcome.kind === "busy") {
        const requestCount = requests.length;
        return this.#take(running, { kind: "SamplePostponed", ...ids, requestCount, restMs: outcome.restMs });
      }
      const collected = running.outcomes.get(leaseId) ?? { responses: [], failures: [] };
      running.outcomes.set(leaseId, collected);
      collected.responses.push(...outcome.responses);
      collected.failures.push(...outcome.failures);
      running.prompts.get(leaseId)!.delete(sample);
      const outcomes = requests.length;
      return this.#take(running, { kind: "SampleFinished", ...ids, outcomes, bytes: 40 * outcomes, tokens: 10 });
    });
  }

  #makeBatch(running: Running, effect: Extract<Effect, { kind: "SpoolBatch" }>): ResponseBatch {
    const { batchNumber, leaseId, runId, slotId } = effect;
    const { agentId } = this.#announcement;
    const { responses, failures } = running.outcomes.get(leaseId)!;
    running.outcomes.delete(leaseId);
    return { ...aBatch({ agentId, leaseId, slotId, runId, batchNumber, responses, slotSeconds: 0.5 }), failures };
  }

  #writeSpool(running: Running): void {
    if (running.spoolIsBlocked) return;
    running.life.after(this.#around.random.below(SPOOL_MAX_MS), () => {
      if (running.spoolIsBlocked) return;
      for (const [batchNumber, batch] of running.writing) {
        running.writing.delete(batchNumber);
        this.#spool.set(batchNumber, batch);
        this.#highestNumber = Math.max(this.#highestNumber, batchNumber);
        this.#take(running, { kind: "BatchSpooled", batchNumber });
      }
    });
  }

  /** Removed from the disk a moment later, so that a crash in between brings it back. */
  #forgetBatch(running: Running, batchNumber: number): void {
    this.#around.checker.acknowledged(this.#spool.get(batchNumber)!);
    running.life.after(this.#around.random.below(10 * SPOOL_MAX_MS), () => this.#spool.delete(batchNumber));
  }

  #connect(running: Running): void {
    const agent = { ...this.#announcement, incarnation: running.incarnation };
    const end: LinkEnd<ControlDown, DataDown> = {
      life: running.life,
      control: (message) => this.#control(running, message),
      data: (message) => this.#data(running, message),
      down: () => this.#down(running),
    };
    this.#around.dial(end, (link) => {
      running.link = link;
      if (link === null) return this.#down(running);
      const hello: ControlUp = { kind: "hello", agent, heldLeaseIds: heldLeaseIds(running.state) };
      return link.controlUp(hello);
    });
  }

  #down(running: Running): void {
    running.link = null;
    this.#take(running, { kind: "Disconnected" });
    running.life.after(this.#around.random.below(RECONNECT_MAX_MS), () => this.#connect(running));
  }

  #keptLeaseIds: readonly string[] = [];

  #control(running: Running, message: ControlDown): void {
    switch (message.kind) {
      case "welcome": {
        this.#keptLeaseIds = message.keptLeaseIds;
        const { agentId } = this.#announcement;
        const hello: DataUp = { kind: "dataHello", agentId, incarnation: running.incarnation };
        return running.link?.dataUp(hello);
      }
      case "leaseGrant":
        return this.#take(running, { ...message, kind: "LeaseGranted" });
      case "leaseRevocation":
        return this.#take(running, { kind: "LeaseRevoked", leaseId: message.leaseId });
      case "leaseRecall":
        return this.#take(running, { ...message, kind: "SamplesRecalled" });
      case "drainOrder":
        return this.#take(running, { kind: "DrainOrdered" });
    }
  }

  #data(running: Running, message: DataDown): void {
    switch (message.kind) {
      case "dataWelcome":
        return this.#take(running, {
          kind: "Connected",
          keptLeaseIds: this.#keptLeaseIds,
          renewalIntervalMs: this.#around.engine.renewalIntervalMs,
        });
      case "leaseRequests": {
        const prompts = running.prompts.get(message.leaseId) ?? new Map<number, readonly number[]>();
        running.prompts.set(message.leaseId, prompts);
        for (const { sample, requests } of message.samples) prompts.set(sample, requests);
        return this.#take(running, { ...message, kind: "RequestsArrived" });
      }
      case "batchAcknowledgement":
        return this.#take(running, { kind: "BatchAcknowledged", batchNumber: message.batchNumber });
    }
  }
}
