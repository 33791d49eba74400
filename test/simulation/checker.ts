import type { Decision } from "../../coordinator/core/decide.ts";
import type { Event } from "../../coordinator/core/event.ts";
import type { Input, ResponseBatch } from "../../coordinator/core/input.ts";
import { brokenInvariant } from "../../coordinator/core/invariants.ts";
import { type CoordinatorState, emptyState, type RunState } from "../../coordinator/core/state.ts";
import type { AgentState } from "../../agent/core/state.ts";
import { describeRun } from "../support/describe-run.ts";
import type { Cores } from "./cores.ts";
import { Ledger, Violation } from "./ledger.ts";

/** Steps between two comparisons of the live state with a fold of its events; folding at each would take too long. */
const COMPARED_EVERY = 24;

/** Looks at everything that happens; throws a `Violation` at the first broken rule. */
export class Checker {
  readonly #cores: Cores;
  readonly #isBroken: (runId: string, request: number) => boolean;
  readonly #durable: Ledger;
  #live: Ledger;
  /** The state that folding gives. */
  #fold: CoordinatorState | null = null;
  #steps = 0;

  constructor(cores: Cores, isBroken: (runId: string, request: number) => boolean) {
    this.#cores = cores;
    this.#isBroken = isBroken;
    this.#durable = new Ledger(isBroken);
    this.#live = new Ledger(isBroken);
  }

  /** How a run ended, once that is durable. */
  endOf(runId: string): string | null {
    return this.#durable.endOf(runId);
  }

  /** Whether a run's acceptance is durable. */
  knows(runId: string): boolean {
    return this.#durable.knows(runId);
  }

  /** A new coordinator knows what is durable and no more. `folded` gives the state of those events once more. */
  restart(durable: readonly Event[], folded: () => CoordinatorState): void {
    this.#live = new Ledger(this.#isBroken);
    for (const event of durable) if (event.kind !== "RunClosed") this.#live.apply(event);
    this.#fold = folded();
  }

  /** After each step of the coordinator's core. */
  afterStep(state: CoordinatorState, input: Input, decision: Decision): void {
    for (const event of decision.events) {
      this.#live.apply(event);
      if (event.kind === "LeaseGranted") {
        const agent = state.agents.get(event.agentId);
        if (agent?.connected !== true || agent.draining)
          throw new Violation(`a lease was granted to ${event.agentId}, which is gone or draining`);
      }
    }
    const broken = brokenInvariant(state);
    if (broken !== null) throw new Violation(broken);
    const fold = (this.#fold ??= emptyState(state.settings));
    for (const event of decision.events) this.#cores.coordinator.evolve(fold, event, 0);
    if (input.kind === "RunArchived" && !state.runs.has(input.runId)) fold.runs.delete(input.runId);
    this.#steps += 1;
    if (this.#steps % COMPARED_EVERY === 0) compareStates(state, fold);
  }

  /** After a frame is durable. */
  afterDurable(events: readonly Event[]): void {
    for (const event of events) this.#durable.apply(event);
  }

  /** An agent learnt that its batch is durable, and will forget it. */
  acknowledged(batch: ResponseBatch): void {
    for (const request of batch.requestIndexes) {
      if (!this.#durable.isSettled(batch.runId, request))
        throw new Violation(`request ${request} was acknowledged to ${batch.agentId} and is on no disk`);
    }
  }

  /** After each step of an agent's core. */
  afterAgentStep(agentId: string, state: AgentState): void {
    for (const slot of state.slots.values()) {
      if (slot.running > slot.concurrency)
        throw new Violation(`${agentId}/${slot.slotId} runs ${slot.running} samples`);
    }
    for (const lease of state.leases.values()) {
      if (lease.openSamples < 0)
        throw new Violation(`${agentId} has ${lease.openSamples} open samples in ${lease.leaseId}`);
      if (lease.unacknowledgedBatches < 0) throw new Violation(`${agentId}: more acknowledgements than batches`);
    }
  }
}

/** Both must say the same of every run that is `compared`. */
export function compareStates(
  live: CoordinatorState,
  fold: CoordinatorState,
  compared: (run: RunState) => boolean = () => true,
): void {
  for (const [runId, run] of live.runs) {
    if (!compared(run)) continue;
    const other = fold.runs.get(runId);
    const [here, there] = [describeRun(run), other === undefined ? "nothing" : describeRun(other)];
    if (here !== there) throw new Violation(`the live state of run ${runId} is not the fold's:\n${here}\n${there}`);
  }
}
