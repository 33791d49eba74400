import type { Decision } from "./decide.ts";
import type { Effect } from "./effect.ts";
import { chooseSamples, grantTo, hungrySlots, unfitness } from "./grant.ts";
import type { CoordinatorState, Lease, RunState } from "./state.ts";

/**
 * The next thing that follows from the state alone, or null when nothing does. Called again after its events are
 * applied, until it returns null; so the path after a crash is the everyday path. Order: end what is over, then grant.
 */
export function reconcile(state: CoordinatorState, nowMs: number): Decision | null {
  for (const run of state.runs.values()) {
    if (run.phase !== "computing") continue;
    const ended = endLeases(run, nowMs) ?? completeRun(run);
    if (ended !== null) return ended;
  }
  for (const slot of hungrySlots(state, ({ declinedAt }) => declinedAt !== state.offers)) {
    for (const run of state.runs.values()) {
      if (run.phase !== "computing" || unfitness(run, slot.description) !== null) continue;
      const samples = chooseSamples(state, run, slot);
      if (samples.length > 0) return grantTo(state, { run, slot, samples });
    }
    slot.slot.declinedAt = state.offers;
  }
  return null;
}

/** Leases that are finished, and those whose deadline has passed. */
function endLeases(run: RunState, nowMs: number): Decision | null {
  const { runId } = run.run;
  for (const lease of run.openLeases) {
    if (lease.openSamples === 0) {
      return { events: [{ kind: "LeaseEnded", runId, leaseId: lease.leaseId, end: "completed" }], effects: [] };
    }
    if (lease.deadlineMs !== null && lease.deadlineMs <= nowMs) return expireLease(runId, lease);
  }
  return null;
}

function expireLease(runId: string, lease: Lease): Decision {
  const effects: Effect[] = [
    { kind: "SendRevocation", agentId: lease.agentId, leaseId: lease.leaseId, reason: "it was not renewed in time" },
    {
      kind: "Report",
      level: "warn",
      message: `lease ${lease.leaseId} of agent ${lease.agentId} expired; its ${lease.openSamples} unfinished samples go to other slots`,
    },
  ];
  return { events: [{ kind: "LeaseEnded", runId, leaseId: lease.leaseId, end: "expired" }], effects };
}

function completeRun(run: RunState): Decision | null {
  const { runId } = run.run;
  if (run.requestsDone + run.quarantined.size < run.shape.requestCount) return null;
  return { events: [{ kind: "RunComputed", runId }], effects: [{ kind: "FinishRun", runId }] };
}
