import type { Input, TimedInput } from "./input.ts";
import type { CoordinatorState, SlotState } from "./state.ts";

/**
 * Takes note of what is only true now: who is connected, who wants work, which lease was renewed. None of it is
 * journalled; after a restart agents announce themselves again.
 */
export function observe(state: CoordinatorState, { nowMs, input }: TimedInput): void {
  forgiveStandstill(state, nowMs);
  noteOffers(state, input);
  switch (input.kind) {
    case "AgentArrived":
      state.agents.set(input.agent.agentId, {
        announcement: input.agent,
        connected: true,
        draining: false,
        lastSeenMs: nowMs,
        slots: new Map(input.agent.slots.map((slot) => [slot.slotId, idleSlot(nowMs)])),
      });
      return renewLeases(state, input.agent.agentId, input.heldLeaseIds, nowMs);
    case "AgentDisconnected": {
      const agent = state.agents.get(input.agentId);
      if (agent?.announcement.incarnation === input.incarnation) agent.connected = false;
      return;
    }
    case "WorkWanted": {
      const slot = state.agents.get(input.agentId)?.slots.get(input.slotId);
      if (slot !== undefined) {
        slot.wantsWork = true;
        slot.tokensPerSecond = input.tokensPerSecond;
        slot.sampleTokensPerSecond = input.sampleTokensPerSecond;
      }
      return seen(state, input.agentId, nowMs);
    }
    case "SlotProgressed": {
      const slot = state.agents.get(input.agentId)?.slots.get(input.slotId);
      if (slot !== undefined) {
        slot.tokensPerSecond = input.tokensPerSecond;
        slot.sampleTokensPerSecond = input.sampleTokensPerSecond;
        slot.progress = { atMs: nowMs, queuedSamples: input.queuedSamples, running: input.running };
      }
      return seen(state, input.agentId, nowMs);
    }
    case "LeasesRenewed":
      renewLeases(state, input.agentId, input.leaseIds, nowMs);
      return seen(state, input.agentId, nowMs);
    case "SamplesReturned":
      noteRecall(state, input, nowMs);
      return seen(state, input.agentId, nowMs);
    case "ResponsesArrived":
      return seen(state, input.batch.agentId, nowMs);
    case "DrainRequested": {
      const agent = state.agents.get(input.agentId);
      if (agent !== undefined) agent.draining = true;
      return;
    }
    case "RunArchived":
      if (state.runs.get(input.runId)?.phase === "ended") state.runs.delete(input.runId);
      return;
    case "RetryRequested": {
      const { runId } = input.run.run;
      if (!state.runs.has(runId)) state.runs.set(runId, input.run);
      return;
    }
    case "RunArrived":
    case "LeaseReturned":
    case "CancelRequested":
    case "PlanLost":
    case "ScoresArrived":
    case "TimePassed":
  }
}

/**
 * A coordinator that stood still (a stopped machine, a slow disk) has renewals waiting at its door. The time that it
 * lost is added to every deadline, so that it does not take away leases that are alive.
 */
function forgiveStandstill(state: CoordinatorState, nowMs: number): void {
  const lostMs = nowMs - (state.lastInputMs ?? nowMs);
  state.lastInputMs = nowMs;
  if (lostMs <= state.settings.standstillMs) return;
  for (const run of state.runs.values()) {
    for (const lease of run.openLeases) if (lease.deadlineMs !== null) lease.deadlineMs += lostMs;
  }
}

/** Before any number of offers. */
const NEVER = -1;

/** What an agent says concerns its own slots; everything else may concern all of them. */
function noteOffers(state: CoordinatorState, input: Input): void {
  switch (input.kind) {
    case "WorkWanted":
    case "SlotProgressed": {
      const slot = state.agents.get(input.agentId)?.slots.get(input.slotId);
      if (slot !== undefined) slot.declinedAt = NEVER;
      return;
    }
    case "ResponsesArrived": {
      const slot = state.agents.get(input.batch.agentId)?.slots.get(input.batch.slotId);
      if (slot !== undefined) slot.declinedAt = NEVER;
      return;
    }
    case "LeasesRenewed":
      return;
    default:
      state.offers += 1;
  }
}

function idleSlot(nowMs: number): SlotState {
  return {
    wantsWork: false,
    declinedAt: NEVER,
    tokensPerSecond: 0,
    sampleTokensPerSecond: 0,
    recallsFromMs: nowMs,
    progressAtMs: nowMs,
    progress: null,
  };
}

/** A lease that gave something may be asked again at once; one that had nothing is left alone for a while. */
function noteRecall(
  state: CoordinatorState,
  { agentId, leaseId, samples }: Extract<Input, { kind: "SamplesReturned" }>,
  nowMs: number,
): void {
  for (const run of state.runs.values()) {
    const lease = run.leases.get(leaseId);
    if (lease?.agentId !== agentId) continue;
    lease.recallableFromMs = samples.length > 0 ? nowMs : nowMs + state.settings.recallPauseMs;
  }
}

function seen(state: CoordinatorState, agentId: string, nowMs: number): void {
  const agent = state.agents.get(agentId);
  if (agent !== undefined) agent.lastSeenMs = nowMs;
}

function renewLeases(state: CoordinatorState, agentId: string, leaseIds: readonly string[], nowMs: number): void {
  for (const run of state.runs.values()) {
    for (const leaseId of leaseIds) {
      const lease = run.leases.get(leaseId);
      if (lease === undefined || lease.end !== null || lease.agentId !== agentId) continue;
      const slot = state.agents.get(agentId)?.slots.get(lease.slotId);
      if (slot !== undefined && nowMs - slot.progressAtMs > state.settings.slotSilenceMs) continue;
      lease.deadlineMs = nowMs + state.settings.leaseDurationMs;
    }
  }
}
