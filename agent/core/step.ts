import { assert } from "../../base/assert.ts";
import { acknowledge, closeBatches, collect, dropBatch, sendBatches } from "./batches.ts";
import type { Effect } from "./effect.ts";
import type { TimedInput } from "./input.ts";
import { arriveSamples, dropSamples, endLease, forgetFinished, grantLease, recallSamples } from "./leases.ts";
import { abandonSamples, askForWork, finishOne, renewLeases, startSamples, tellProgress } from "./schedule.ts";
import { type AgentState, isWhole } from "./state.ts";

/**
 * One turn of the agent: takes note of an input, then does all that follows from the state. The shell performs the
 * effects in order. There is no journal: what must survive a crash is in the spool, and the rest is leased again.
 */
export function step(state: AgentState, timed: TimedInput): Effect[] {
  const effects: Effect[] = [];
  take(state, timed, effects);
  startSamples(state, timed.nowMs, effects);
  closeBatches(state, timed.nowMs, effects);
  sendBatches(state, effects);
  askForWork(state, timed.nowMs, effects);
  tellProgress(state, timed.nowMs, effects);
  renewLeases(state, timed.nowMs, effects);
  forgetFinished(state, effects);
  return effects;
}

function take(state: AgentState, { nowMs, input }: TimedInput, effects: Effect[]): void {
  switch (input.kind) {
    case "Connected":
      return connect(state, input.keptLeaseIds, input.renewalIntervalMs, effects);
    case "Disconnected":
      return disconnect(state, effects);
    case "LeaseGranted":
      return grantLease(state, input, effects);
    case "RequestsArrived":
      return arriveSamples(state, input, effects);
    case "LeaseRevoked":
      return endLease(state, input.leaseId, effects);
    case "SamplesRecalled":
      return recallSamples(state, input, effects);
    case "SamplesAbandoned":
      return abandonSamples(state, input, effects);
    case "SampleFinished":
      finishOne(state, input, nowMs, input.tokens);
      return collect(state, input, nowMs);
    case "SamplePostponed":
      return postpone(state, input, nowMs, effects);
    case "SlotFailed":
      return failSlot(state, input.slotId, input.reason, effects);
    case "SlotRecovered":
      slotOf(state, input.slotId).failed = false;
      return;
    case "BatchSpooled": {
      const batch = state.batches.get(input.batchNumber);
      if (batch !== undefined) batch.spooled = true;
      return;
    }
    case "BatchAcknowledged":
      return acknowledge(state, input.batchNumber, effects);
    case "BatchLost":
      dropBatch(state, input.batchNumber);
      return;
    case "SpoolBlocked":
      state.spoolBlocked = input.blocked;
      return;
    case "DrainOrdered":
      return giveBack(state, "the agent is draining", effects);
    case "StopRequested":
      return giveBack(state, "the agent stops", effects);
    case "TimePassed":
  }
}

function connect(
  state: AgentState,
  keptLeaseIds: readonly string[],
  renewalIntervalMs: number,
  effects: Effect[],
): void {
  state.connected = true;
  state.renewalIntervalMs = renewalIntervalMs;
  const kept = new Set(keptLeaseIds);
  for (const lease of state.leases.values()) if (!kept.has(lease.leaseId)) endLease(state, lease.leaseId, effects);
  for (const slot of state.slots.values()) slot.asked = false;
  for (const batch of state.batches.values()) batch.sent = false;
}

/** What was on its way down is lost with the connection; the coordinator gives those leases out again. */
function disconnect(state: AgentState, effects: Effect[]): void {
  state.connected = false;
  for (const lease of state.leases.values()) {
    if (isWhole(lease)) continue;
    endLease(state, lease.leaseId, effects);
    lease.expectedRequests = lease.arrivedRequests;
  }
}

function postpone(
  state: AgentState,
  input: Extract<TimedInput["input"], { kind: "SamplePostponed" }>,
  nowMs: number,
  effects: Effect[],
): void {
  const { leaseId, sample, requestCount } = input;
  const slot = slotOf(state, input.slotId);
  const { isAbandoned } = finishOne(state, input, nowMs, null);
  slot.restsUntilMs = Math.max(slot.restsUntilMs, nowMs + input.restMs);
  const lease = state.leases.get(leaseId);
  if (lease === undefined) return;
  if (lease.ended || isAbandoned) {
    lease.openSamples -= 1;
    effects.push({ kind: "DropSamples", leaseId, samples: [sample] });
  } else slot.queue.unshift({ leaseId, sample, requestCount });
}

function failSlot(state: AgentState, slotId: string, reason: string, effects: Effect[]): void {
  const slot = slotOf(state, slotId);
  slot.failed = true;
  slot.asked = false;
  for (const lease of state.leases.values()) {
    if (lease.slotId !== slotId || lease.ended) continue;
    if (state.connected) effects.push({ kind: "SendLeaseReturn", leaseId: lease.leaseId, reason });
    endLease(state, lease.leaseId, effects);
  }
}

/** Leases with samples that have not begun go back; what runs is finished, and nothing new is asked for. */
function giveBack(state: AgentState, reason: string, effects: Effect[]): void {
  state.draining = true;
  for (const lease of state.leases.values()) {
    if (lease.ended) continue;
    if (state.connected) effects.push({ kind: "SendLeaseReturn", leaseId: lease.leaseId, reason });
    endLease(state, lease.leaseId, effects);
  }
  for (const slot of state.slots.values()) dropSamples(state, slot, () => true, effects);
}

function slotOf(state: AgentState, slotId: string) {
  const slot = state.slots.get(slotId);
  assert(slot !== undefined, `no slot ${slotId}`);
  return slot;
}
