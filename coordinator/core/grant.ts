import type { Decision } from "./decide.ts";
import type { Event } from "./event.ts";
import type { EngineDescription } from "../../evaluation/engine.ts";
import type { RequestKind } from "../../evaluation/request.ts";
import { isSlower, secondsLeft, shownShare } from "./cost.ts";
import type { SampleQueue } from "./sample-queue.ts";
import { type CoordinatorState, type RunState, slotKey, type SlotState } from "./state.ts";

/** A slot that could be given work. */
export interface GrantableSlot {
  readonly agentId: string;
  readonly slotId: string;
  readonly description: EngineDescription;
  readonly slot: SlotState;
}

/**
 * Slots that want work, of connected agents that are not draining, and that are meant: those that would run dry first
 * come first, so that samples which one slot gave up for another do not go straight back.
 */
export function hungrySlots(
  state: CoordinatorState,
  isMeant: (slot: SlotState) => boolean = () => true,
): readonly GrantableSlot[] {
  const hungry: GrantableSlot[] = [];
  for (const [agentId, agent] of state.agents) {
    if (!agent.connected || agent.draining) continue;
    for (const { slotId, description } of agent.announcement.slots) {
      const slot = agent.slots.get(slotId);
      if (slot?.wantsWork === true && isMeant(slot)) hungry.push({ agentId, slotId, description, slot });
    }
  }
  if (hungry.length < 2) return hungry;
  const held = heldTokens(state);
  const load = ({ agentId, slotId, slot }: GrantableSlot): number =>
    (held.get(slotKey(agentId, slotId)) ?? 0) / (slot.tokensPerSecond || 1);
  return hungry.sort((left, right) => load(left) - load(right));
}

/** Tokens that were foretold for the unfinished samples that each slot holds. */
function heldTokens(state: CoordinatorState): Map<string, number> {
  const held = new Map<string, number>();
  for (const run of state.runs.values()) {
    for (const lease of run.openLeases) {
      const key = slotKey(lease.agentId, lease.slotId);
      held.set(key, (held.get(key) ?? 0) + lease.openTokens);
    }
  }
  return held;
}

/** Why a slot may not work on a run, in words, or null where it may. */
export function unfitness(run: RunState, description: EngineDescription): string | null {
  if (description.model !== run.run.model) return `it holds ${description.model}, not ${run.run.model}`;
  if (run.modelDigest !== "" && description.modelDigest !== "" && description.modelDigest !== run.modelDigest) {
    return `its weights of ${description.model} are other ones (${description.modelDigest.slice(0, 12)}) than this run began with (${run.modelDigest.slice(0, 12)})`;
  }
  return null;
}

/**
 * Which samples a hungry slot is given: token-weighted factoring. Each grant is about half of the slot's fair share
 * of what waits, so grants shrink towards the end and the slots finish together; most expensive samples go first. A
 * slot whose speed is not known yet shows it on the cheapest ones, and gets no more than fills its engine; none holds
 * more than some seconds of work, so that a slot that comes later finds something. Returned samples come before fresh
 * ones, except to a slot that already failed on them. Empty where nothing fits.
 */
export function chooseSamples(state: CoordinatorState, run: RunState, slot: GrantableSlot): Uint32Array {
  const slots = fittingSlots(state, run);
  const share = shareOf(slots, slot);
  const { tokensPerSecond } = slot.slot;
  const { leaseShareMin, leaseSecondsMax, queuedSecondsMax } = state.settings;
  const factored = Math.max(run.costTokensWaiting / 2, run.costTokensTotal * leaseShareMin) * share;
  const held = heldOf(run, slot);
  const speed = tokensPerSecond / shownShare(run);
  const budget = Math.min(factored, speed * leaseSecondsMax);
  const { concurrency } = slot.description;
  const room = concurrency - held.samples;
  const isKnown = tokensPerSecond > 0;
  // Its engine has as many as fit; the rest waits there.
  const queuedTokens = room < 0 ? (held.tokens * -room) / held.samples : 0;
  if (room <= 0 && (!isKnown || queuedTokens + budget > speed * queuedSecondsMax)) return new Uint32Array();
  const samplesMin = Math.min(Math.max(1, room), fairSamples(run, held.samples, share));
  const chosen: number[] = [];
  let tokens = 0;
  const key = slotKey(slot.agentId, slot.slotId);
  const take = (sample: number): boolean => {
    chosen.push(sample);
    tokens += run.shape.sampleCostTokens[sample]!;
    return chosen.length >= state.settings.leaseSamplesMax || (tokens >= budget && chosen.length >= samplesMin);
  };
  for (const [kind, queue] of run.queues) {
    if (!slot.description.capabilities.kinds.includes(kind)) continue;
    const left = leftForOthers(state, run, kind, key);
    const costMax = longestFor(state, run, slotsOfKind(slots, kind), slot);
    const isTooLong = (sample: number): boolean => run.shape.sampleCostTokens[sample]! > costMax;
    const isLeft = (sample: number): boolean => left(sample) || (isTooLong(sample) && !hasFailed(run, sample));
    if (takeFrom(run, queue, { isLeft, costMax, isKnown }, take)) break;
  }
  return Uint32Array.from(chosen).sort();
}

/** Offers a queue's samples to `take` until it has enough; true when it has. Some are left for other slots. */
function takeFrom(
  run: RunState,
  queue: SampleQueue,
  {
    isLeft,
    costMax,
    isKnown,
  }: { readonly isLeft: (returned: number) => boolean; readonly costMax: number; readonly isKnown: boolean },
  take: (sample: number) => boolean,
): boolean {
  for (const sample of queue.returned) {
    if (run.holder[sample] !== 0 || run.openRequests[sample] === 0 || isLeft(sample)) continue;
    if (take(sample)) return true;
  }
  for (const range of isKnown ? queue.ranges : queue.ranges.toReversed()) {
    if (range.costMax > costMax) continue;
    for (let position = range.cursor; position < range.end; position++) {
      const sample = queue.order[position]!;
      if (run.everGranted[sample] === 0 && take(sample)) return true;
    }
  }
  return false;
}

/** A sample may take so many times as long as foretold, and must not outlast the run even then. */
const LONGER_FACTOR = 3;

/**
 * The most expensive sample that a slot may take, in foretold tokens: one that would outlast all the rest of the run is
 * left to those that compute a sample faster, as long as such work too.
 */
function longestFor(
  state: CoordinatorState,
  run: RunState,
  slots: readonly GrantableSlot[],
  thief: GrantableSlot,
): number {
  const { slot } = thief;
  const isKnown = slot.tokensPerSecond > 0 && slot.sampleTokensPerSecond > 0;
  if (!isKnown || !isSlower(state, thief, slots)) return Infinity;
  const queuedSeconds = (heldOf(run, thief).tokens * shownShare(run)) / slot.tokensPerSecond;
  const seconds = (secondsLeft(run, slots) - queuedSeconds) / LONGER_FACTOR;
  return (seconds * slot.sampleTokensPerSecond) / shownShare(run);
}

function slotsOfKind(slots: readonly GrantableSlot[], kind: RequestKind): readonly GrantableSlot[] {
  return slots.filter(({ description }) => description.capabilities.kinds.includes(kind));
}

/** Whether an open request of this sample failed on this slot before. */
export function failedOn(run: RunState, sample: number, key: string): boolean {
  return hasFailed(run, sample, (slots) => slots.has(key));
}

/** Whether an open request of this sample failed before, on slots that are asked about. */
function hasFailed(
  run: RunState,
  sample: number,
  isMeant: (slots: ReadonlySet<string>) => boolean = () => true,
): boolean {
  if (run.failedAttempts.size === 0) return false;
  for (let request = run.firstRequest[sample]!; request < run.firstRequest[sample + 1]!; request++) {
    const failed = run.failedAttempts.get(request);
    if (run.fingerprints[request] === 0 && failed !== undefined && isMeant(failed.slots)) return true;
  }
  return false;
}

/**
 * Tells which samples a slot leaves for others: those that failed on it, as long as a slot that has not failed on them
 * is about to take work. One that never asks is not waited for, and a sample that failed everywhere is anyone's.
 */
function leftForOthers(
  state: CoordinatorState,
  run: RunState,
  kind: RequestKind,
  key: string,
): (sample: number) => boolean {
  if (run.failedAttempts.size === 0) return () => false;
  const busy = new Set<string>();
  for (const lease of run.openLeases) busy.add(slotKey(lease.agentId, lease.slotId));
  const others: string[] = [];
  for (const { agentId, slotId, description, slot } of fittingSlots(state, run)) {
    const other = slotKey(agentId, slotId);
    if (other === key || !description.capabilities.kinds.includes(kind)) continue;
    if (slot.wantsWork || busy.has(other)) others.push(other);
  }
  return (sample) => failedOn(run, sample, key) && others.some((other) => !failedOn(run, sample, other));
}

/** Slots that could work on a run now, hungry or not. */
export function fittingSlots(state: CoordinatorState, run: RunState): readonly GrantableSlot[] {
  const slots: GrantableSlot[] = [];
  for (const [agentId, agent] of state.agents) {
    if (!agent.connected || agent.draining) continue;
    for (const { slotId, description } of agent.announcement.slots) {
      const slot = agent.slots.get(slotId)!;
      if (unfitness(run, description) === null) slots.push({ agentId, slotId, description, slot });
    }
  }
  return slots;
}

/** A slot's share of the work of all slots: by measured speed where all are known, else an even one. */
function shareOf(slots: readonly GrantableSlot[], { slot }: GrantableSlot): number {
  const isKnown = slots.every((other) => other.slot.tokensPerSecond > 0);
  if (!isKnown) return 1 / Math.max(1, slots.length);
  return slot.tokensPerSecond / slots.reduce((sum, other) => sum + other.slot.tokensPerSecond, 0);
}

/** What a slot lacks to its share of the unfinished samples, and 1 at least. */
function fairSamples(run: RunState, held: number, share: number): number {
  const open = run.shape.sampleCount - run.samplesDone;
  return Math.max(1, Math.ceil(open * share) - held);
}

/** Unfinished samples that a slot's leases of a run hold, and what was foretold for them. */
function heldOf(
  run: RunState,
  { agentId, slotId }: GrantableSlot,
): { readonly samples: number; readonly tokens: number } {
  let [samples, tokens] = [0, 0];
  for (const lease of run.openLeases) {
    if (lease.agentId !== agentId || lease.slotId !== slotId) continue;
    samples += lease.openSamples;
    tokens += lease.openTokens;
  }
  return { samples, tokens };
}

/** Grants a slot samples of a run, and admits its agent to the run where it is new there. */
export function grantTo(
  state: CoordinatorState,
  grant: {
    readonly run: RunState;
    readonly slot: GrantableSlot;
    readonly samples: Uint32Array;
    readonly isCopy?: true;
  },
): Decision {
  const { run, slot, ...granted } = grant;
  const { runId } = run.run;
  const leaseId = `${runId}.${state.epoch}.${state.leaseCounter + 1}`;
  const events: Event[] = [];
  const { announcement } = state.agents.get(slot.agentId)!;
  if (run.agents.get(slot.agentId)?.agent.incarnation !== announcement.incarnation) {
    events.push({ kind: "AgentAdmitted", runId, agent: announcement });
  }
  const { agentId, slotId } = slot;
  events.push({ kind: "LeaseGranted", runId, leaseId, agentId, slotId, epoch: state.epoch, ...granted });
  return { events, effects: [{ kind: "SendLease", agentId, slotId, runId, leaseId }] };
}
