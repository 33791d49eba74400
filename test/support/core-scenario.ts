import { assert } from "../../base/assert.ts";
import type { Decision } from "../../coordinator/core/decide.ts";
import type { Effect } from "../../coordinator/core/effect.ts";
import type { Event } from "../../coordinator/core/event.ts";
import { evolve } from "../../coordinator/core/evolve.ts";
import type { AgentAnnouncement, Input } from "../../coordinator/core/input.ts";
import { brokenInvariant } from "../../coordinator/core/invariants.ts";
import {
  type CoordinatorState,
  type CoreSettings,
  DEFAULT_CORE_SETTINGS,
  emptyState,
  type Lease,
  type RunState,
} from "../../coordinator/core/state.ts";
import { start, startEpoch, step } from "../../coordinator/core/step.ts";
import { aBatch, aRun, aShape, type BatchWish, type ShapeWish } from "./core-builders.ts";

/**
 * A coordinator core with its journal, told a story input by input. The invariants are checked after each, so a test
 * proves them besides its own rule. The clock stands still unless the test moves it.
 */
export class CoreScenario {
  state: CoordinatorState;
  nowMs = 0;
  /** All events, in order: the journal. */
  readonly events: Event[] = [];
  readonly effects: Effect[] = [];

  constructor(settings: Partial<CoreSettings> = {}) {
    this.state = emptyState({ ...DEFAULT_CORE_SETTINGS, ...settings });
    this.#begin(1);
  }

  take(input: Input): Decision {
    return this.#note(step(this.state, { nowMs: this.nowMs, input }));
  }

  /** A new coordinator on the same journal: folds it, then begins the next epoch. */
  restart(): Decision {
    const { epoch } = this.state;
    this.state = this.folded();
    return this.#begin(epoch + 1);
  }

  #begin(epoch: number): Decision {
    const began = startEpoch(this.state, epoch, this.nowMs);
    const { events, effects } = start(this.state, this.nowMs);
    return this.#note({ events: [began, ...events], effects });
  }

  /** The state that folding the journal gives. */
  folded(): CoordinatorState {
    const state = emptyState(this.state.settings);
    for (const event of this.events) evolve(state, event, this.nowMs);
    return state;
  }

  arrive(wish: ShapeWish, runId = "r1"): Decision {
    return this.take({ kind: "RunArrived", run: aRun({ runId }), shape: aShape(wish) });
  }

  join(agent: AgentAnnouncement, heldLeaseIds: readonly string[] = []): Decision {
    return this.take({ kind: "AgentArrived", agent, heldLeaseIds });
  }

  wantWork(agentId: string, slotId = "s0", tokensPerSecond = 0, sampleTokensPerSecond = 0): Decision {
    const speeds = { tokensPerSecond, sampleTokensPerSecond };
    return this.take({ kind: "WorkWanted", agentId, slotId, ...speeds, queuedSamples: 0 });
  }

  /** An agent joins and all its slots ask for work; the leases that they got. */
  joinHungry(agent: AgentAnnouncement): Lease[] {
    this.join(agent);
    return agent.slots.map(({ slotId }) => this.leaseFor(agent.agentId, slotId));
  }

  /** Asks for work for a slot and returns the lease that it got; an assertion where it got none. */
  leaseFor(agentId: string, slotId = "s0"): Lease {
    const lease = this.tryLeaseFor(agentId, slotId);
    assert(lease !== null, `${agentId}/${slotId} was granted nothing`);
    return lease;
  }

  /** Asks for work for a slot and returns the lease that it got, or null. */
  tryLeaseFor(agentId: string, slotId = "s0"): Lease | null {
    const { events } = this.wantWork(agentId, slotId);
    const granted = events.find((event) => event.kind === "LeaseGranted" && event.agentId === agentId);
    if (granted?.kind !== "LeaseGranted") return null;
    return this.run(granted.runId).leases.get(granted.leaseId)!;
  }

  answer(wish: BatchWish): Decision {
    return this.take({ kind: "ResponsesArrived", batch: aBatch(wish) });
  }

  passTime(ms: number): Decision {
    this.nowMs += ms;
    return this.take({ kind: "TimePassed" });
  }

  run(runId = "r1"): RunState {
    const run = this.state.runs.get(runId);
    assert(run !== undefined, `no run ${runId}`);
    return run;
  }

  #note(decision: Decision): Decision {
    this.events.push(...decision.events);
    this.effects.push(...decision.effects);
    const broken = brokenInvariant(this.state);
    assert(broken === null, `invariant broken: ${broken}`);
    return decision;
  }
}

/** The events of one kind in a decision. */
export function eventsOf<K extends Event["kind"]>(
  decision: { readonly events: readonly Event[] },
  kind: K,
): Extract<Event, { kind: K }>[] {
  return decision.events.filter((event): event is Extract<Event, { kind: K }> => event.kind === kind);
}

/** The effects of one kind in a decision. */
export function effectsOf<K extends Effect["kind"]>(
  decision: { readonly effects: readonly Effect[] },
  kind: K,
): Extract<Effect, { kind: K }>[] {
  return decision.effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
}
