import type { Effect } from "./effect.ts";
import type { Input } from "./input.ts";
import type { AgentState, LeaseState } from "./state.ts";

/** Notes that a sample's outcomes wait for their lease's next batch. */
export function collect(state: AgentState, input: Extract<Input, { kind: "SampleFinished" }>, nowMs: number): void {
  const lease = state.leases.get(input.leaseId);
  if (lease === undefined) return;
  lease.openSamples -= 1;
  if (lease.outcomes === 0) lease.outcomesSinceMs = nowMs;
  lease.outcomes += input.outcomes;
  lease.outcomeBytes += input.bytes;
}

/** Closes batches that are full or old, those of leases that have nothing more to come, and all before an end. */
export function closeBatches(state: AgentState, nowMs: number, effects: Effect[]): void {
  for (const lease of state.leases.values()) {
    if (lease.outcomes === 0 || !isDue(state, lease, nowMs)) continue;
    const batchNumber = state.nextBatchNumber++;
    const { leaseId, runId, outcomeBytes } = lease;
    state.batches.set(batchNumber, { batchNumber, leaseId, bytes: outcomeBytes, spooled: false, sent: false });
    state.heldBytes += outcomeBytes;
    effects.push({ kind: "SpoolBatch", batchNumber, leaseId, runId, slotId: lease.slotId ?? "" });
    lease.unacknowledgedBatches += 1;
    lease.outcomes = 0;
    lease.outcomeBytes = 0;
  }
}

function isDue({ settings, draining }: AgentState, lease: LeaseState, nowMs: number): boolean {
  return (
    draining ||
    lease.openSamples === 0 ||
    lease.outcomes >= settings.batchOutcomesMax ||
    lease.outcomeBytes >= settings.batchBytesMax ||
    nowMs - lease.outcomesSinceMs >= settings.batchAgeMs
  );
}

/** Sends what is durable here and not yet acknowledged there, oldest first, a bounded number at once. */
export function sendBatches(state: AgentState, effects: Effect[]): void {
  if (!state.connected) return;
  let inFlight = 0;
  for (const batch of state.batches.values()) {
    if (inFlight >= state.settings.batchesInFlightMax) return;
    if (!batch.sent && !batch.spooled) continue;
    inFlight += 1;
    if (batch.sent) continue;
    batch.sent = true;
    effects.push({ kind: "SendBatch", batchNumber: batch.batchNumber });
  }
}

/** The coordinator has the batch on its own disk. */
export function acknowledge(state: AgentState, batchNumber: number, effects: Effect[]): void {
  if (dropBatch(state, batchNumber)) effects.push({ kind: "ForgetBatch", batchNumber });
}

/** Nothing more is to be done about a batch; false where that was known. */
export function dropBatch(state: AgentState, batchNumber: number): boolean {
  const batch = state.batches.get(batchNumber);
  if (batch === undefined) return false;
  state.batches.delete(batchNumber);
  state.heldBytes -= batch.bytes;
  const lease = batch.leaseId === null ? undefined : state.leases.get(batch.leaseId);
  if (lease !== undefined) lease.unacknowledgedBatches -= 1;
  return true;
}
