import type { Effect } from "./effect.ts";
import { fittingSlots, type GrantableSlot, hungrySlots } from "./grant.ts";
import { type CoordinatorState, type Lease, type RunState, slotKey } from "./state.ts";

/**
 * Work stealing, for the end of a run and for slots that come late. A slot that is about to run dry and finds nothing
 * in the queue gets samples that another slot holds and has not begun: as many as its share of both speeds. The holder
 * decides what has not begun and answers with it, so nothing is computed twice. Notes on the lease and the slot that
 * they were asked for; both are volatile, since a recall that got lost is simply made again.
 */
export function recallSamples(state: CoordinatorState, nowMs: number): Effect[] {
  const effects: Effect[] = [];
  for (const thief of hungrySlots(state)) {
    if (thief.slot.recallsFromMs > nowMs) continue;
    for (const run of state.runs.values()) {
      const recall = run.phase === "computing" ? findRecall(state, run, thief, nowMs) : null;
      if (recall === null) continue;
      const { lease, samplesMax } = recall;
      thief.slot.recallsFromMs = nowMs + state.settings.recallPauseMs;
      lease.recallableFromMs = nowMs + state.settings.recallPauseMs;
      effects.push({ kind: "SendRecall", agentId: lease.agentId, leaseId: lease.leaseId, samplesMax });
      break;
    }
  }
  return effects;
}

/** What to recall for a slot: the newest lease of the slot that would otherwise be busy longest. */
function findRecall(
  state: CoordinatorState,
  run: RunState,
  thief: GrantableSlot,
  nowMs: number,
): { readonly lease: Lease; readonly samplesMax: number } | null {
  const slots = fittingSlots(state, run);
  const own = slots.find((slot) => keyOf(slot) === keyOf(thief));
  if (own === undefined || !answersAll(run, thief)) return null;
  const leases = leasesBySlot(run);
  if (openSamples(leases.get(keyOf(thief))) > thief.description.concurrency) return null;
  let found: { lease: Lease; samplesMax: number } | null = null;
  let longest = 0;
  for (const victim of slots) {
    const held = leases.get(keyOf(victim));
    const newest = held?.findLast((lease) => lease.openSamples > 0);
    if (victim === own || newest === undefined || newest.recallableFromMs > nowMs) continue;
    const notBegun = openSamples(held) - victim.description.concurrency;
    const [speed, others] = relativeSpeeds(thief, victim);
    const samplesMax = Math.min(newest.openSamples, Math.max(1, Math.floor((notBegun * speed) / (speed + others))));
    if (notBegun < 1 || notBegun / others <= longest) continue;
    longest = notBegun / others;
    found = { lease: newest, samplesMax };
  }
  return found;
}

/** Measured speeds, or equal ones while one of the two is unknown. */
function relativeSpeeds(thief: GrantableSlot, victim: GrantableSlot): readonly [number, number] {
  const speeds = [thief.slot.tokensPerSecond, victim.slot.tokensPerSecond] as const;
  return Math.min(...speeds) > 0 ? speeds : [1, 1];
}

/** A lease may hold samples of any kind of the run, and which ones come back is its holder's choice. */
function answersAll(run: RunState, { description }: GrantableSlot): boolean {
  for (const kind of run.queues.keys()) if (!description.capabilities.kinds.includes(kind)) return false;
  return true;
}

function leasesBySlot(run: RunState): Map<string, Lease[]> {
  const leases = new Map<string, Lease[]>();
  for (const lease of run.openLeases) {
    const key = slotKey(lease.agentId, lease.slotId);
    const held = leases.get(key);
    if (held === undefined) leases.set(key, [lease]);
    else held.push(lease);
  }
  return leases;
}

function openSamples(leases: readonly Lease[] | undefined): number {
  return leases?.reduce((sum, lease) => sum + lease.openSamples, 0) ?? 0;
}

function keyOf({ agentId, slotId }: GrantableSlot): string {
  return slotKey(agentId, slotId);
}
