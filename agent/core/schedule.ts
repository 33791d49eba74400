import { assert } from "../../base/assert.ts";
import type { Effect } from "./effect.ts";
import { dropSamples } from "./leases.ts";
import { type AgentState, busyMs, isWhole, type RunningSample, runningKey, type SlotState } from "./state.ts";

/** Starts queued samples while the slot's engine has room and the outcomes have somewhere to go. */
export function startSamples(state: AgentState, nowMs: number, effects: Effect[]): void {
  noteFullSpool(state, effects);
  if (state.spoolBlocked || state.spoolFull) return;
  for (const slot of state.slots.values()) {
    if (slot.failed || slot.restsUntilMs > nowMs) continue;
    const count = Math.min(slot.queue.length, slot.concurrency - slot.running.size);
    if (count <= 0) continue;
    if (slot.running.size === 0) slot.busySinceMs = nowMs;
    for (const { leaseId, sample } of slot.queue.splice(0, count)) {
      const running = { leaseId, sample, sinceMs: nowMs, isAbandoned: false };
      slot.running.set(runningKey(leaseId, sample), running);
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

/** A share of the newest sample in the speed of late: a slot that becomes slow is known as slow after some samples. */
const NEWEST_SHARE = 0.1;
/** After so much more work, what was done before counts half. */
const HALF_LIFE_MS = 30_000;

/** A sample left the engine; `tokens` is null when it was not computed. */
export function finishOne(
  state: AgentState,
  { slotId, leaseId, sample }: { readonly slotId: string; readonly leaseId: string; readonly sample: number },
  nowMs: number,
  tokens: number | null,
): RunningSample {
  const slot = state.slots.get(slotId);
  const key = runningKey(leaseId, sample);
  const running = slot?.running.get(key);
  assert(running !== undefined, `sample ${sample} finished on slot ${slotId}, where it does not run`);
  slot!.running.delete(key);
  if (slot!.running.size === 0) slot!.busyMs += nowMs - slot!.busySinceMs;
  if (tokens !== null) noteSpeed(slot!, { tokens, tookMs: nowMs - running.sinceMs, busyMs: busyMs(slot!, nowMs) });
  return running;
}

function noteSpeed(
  slot: SlotState,
  { tokens, tookMs, busyMs: untilMs }: { readonly tokens: number; readonly tookMs: number; readonly busyMs: number },
): void {
  const passedMs = untilMs - slot.lateUntilMs;
  const kept = 2 ** (-passedMs / HALF_LIFE_MS);
  slot.lateTokens = slot.lateTokens * kept + tokens;
  slot.lateSamples = slot.lateSamples * kept + 1;
  slot.lateMs = slot.lateMs * kept + passedMs;
  slot.lateUntilMs = untilMs;
  // Now its speed is known, it may have more.
  if (slot.sampleTokensPerSecond === 0) slot.asked = false;
  if (tookMs <= 0) return;
  const perSecond = (1_000 * tokens) / tookMs;
  const before = slot.sampleTokensPerSecond || perSecond;
  slot.sampleTokensPerSecond = before + NEWEST_SHARE * (perSecond - before);
}

/** Samples whose answers are worth nothing any more: those that wait are dropped, and the engine is told of the others. */
export function abandonSamples(
  state: AgentState,
  { leaseId, samples }: { readonly leaseId: string; readonly samples: readonly number[] },
  effects: Effect[],
): void {
  const slotId = state.leases.get(leaseId)?.slotId ?? null;
  const slot = slotId === null ? undefined : state.slots.get(slotId);
  if (slot === undefined) return;
  const abandoned = new Set(samples);
  dropSamples(state, slot, (queued) => queued.leaseId === leaseId && abandoned.has(queued.sample), effects);
  for (const sample of abandoned) {
    const running = slot.running.get(runningKey(leaseId, sample));
    if (running === undefined) continue;
    running.isAbandoned = true;
    effects.push({ kind: "StopSample", leaseId, sample });
  }
}

/** Below this share of the best that it did, a slot has become slow. */
const SLOW_SHARE = 0.4;

/** A slot that asked for work and got none, or became slow, tells what it computes: others may compute that too. */
export function tellProgress(state: AgentState, nowMs: number, effects: Effect[]): void {
  if (!state.connected) return;
  for (const slot of state.slots.values()) {
    if (nowMs - slot.toldAtMs < state.settings.progressIntervalMs) continue;
    const speed = tokensPerSecond(slot, nowMs);
    if (busyMs(slot, nowMs) > HALF_LIFE_MS) slot.bestTokensPerSecond = Math.max(slot.bestTokensPerSecond, speed);
    const isIdle = slot.asked && slot.queue.length === 0;
    if (!isIdle && speed >= SLOW_SHARE * slot.bestTokensPerSecond) continue;
    slot.toldAtMs = nowMs;
    const running = Array.from(slot.running.values(), ({ leaseId, sample, sinceMs }) => ({
      ...{ leaseId, sample },
      elapsedMs: nowMs - sinceMs,
    }));
    const { slotId, sampleTokensPerSecond } = slot;
    effects.push({
      ...{ kind: "SendProgress", slotId, sampleTokensPerSecond, running },
      ...{ tokensPerSecond: speed, queuedSamples: slot.queue.length },
    });
  }
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
    slot.toldAtMs = nowMs;
    const { slotId, sampleTokensPerSecond } = slot;
    effects.push({
      ...{ kind: "SendWorkWanted", slotId, sampleTokensPerSecond },
      tokensPerSecond: tokensPerSecond(slot, nowMs),
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
  const known = perSecondOfLate(slot, slot.lateSamples, nowMs) * state.settings.queueSeconds;
  return known > 0 ? Math.max(slot.concurrency - slot.running.size, known) : slot.concurrency;
}

/** What a slot computes. One that has just begun has finished little, and is as fast as its samples are together. */
function tokensPerSecond(slot: SlotState, nowMs: number): number {
  const late = perSecondOfLate(slot, slot.lateTokens, nowMs);
  const isNew = busyMs(slot, nowMs) < HALF_LIFE_MS;
  return isNew ? Math.max(late, slot.sampleTokensPerSecond * slot.running.size) : late;
}

/** A rate of late; a slot that finishes nothing becomes slower meanwhile. */
function perSecondOfLate(slot: SlotState, late: number, nowMs: number): number {
  const ms = slot.lateMs + busyMs(slot, nowMs) - slot.lateUntilMs;
  return ms > 0 ? (1_000 * late) / ms : 0;
}

/** Tells the coordinator which leases are alive, so that it does not give them to others. */
export function renewLeases(state: AgentState, nowMs: number, effects: Effect[]): void {
  if (!state.connected || nowMs - state.renewedAtMs < state.renewalIntervalMs) return;
  state.renewedAtMs = nowMs;
  const leaseIds = [...state.leases.values()].filter((lease) => !lease.ended).map((lease) => lease.leaseId);
  if (leaseIds.length > 0) effects.push({ kind: "SendRenewal", leaseIds });
}
