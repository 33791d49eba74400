// The product's two cores against simulated slots: what would be a coordinator, agents and GPUs, on virtual time.
import type { Effect as AgentEffect } from "../../agent/core/effect.ts";
import type { Input as AgentInput } from "../../agent/core/input.ts";
import { type AgentState, beginState, heldLeaseIds, runningKey } from "../../agent/core/state.ts";
import { step as stepAgent } from "../../agent/core/step.ts";
import type { Effect } from "../../coordinator/core/effect.ts";
import type { Input } from "../../coordinator/core/input.ts";
import { type CoordinatorState, emptyState } from "../../coordinator/core/state.ts";
import { startEpoch, step } from "../../coordinator/core/step.ts";
import { aBatch, anAgent, anEngine, aRun } from "../../test/support/core-builders.ts";
import { VirtualClock } from "../../test/simulation/virtual-clock.ts";
import { SlotModel, type SlotSpeed } from "./slot-model.ts";
import type { SuiteModel } from "./suites.ts";

const AGENT_TICK_MS = 50;
const COORDINATOR_TICK_MS = 250;
/** Inputs and effects that are messages about who computes what. */
const ABOUT_WORK: ReadonlySet<string> = new Set([
  ...["WorkWanted", "LeaseReturned", "SamplesReturned"],
  ...["SendLease", "SendRevocation", "SendRecall", "SendAbandonment"],
]);
/** A slot that becomes slow does everything at this share of its speed. */
const SLOW_FACTOR = 0.1;
/** From a decision to its effects: the journal's append. */
const JOURNAL_MS = 2;
const SPOOL_MS = 2;

/** A slot that misbehaves or comes and goes, milliseconds from the start. */
export interface SlotEvent {
  readonly atMs: number;
  readonly slot: number;
  readonly kind: "slow" | "join" | "drain" | "lost";
}

/** What is measured, and where. */
export interface ClusterWish {
  readonly suite: SuiteModel;
  readonly slots: readonly SlotSpeed[];
  /** Sequences that each slot is given at once. */
  readonly concurrency: number;
  readonly roundTripMs: number;
  readonly events?: readonly SlotEvent[];
}

/** How it went. */
export interface Outcome {
  readonly makespanMs: number;
  /** Tokens computed that were in no answer which counted, as a share of all that were needed. */
  readonly extraTokens: number;
  /** Samples that were computed more than once, as a share. */
  readonly extraSamples: number;
  /** Messages that ask for work and hand it out, take it back or copy it. */
  readonly messages: number;
}

/** What an event does to a slot itself. */
export function strikeSlot(slot: SlotModel, kind: SlotEvent["kind"]): void {
  if (kind === "slow") slot.slowDown(SLOW_FACTOR);
  if (kind === "lost") slot.clear();
}

/** Lives through a suite with the product's scheduler. */
export function runMuster(wish: ClusterWish): Outcome {
  return new ClusterModel(wish).live();
}

class ClusterModel {
  readonly clock = new VirtualClock();
  readonly #wish: ClusterWish;
  readonly #state: CoordinatorState = emptyState();
  readonly #agents: AgentModel[];
  messages = 0;
  starts = 0;

  constructor(wish: ClusterWish) {
    this.#wish = wish;
    this.#agents = wish.slots.map((speed, position) => new AgentModel(this, wish, { position, speed }));
  }

  live(): Outcome {
    const { suite, events = [] } = this.#wish;
    startEpoch(this.#state, 1, 0);
    this.#submit();
    const late = new Set(events.filter(({ kind }) => kind === "join").map(({ slot }) => slot));
    for (const agent of this.#agents) if (!late.has(agent.position)) agent.join();
    for (const event of events) this.clock.after(event.atMs, () => this.#agents[event.slot]!.suffer(event.kind));
    this.#tick();
    const run = this.#state.runs.get("r1")!;
    while (run.phase === "computing") {
      if (!this.clock.advance(Number.MAX_SAFE_INTEGER)) throw new Error("the cluster came to rest too early");
    }
    const needed = suite.tokens.reduce((sum, tokens) => sum + tokens, 0);
    const computed = this.#agents.reduce((sum, { slot }) => sum + slot.tokens, 0);
    return {
      makespanMs: this.clock.nowMs,
      extraTokens: computed / needed - 1,
      extraSamples: this.starts / suite.tokens.length - 1,
      messages: this.messages,
    };
  }

  /** A message from an agent arrives after half a round trip. */
  send(input: Input): void {
    if (ABOUT_WORK.has(input.kind)) this.messages += 1;
    this.clock.after(this.#wish.roundTripMs / 2, () => this.#take(input));
  }

  #submit(): void {
    const { predicted } = this.#wish.suite;
    const samples = predicted.length;
    const shape = {
      ...{ planDigest: "p", manifestBlob: "m", requestCount: samples, sampleCount: samples },
      sampleRequestCount: new Uint32Array(samples).fill(1),
      sampleCostTokens: predicted,
      sampleTask: new Uint32Array(samples),
      ...{ taskKinds: ["generate_until"] as const, taskNames: ["t"] },
    };
    this.#take({ kind: "RunArrived", run: aRun(), shape });
  }

  #tick(): void {
    this.#take({ kind: "TimePassed" });
    this.clock.after(COORDINATOR_TICK_MS, () => this.#tick());
  }

  #take(input: Input): void {
    const { effects } = step(this.#state, { nowMs: this.clock.nowMs, input });
    if (effects.length > 0) this.clock.after(JOURNAL_MS, () => effects.forEach((effect) => this.#perform(effect)));
  }

  #perform(effect: Effect): void {
    if (!("agentId" in effect)) return;
    if (ABOUT_WORK.has(effect.kind)) this.messages += 1;
    const agent = this.#agents[Number(effect.agentId)]!;
    this.clock.after(this.#wish.roundTripMs / 2, () => this.#deliver(agent, effect));
  }

  #deliver(agent: AgentModel, effect: Effect): void {
    switch (effect.kind) {
      case "SendWelcome":
        return agent.take({ kind: "Connected", keptLeaseIds: effect.keptLeaseIds, renewalIntervalMs: 5_000 });
      case "SendLease": {
        const { leaseId, runId, slotId } = effect;
        const { samples } = this.#state.runs.get(runId)!.leases.get(leaseId)!;
        agent.take({ kind: "LeaseGranted", leaseId, runId, slotId, requestCount: samples.length });
        const leased = Array.from(samples, (sample) => ({ sample, requestCount: 1 }));
        return agent.take({ kind: "RequestsArrived", leaseId, runId, samples: leased });
      }
      case "SendRevocation":
        return agent.take({ kind: "LeaseRevoked", leaseId: effect.leaseId });
      case "SendRecall":
        return agent.take({ kind: "SamplesRecalled", leaseId: effect.leaseId, samplesMax: effect.samplesMax });
      case "SendAbandonment":
        return agent.take({ kind: "SamplesAbandoned", leaseId: effect.leaseId, samples: effect.samples });
      case "AcknowledgeBatch":
        return agent.take({ kind: "BatchAcknowledged", batchNumber: effect.batchNumber });
      case "SendDrain":
        return agent.take({ kind: "DrainOrdered" });
      default:
    }
  }
}

class AgentModel {
  readonly position: number;
  readonly slot: SlotModel;
  readonly #cluster: ClusterModel;
  readonly #wish: ClusterWish;
  readonly #state: AgentState;
  /** Samples that are done and in no batch yet, and batches with theirs. */
  readonly #done = new Map<string, number[]>();
  readonly #batches = new Map<number, { readonly leaseId: string; readonly samples: readonly number[] }>();
  /** How to abandon what the slot computes. */
  readonly #running = new Map<string, () => void>();
  #isGone = false;

  constructor(
    cluster: ClusterModel,
    wish: ClusterWish,
    place: { readonly position: number; readonly speed: SlotSpeed },
  ) {
    this.#cluster = cluster;
    this.#wish = wish;
    this.position = place.position;
    this.slot = new SlotModel(cluster.clock, place.speed);
    const { concurrency } = wish;
    this.#state = beginState({ slots: [{ slotId: "s0", concurrency }], spooledBatches: [], nextBatchNumber: 1 });
  }

  get #agentId(): string {
    return String(this.position);
  }

  join(): void {
    const agent = anAgent(this.#agentId, [anEngine({ concurrency: this.#wish.concurrency })]);
    this.#cluster.send({ kind: "AgentArrived", agent, heldLeaseIds: heldLeaseIds(this.#state) });
    this.#tick();
  }

  suffer(kind: SlotEvent["kind"]): void {
    const agentId = this.#agentId;
    strikeSlot(this.slot, kind);
    if (kind === "join") this.join();
    if (kind === "drain") this.#cluster.send({ kind: "DrainRequested", agentId });
    if (kind !== "lost") return;
    this.#isGone = true;
    this.#cluster.send({ kind: "AgentDisconnected", agentId, incarnation: `${agentId}-1` });
  }

  take(input: AgentInput): void {
    if (this.#isGone) return;
    const { nowMs } = this.#cluster.clock;
    for (const effect of stepAgent(this.#state, { nowMs, input })) this.#perform(effect);
  }

  #tick(): void {
    if (this.#isGone) return;
    this.take({ kind: "TimePassed" });
    this.#cluster.clock.after(AGENT_TICK_MS, () => this.#tick());
  }

  #perform(effect: AgentEffect): void {
    const agentId = this.#agentId;
    const cluster = this.#cluster;
    switch (effect.kind) {
      case "StartSample":
        return this.#start(effect.leaseId, effect.sample);
      case "SpoolBatch": {
        const { batchNumber, leaseId } = effect;
        this.#batches.set(batchNumber, { leaseId, samples: this.#done.get(leaseId)! });
        this.#done.delete(leaseId);
        return cluster.clock.after(SPOOL_MS, () => this.take({ kind: "BatchSpooled", batchNumber }));
      }
      case "SendBatch": {
        const { leaseId, samples } = this.#batches.get(effect.batchNumber)!;
        const { batchNumber } = effect;
        const completionTokens = samples.reduce((sum, sample) => sum + this.#wish.suite.tokens[sample]!, 0);
        const batch = {
          ...aBatch({ agentId, leaseId, batchNumber, responses: samples }),
          promptTokens: 0,
          completionTokens,
        };
        return cluster.send({ kind: "ResponsesArrived", batch });
      }
      case "SendWorkWanted": {
        const { kind: _kind, ...wish } = effect;
        return cluster.send({ kind: "WorkWanted", agentId, ...wish });
      }
      case "StopSample":
        return this.#stop(effect.leaseId, effect.sample);
      case "SendProgress": {
        const { kind: _kind, ...progress } = effect;
        return cluster.send({ kind: "SlotProgressed", agentId, ...progress });
      }
      case "SendRenewal":
        return cluster.send({ kind: "LeasesRenewed", agentId, leaseIds: effect.leaseIds });
      case "SendLeaseReturn":
        return cluster.send({ kind: "LeaseReturned", agentId, leaseId: effect.leaseId, reason: effect.reason });
      case "SendSamplesReturn":
        return cluster.send({ kind: "SamplesReturned", agentId, leaseId: effect.leaseId, samples: effect.samples });
      default:
    }
  }

  #start(leaseId: string, sample: number): void {
    const tokens = this.#wish.suite.tokens[sample]!;
    this.#cluster.starts += 1;
    const key = runningKey(leaseId, sample);
    const abandon = this.slot.start(tokens, () => {
      this.#running.delete(key);
      const done = this.#done.get(leaseId) ?? [];
      done.push(sample);
      this.#done.set(leaseId, done);
      this.take({ kind: "SampleFinished", leaseId, sample, slotId: "s0", outcomes: 1, bytes: 4 * tokens, tokens });
    });
    this.#running.set(key, abandon);
  }

  #stop(leaseId: string, sample: number): void {
    this.#running.get(runningKey(leaseId, sample))!();
    this.#running.delete(runningKey(leaseId, sample));
    this.#cluster.clock.after(0, () =>
      this.take({ kind: "SamplePostponed", leaseId, sample, slotId: "s0", requestCount: 1, restMs: 0 }),
    );
  }
}
