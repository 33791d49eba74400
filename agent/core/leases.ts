import type { Effect } from "./effect.ts";
import type { Input } from "./input.ts";
import type { AgentState, LeaseState, QueuedSample, SlotState } from "./state.ts";

type InputOf<K extends Input["kind"]> = Extract<Input, { kind: K }>;

/** Takes note of a grant. Prompts that were faster are queued now. */
export function grantLease(state: AgentState, input: InputOf<"LeaseGranted">, effects: Effect[]): void {
  const { leaseId, runId, slotId, requestCount } = input;
  const slot = state.slots.get(slotId);
  if (slot === undefined || slot.failed || state.draining) {
    const reason = slot === undefined ? `there is no slot ${slotId}` : slot.failed ? "the engine failed" : "draining";
    effects.push({ kind: "SendLeaseReturn", leaseId, reason });
    leaseOf(state, leaseId, runId).expectedRequests = requestCount;
    endLease(state, leaseId, effects);
    return;
  }
  const lease = leaseOf(state, leaseId, runId);
  slot.asked = false;
  lease.slotId = slotId;
  lease.expectedRequests = requestCount;
  if (lease.ended) return;
  slot.queue.push(...lease.early);
  lease.early.length = 0;
}

/** Takes samples of a lease, whose grant may still be on its way. */
export function arriveSamples(state: AgentState, input: InputOf<"RequestsArrived">, effects: Effect[]): void {
  const { leaseId } = input;
  const lease = leaseOf(state, leaseId, input.runId);
  if (lease.ended || state.draining) {
    for (const { requestCount } of input.samples) lease.arrivedRequests += requestCount;
    effects.push({ kind: "DropSamples", leaseId, samples: input.samples.map(({ sample }) => sample) });
    return;
  }
  const queued = input.samples.map(({ sample, requestCount }) => ({ leaseId, sample, requestCount }));
  for (const { requestCount } of queued) lease.arrivedRequests += requestCount;
  lease.openSamples += queued.length;
  const slot = lease.slotId === null ? undefined : state.slots.get(lease.slotId);
  if (slot === undefined) lease.early.push(...queued);
  else slot.queue.push(...queued);
}

/** A lease that is no longer ours: its queued samples are dropped. What the engine has begun is finished and counts. */
export function endLease(state: AgentState, leaseId: string, effects: Effect[]): void {
  const lease = state.leases.get(leaseId);
  if (lease === undefined || lease.ended) return;
  lease.ended = true;
  if (lease.early.length > 0) {
    lease.openSamples -= lease.early.length;
    effects.push({ kind: "DropSamples", leaseId, samples: lease.early.map(({ sample }) => sample) });
    lease.early.length = 0;
  }
  const slot = lease.slotId === null ? undefined : state.slots.get(lease.slotId);
  if (slot !== undefined) dropSamples(state, slot, (queued) => queued.leaseId === leaseId, effects);
}

/**
 * Gives back samples of a lease that have not begun, the last ones: none where all have, so that nobody waits. Where the
 * answer is lost, the lease is not renewed once the rest of it is done, and expires.
 */
export function recallSamples(state: AgentState, input: InputOf<"SamplesRecalled">, effects: Effect[]): void {
  const { leaseId, samplesMax } = input;
  const lease = state.leases.get(leaseId);
  const slot = lease === undefined || lease.slotId === null ? undefined : state.slots.get(lease.slotId);
  const queued = slot?.queue.filter((waiting) => waiting.leaseId === leaseId) ?? [];
  const samples = queued.slice(Math.max(0, queued.length - samplesMax)).map(({ sample }) => sample);
  effects.push({ kind: "SendSamplesReturn", leaseId, samples });
  if (lease === undefined || slot === undefined || samples.length === 0) return;
  const returned = new Set(samples);
  dropSamples(state, slot, (waiting) => waiting.leaseId === leaseId && returned.has(waiting.sample), effects);
}

/** Takes samples out of a slot's queue. */
export function dropSamples(
  state: AgentState,
  slot: SlotState,
  isDropped: (queued: QueuedSample) => boolean,
  effects: Effect[],
): void {
  const dropped = new Map<string, number[]>();
  const kept: QueuedSample[] = [];
  for (const queued of slot.queue) {
    if (!isDropped(queued)) {
      kept.push(queued);
      continue;
    }
    const samples = dropped.get(queued.leaseId) ?? [];
    samples.push(queued.sample);
    dropped.set(queued.leaseId, samples);
  }
  slot.queue = kept;
  for (const [leaseId, samples] of dropped) {
    state.leases.get(leaseId)!.openSamples -= samples.length;
    effects.push({ kind: "DropSamples", leaseId, samples });
  }
}

/** Forgets leases of which nothing is open, uncollected or unacknowledged. */
export function forgetFinished(state: AgentState, effects: Effect[]): void {
  for (const lease of state.leases.values()) {
    const arrived = lease.ended || (lease.expectedRequests !== null && lease.arrivedRequests >= lease.expectedRequests);
    if (!arrived || lease.openSamples > 0 || lease.outcomes > 0 || lease.unacknowledgedBatches > 0) continue;
    // A lease that ended while its prompts are on their way is kept as a mark, so that they are dropped.
    if (lease.ended && state.connected && isIncomplete(lease)) continue;
    state.leases.delete(lease.leaseId);
    effects.push({ kind: "ForgetLease", leaseId: lease.leaseId });
  }
}

function isIncomplete(lease: LeaseState): boolean {
  return lease.expectedRequests === null || lease.arrivedRequests < lease.expectedRequests;
}

function leaseOf(state: AgentState, leaseId: string, runId: string): LeaseState {
  const known = state.leases.get(leaseId);
  if (known !== undefined) return known;
  const lease: LeaseState = {
    leaseId,
    runId,
    slotId: null,
    expectedRequests: null,
    arrivedRequests: 0,
    early: [],
    openSamples: 0,
    ended: false,
    unacknowledgedBatches: 0,
    outcomes: 0,
    outcomeBytes: 0,
    outcomesSinceMs: 0,
  };
  state.leases.set(leaseId, lease);
  return lease;
}
