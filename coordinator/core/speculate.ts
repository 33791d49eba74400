import type { Decision } from "./decide.ts";
import { expectedTokens, isSlower, secondsLeft } from "./cost.ts";
import { failedOn, fittingSlots, type GrantableSlot, grantTo, unfitness } from "./grant.ts";
import type { TimedInput } from "./input.ts";
import { type CoordinatorState, holds, type RunState, type SlotState, slotKey, type Straggler } from "./state.ts";

/** A copy must be worth it: what it is compared with takes so many times as long, and so much longer. */
const WORTH_FACTOR = 2;
const WORTH_SECONDS = 1;
/** A sample that takes longer than foretold takes this share of its time so far again. Lengths have long tails. */
const OVERDUE_SHARE = 0.3;
/** Copies that a slot is given at once which has other work. */
const COPIES_QUEUED_MAX = 32;
/** What a slot told is true for so long. */
const PROGRESS_AGE_MAX_MS = 3_000;
/** Stragglers are looked for so often, and so many are known. */
const LOOK_EVERY_MS = 500;
const STRAGGLERS_MAX = 1_000;
/** Most copies: shares of a run's samples, and of its tokens. */
const COPIED_SAMPLES_MAX = 0.05;
const COPIED_TOKENS_MAX = 0.01;

/**
 * Speculative copies. The last samples on a slow slot, or on one that became slow, would hold up everything: a slot that
 * is among the faster ones computes them too, whichever answer is durable first counts, and the other slot is told to
 * stop. Never two copies of one sample, and never more than a small share of a run. A slot that still has work is given
 * what would outlast the run; one that has room, and finds neither work nor anything to steal, all that is worth it.
 * Null where the input is not a slot's that wants work, or nothing is to be copied for it.
 */
export function speculate(state: CoordinatorState, { nowMs, input }: TimedInput): Decision | null {
  if (input.kind !== "SlotProgressed" && input.kind !== "WorkWanted") return null;
  const thief = slotOf(state, input.agentId, input.slotId);
  if (thief === null) return null;
  for (const run of state.runs.values()) {
    if (run.phase !== "computing" || unfitness(run, thief.description) !== null) continue;
    const slots = fittingSlots(state, run);
    if (isSlower(state, thief, slots)) continue;
    const room = run.costTokensWaiting > 0 ? 0 : roomOf(thief, nowMs);
    const outlasting = room > 0 ? 0 : secondsLeft(run, slots);
    lookForStragglers(run, slots, nowMs);
    const samples = chooseCopies(run, thief, { outlasting, count: room || COPIES_QUEUED_MAX });
    if (samples.length > 0) return grantTo(state, { run, slot: thief, samples, isCopy: true });
  }
  return null;
}

/** A slot that wants work and could be given some. */
function slotOf(state: CoordinatorState, agentId: string, slotId: string): GrantableSlot | null {
  const agent = state.agents.get(agentId);
  const slot = agent?.slots.get(slotId);
  if (agent === undefined || slot === undefined) return null;
  if (!slot.wantsWork || slot.sampleTokensPerSecond === 0 || !agent.connected || agent.draining) return null;
  const { description } = agent.announcement.slots.find((announced) => announced.slotId === slotId)!;
  return { agentId, slotId, description, slot };
}

/** How many samples a slot could begin at once that told that its queue is empty; 0 while it has other work. */
function roomOf({ description, slot }: GrantableSlot, nowMs: number): number {
  const { progress } = slot;
  if (progress === null || nowMs - progress.atMs > PROGRESS_AGE_MAX_MS || progress.queuedSamples > 0) return 0;
  return Math.max(0, description.concurrency - progress.running.length);
}

/** Brings the run's stragglers up to date: what slots told that they compute, the last to end first. */
function lookForStragglers(run: RunState, slots: readonly GrantableSlot[], nowMs: number): void {
  if (run.stragglers !== null && nowMs - run.stragglers.atMs < LOOK_EVERY_MS) return;
  const list: Straggler[] = [];
  for (const { slot } of slots) {
    if (slot.progress === null) continue;
    for (const { leaseId, sample, elapsedMs } of slot.progress.running) {
      const lease = run.leases.get(leaseId);
      if (lease === undefined || lease.isCopy || !holds(run, lease, sample) || run.copies.has(sample)) continue;
      list.push(estimate(run, { slot, leaseId, sample }, (elapsedMs + nowMs - slot.progress.atMs) / 1_000));
    }
  }
  list.sort((left, right) => right.remaining - left.remaining);
  run.stragglers = { atMs: nowMs, list: list.slice(0, STRAGGLERS_MAX) };
}

/** One that is overdue is longer than foretold, or its slot became slower: nobody can tell, so half of each is taken. */
function estimate(
  run: RunState,
  where: { readonly slot: SlotState; readonly leaseId: string; readonly sample: number },
  elapsed: number,
): Straggler {
  const foretold = expectedTokens(run, where.sample);
  const speed = where.slot.sampleTokensPerSecond;
  // A slot that never finished one may be as fast as any.
  if (speed === 0) return { ...where, remaining: OVERDUE_SHARE * elapsed, tokens: foretold };
  const overdue = Math.max(1, (elapsed * speed) / foretold);
  const remaining = Math.max(foretold / speed - elapsed, overdue > 1 ? OVERDUE_SHARE * elapsed : 0);
  return { ...where, remaining, tokens: foretold * Math.sqrt(overdue) };
}

/** Samples that a slot would finish well before those that compute them, as many as the run may have copied. */
function chooseCopies(
  run: RunState,
  thief: GrantableSlot,
  { outlasting, count }: { readonly outlasting: number; readonly count: number },
): Uint32Array {
  const countMax = Math.min(count, Math.ceil(run.shape.sampleCount * COPIED_SAMPLES_MAX) - run.copiedSamples);
  let tokensLeft = run.costTokensTotal * COPIED_TOKENS_MAX - run.copiedTokens;
  const chosen: number[] = [];
  for (const straggler of run.stragglers!.list) {
    const { sample, remaining } = straggler;
    const isFirst = run.copiedSamples === 0 && chosen.length === 0;
    if (chosen.length >= countMax || (tokensLeft <= 0 && !isFirst) || remaining <= outlasting) break;
    if (!isWorth(run, thief, straggler)) continue;
    chosen.push(sample);
    tokensLeft -= run.shape.sampleCostTokens[sample]!;
  }
  return Uint32Array.from(chosen).sort();
}

function isWorth(
  run: RunState,
  { agentId, slotId, slot, description }: GrantableSlot,
  { slot: victim, leaseId, sample, remaining, tokens }: Straggler,
): boolean {
  const elsewhere = tokens / slot.sampleTokensPerSecond;
  if (victim === slot || remaining <= WORTH_FACTOR * elsewhere + WORTH_SECONDS) return false;
  if (run.copies.has(sample) || !holds(run, run.leases.get(leaseId)!, sample)) return false;
  const kind = run.shape.taskKinds[run.shape.sampleTask[sample]!]!;
  return description.capabilities.kinds.includes(kind) && !failedOn(run, sample, slotKey(agentId, slotId));
}
