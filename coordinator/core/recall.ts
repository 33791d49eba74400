import { shownShare } from "./cost.ts";
import type { Effect } from "./effect.ts";
import { fittingSlots, type GrantableSlot, hungrySlots } from "./grant.ts";
import type { Input, TimedInput } from "./input.ts";
import { type CoordinatorState, type Lease, type RunState, slotKey, type SlotState } from "./state.ts";

/** Work that is worth stealing takes its holder so long at least. */
const WORTH_SECONDS = 1;
/** Leases of one slot that are asked at once. */
const LEASES_MAX = 8;

/**
 * Work stealing, for the end of a run and for slots that come late. A slot that is about to run dry and finds nothing
 * in the queue gets samples that another slot holds and has not begun: as many as its share of both speeds. The holder
 * decides what has not begun and answers with it, so nothing is computed twice. Notes on the lease and the slot that
 * they were asked for; both are volatile, since a recall that got lost is simply made again.
 */
export function recallSamples(state: CoordinatorState, { nowMs, input }: TimedInput): Effect[] {
  const effects: Effect[] = [];
  for (const thief of hungrySlots(state, (slot) => slot.recallsFromMs <= nowMs && isConcerned(state, slot, input))) {
    for (const run of state.runs.values()) {
      const recalls =
        run.phase === "computing" && run.costTokensWaiting === 0 ? findRecalls(state, run, thief, nowMs) : [];
      if (recalls.length === 0) continue;
      thief.slot.recallsFromMs = nowMs + state.settings.recallPauseMs;
      for (const { lease, samplesMax } of recalls) {
        lease.recallableFromMs = nowMs + state.settings.recallPauseMs;
        effects.push({ kind: "SendRecall", agentId: lease.agentId, leaseId: lease.leaseId, samplesMax });
      }
      break;
    }
  }
  return effects;
}

/** A slot looks for something to steal when its agent says something of it, when something came back, and now and then. */
function isConcerned(state: CoordinatorState, slot: SlotState, input: Input): boolean {
  switch (input.kind) {
    case "WorkWanted":
    case "SlotProgressed":
      return state.agents.get(input.agentId)?.slots.get(input.slotId) === slot;
    case "ResponsesArrived":
      return state.agents.get(input.batch.agentId)?.slots.get(input.batch.slotId) === slot;
    case "LeasesRenewed":
      return false;
    default:
      return true;
  }
}

interface Recall {
  readonly lease: Lease;
  readonly samplesMax: number;
}

/** What to recall for a slot: the newest leases of the slot that would otherwise be busy longest. */
function findRecalls(state: CoordinatorState, run: RunState, thief: GrantableSlot, nowMs: number): readonly Recall[] {
  const slots = fittingSlots(state, run);
  const own = slots.find((slot) => keyOf(slot) === keyOf(thief));
  if (own === undefined || !answersAll(run, thief)) return [];
  const leases = leasesBySlot(run);
  if (openSamples(leases.get(keyOf(thief))) >= thief.description.concurrency) return [];
  let found: readonly Recall[] = [];
  let longest = 0;
  for (const victim of slots) {
    const held = leases.get(keyOf(victim)) ?? [];
    const notBegun = openSamples(held) - victim.description.concurrency;
    const [speed, others] = relativeSpeeds(thief, victim);
    if (victim === own || notBegun < 1 || notBegun / others <= longest) continue;
    const share = Math.floor((notBegun * speed) / (speed + others));
    const wanted = Math.max(1, Math.min(share, thief.description.concurrency));
    const recalls = newestOf(held, wanted, nowMs);
    if (recalls.length === 0 || isBegunSoon(run, notBegun, recalls[0]!.lease, victim)) continue;
    longest = notBegun / others;
    found = recalls;
  }
  return found;
}

/** What its holder begins in a moment anyway is not worth three messages. Unknown speeds may be slow ones. */
function isBegunSoon(
  run: RunState,
  notBegun: number,
  { openTokens, openSamples }: Lease,
  { slot }: GrantableSlot,
): boolean {
  const tokens = (openTokens / openSamples) * notBegun * shownShare(run);
  return slot.tokensPerSecond > 0 && tokens / slot.tokensPerSecond < WORTH_SECONDS;
}

/** So many samples of the newest leases; none while an answer about one of those is under way, or it had nothing. */
function newestOf(held: readonly Lease[], wanted: number, nowMs: number): readonly Recall[] {
  const recalls: Recall[] = [];
  let missing = wanted;
  for (const lease of held.toReversed()) {
    if (missing === 0 || recalls.length === LEASES_MAX) break;
    if (lease.openSamples === 0 || lease.isCopy) continue;
    if (lease.recallableFromMs > nowMs) break;
    const samplesMax = Math.min(lease.openSamples, missing);
    recalls.push({ lease, samplesMax });
    missing -= samplesMax;
  }
  return recalls;
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
