import { assert } from "../../base/assert.ts";
import type { Effect } from "./effect.ts";
import { type AgentState, busyMs, isWhole, type SlotState } from "./state.ts";

/** Starts queued samples while the slot's engine has room and the outcomes have somewhere to go. */
export function startSamples(state: AgentState, nowMs: number, effects: Effect[]): void {
  noteFullSpool(state, effects);
  if (state.spoolBlocked || state.spoolFull) return;
  for (const slot of state.slots.values()) {
    if (slot.failed || slot.restsUntilMs > nowMs) continue;
    const count = Math.min(slot.queue.length, slot.concurrency - slot.running);
    if (count <= 0) continue;
    if (slot.running === 0) slot.busySinceMs = nowMs;
    slot.running += count;
    for (const { leaseId, sample } of slot.queue.splice(0, count)) {
      effects.push({ kind: "StartSample", slotId: slot.slotId, leaseId, sample });
    }
  }
}

/** Says once when the coordinator has been away for so long that no more may be computed, and when it goes on. */
function noteFullSpool(state: AgentState, effects: Effect[]): void {
  const { batchesHeldMax, bytesHeldMax } = state.settings;
  const isFull = state.batches.size >= batchesHeldMax || state.heldBytes >= bytesHeldMax;
  if (isFull === state.spoolFull) return;
  state.spoolFull = isFull;
  const message = isFull
    ? `${state.batches.size} batches of responses, ${Math.round(state.heldBytes / 2 ** 20)} MB, wait for the coordinator; nothing more is begun until it takes some`
    : "the coordinator takes responses again; work goes on";
  effects.push({ kind: "Report", level: isFull ? "warn" : "info", message });
}

/** A sample left the engine; `tokens` is null when it was not computed. */
export function finishOne(state: AgentState, slotId: string, nowMs: number, tokens: number | null): void {
  const slot = state.slots.get(slotId);
  assert(slot !== undefined && slot.running > 0, `a sample finished on slot ${slotId}, where none runs`);
  slot.running -= 1;
  if (slot.running === 0) slot.busyMs += nowMs - slot.busySinceMs;
  if (tokens === null) return;
  slot.doneSamples += 1;
  slot.doneTokens += tokens;
}

/** Asks for work before a slot runs dry: below some seconds of what it is known to do, and never below its engine's room. */
export function askForWork(state: AgentState, nowMs: number, effects: Effect[]): void {
  if (!state.connected || state.draining || state.spoolBlocked || state.spoolFull) return;
  // What an earlier process left is told first; else the same requests would be granted and computed again.
  const [oldest] = state.batches.values();
  if (oldest?.leaseId === null) return;
  for (const slot of state.slots.values()) {
    if (slot.asked || slot.failed || slot.restsUntilMs > nowMs) continue;
    if (slot.queue.length > lowWater(state, slot, nowMs) || isBeingFilled(state, slot)) continue;
    slot.asked = true;
    const seconds = busyMs(slot, nowMs) / 1000;
    effects.push({
      kind: "SendWorkWanted",
      slotId: slot.slotId,
      tokensPerSecond: seconds > 0 ? slot.doneTokens / seconds : 0,
      queuedSamples: slot.queue.length,
    });
  }
}

/** Whether prompts of a granted lease are still on their way: a grant is faster than they are, and not to be asked twice. */
function isBeingFilled(state: AgentState, slot: SlotState): boolean {
  for (const lease of state.leases.values()) {
    if (lease.slotId === slot.slotId && !lease.ended && !isWhole(lease)) return true;
  }
  return false;
}

function lowWater(state: AgentState, slot: SlotState, nowMs: number): number {
  const seconds = busyMs(slot, nowMs) / 1000;
  const perSecond = seconds > 0 ? slot.doneSamples / seconds : 0;
  return Math.max(slot.concurrency, perSecond * state.settings.queueSeconds);
}

/** Tells the coordinator which leases are alive, so that it does not give them to others. */
export function renewLeases(state: AgentState, nowMs: number, effects: Effect[]): void {
  if (!state.connected || nowMs - state.renewedAtMs < state.renewalIntervalMs) return;
  state.renewedAtMs = nowMs;
  const leaseIds = [...state.leases.values()].filter((lease) => !lease.ended).map((lease) => lease.leaseId);
  if (leaseIds.length > 0) effects.push({ kind: "SendRenewal", leaseIds });
}
