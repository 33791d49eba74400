import { assert } from "../../base/assert.ts";
import type { Event, RunEvent } from "./event.ts";
import type { PlanShape, RunDescription } from "./input.ts";
import { buildQueues, queueOf } from "./sample-queue.ts";
import { type CoordinatorState, holds, type Lease, type RunState, sampleOfRequest, slotKey } from "./state.ts";

type EventOf<K extends RunEvent["kind"]> = Extract<RunEvent, { kind: K }>;

/**
 * Applies one event. Total: an event in the journal was decided once and is never doubted. Leases found in a journal
 * get a fresh deadline from `nowMs`, since a monotonic clock does not survive a restart.
 */
export function evolve(state: CoordinatorState, event: Event, nowMs: number): void {
  switch (event.kind) {
    case "EpochStarted":
      state.epoch = event.epoch;
      state.leaseCounter = 0;
      return;
    case "RunListed":
    case "RunClosed":
    case "RunReopened":
    case "BatchRefused":
      return;
    case "RunAccepted":
      state.runs.set(event.runId, newRun(event.run, event.shape));
      return;
    default:
      evolveRun(state, runOf(state, event.runId), event, nowMs);
  }
}

function runOf(state: CoordinatorState, runId: string): RunState {
  const run = state.runs.get(runId);
  assert(run !== undefined, `event of unknown run ${runId}`);
  return run;
}

function evolveRun(
  state: CoordinatorState,
  run: RunState,
  event: Exclude<RunEvent, { kind: "RunAccepted" }>,
  nowMs: number,
): void {
  switch (event.kind) {
    case "AgentAdmitted": {
      const known = run.agents.get(event.agent.agentId);
      if (known === undefined) {
        run.agents.set(event.agent.agentId, {
          agent: event.agent,
          responses: 0,
          slotSeconds: 0,
          leases: 0,
          batches: new Set(),
        });
      } else known.agent = event.agent;
      run.modelDigest ||=
        event.agent.slots.find((slot) => slot.description.model === run.run.model)?.description.modelDigest ?? "";
      return;
    }
    case "LeaseGranted":
      return grantLease(state, run, event, nowMs);
    case "LeaseEnded":
      state.offers += 1;
      return endLease(run, event);
    case "SamplesReturned": {
      state.offers += 1;
      const lease = run.leases.get(event.leaseId);
      assert(lease !== undefined, `samples of unknown lease ${event.leaseId} returned`);
      for (const sample of event.samples) detachSample(run, lease, sample);
      return;
    }
    case "ResponsesAccepted":
      if (event.requestIndexes.length > 0) noteProgress(state, event, nowMs);
      return acceptResponses(run, event);
    case "RequestFailed":
      state.offers += 1;
      noteProgress(state, event, nowMs);
      return failRequest(run, event);
    case "RequestQuarantined":
      run.quarantined.set(event.failure.requestIndex, event.failure);
      return closeRequest(run, event.failure.requestIndex);
    case "QuarantineLifted":
      return liftQuarantine(run);
    case "RunTakenUp":
      return;
    case "RunComputed":
      run.phase = "scoring";
      return;
    case "RunEnded":
      run.phase = "ended";
      run.end = event.end;
      run.reason = event.reason;
  }
}

/** A slot works: what it holds may be renewed. Volatile. */
function noteProgress(
  state: CoordinatorState,
  { agentId, slotId }: EventOf<"ResponsesAccepted" | "RequestFailed">,
  nowMs: number,
): void {
  const slot = state.agents.get(agentId)?.slots.get(slotId);
  if (slot !== undefined) slot.progressAtMs = nowMs;
}

/** A run with nothing done. */
function newRun(run: RunDescription, shape: PlanShape): RunState {
  const firstRequest = new Uint32Array(shape.sampleCount + 1);
  const openRequests = new Uint32Array(shape.sampleCount);
  let costTokensTotal = 0;
  for (let sample = 0; sample < shape.sampleCount; sample++) {
    firstRequest[sample + 1] = firstRequest[sample]! + shape.sampleRequestCount[sample]!;
    openRequests[sample] = shape.sampleRequestCount[sample]!;
    costTokensTotal += shape.sampleCostTokens[sample]!;
  }
  return {
    run,
    shape,
    phase: "computing",
    end: null,
    reason: "",
    firstRequest,
    openRequests,
    fingerprints: new Uint32Array(shape.requestCount),
    holder: new Uint32Array(shape.sampleCount),
    copies: new Map(),
    stragglers: null,
    everGranted: new Uint8Array(shape.sampleCount),
    queues: buildQueues(shape),
    leases: new Map(),
    leaseList: [],
    openLeases: new Set(),
    failedAttempts: new Map(),
    quarantined: new Map(),
    agents: new Map(),
    taskSamplesDone: new Uint32Array(shape.taskNames.length),
    requestsDone: 0,
    samplesDone: 0,
    costTokensDone: 0,
    costTokensTotal,
    costTokensWaiting: costTokensTotal,
    copiedSamples: 0,
    copiedTokens: 0,
    duplicates: 0,
    disagreements: 0,
    promptTokens: 0,
    completionTokens: 0,
    truncatedRequests: 0,
    slotSeconds: 0,
    leaseExpiries: 0,
    modelDigest: "",
  };
}

function grantLease(state: CoordinatorState, run: RunState, event: EventOf<"LeaseGranted">, nowMs: number): void {
  const lease: Lease = {
    leaseId: event.leaseId,
    ordinal: run.leaseList.length + 1,
    agentId: event.agentId,
    slotId: event.slotId,
    epoch: event.epoch,
    isCopy: event.isCopy ?? false,
    samples: event.samples,
    openSamples: event.samples.length,
    openTokens: event.samples.reduce((sum, sample) => sum + run.shape.sampleCostTokens[sample]!, 0),
    deadlineMs: nowMs + state.settings.leaseDurationMs,
    recallableFromMs: nowMs,
    end: null,
  };
  if (event.epoch === state.epoch) state.leaseCounter += 1;
  run.leases.set(lease.leaseId, lease);
  run.leaseList.push(lease);
  run.openLeases.add(lease);
  const tally = run.agents.get(event.agentId);
  if (tally !== undefined) tally.leases += 1;
  if (lease.isCopy) noteCopies(run, lease);
  else takeFromQueues(run, lease);
  const slot = state.agents.get(event.agentId)?.slots.get(event.slotId);
  if (slot === undefined) return;
  slot.wantsWork = false;
  slot.progressAtMs = nowMs;
}

function noteCopies(run: RunState, { ordinal, samples }: Lease): void {
  for (const sample of samples) {
    run.copies.set(sample, ordinal);
    run.copiedSamples += 1;
    run.copiedTokens += run.shape.sampleCostTokens[sample]!;
  }
}

function takeFromQueues(run: RunState, { ordinal, samples }: Lease): void {
  for (const sample of samples) {
    run.holder[sample] = ordinal;
    run.everGranted[sample] = 1;
    run.costTokensWaiting -= run.shape.sampleCostTokens[sample]!;
  }
  for (const queue of run.queues.values()) {
    const waiting = queue.returned.filter((sample) => run.holder[sample] === 0 && run.openRequests[sample]! > 0);
    queue.returned.splice(0, queue.returned.length, ...waiting);
    for (const range of queue.ranges) {
      while (range.cursor < range.end && run.everGranted[queue.order[range.cursor]!] === 1) range.cursor += 1;
    }
  }
}

function endLease(run: RunState, event: EventOf<"LeaseEnded">): void {
  const lease = run.leases.get(event.leaseId);
  assert(lease !== undefined, `end of unknown lease ${event.leaseId}`);
  lease.end = event.end;
  lease.deadlineMs = null;
  run.openLeases.delete(lease);
  if (event.end === "expired") run.leaseExpiries += 1;
  for (const sample of lease.samples) detachSample(run, lease, sample);
}

/** Takes a sample from a lease that holds it. One that is not finished waits again, unless another lease holds it too. */
function detachSample(run: RunState, lease: Lease, sample: number): void {
  if (!holds(run, lease, sample)) return;
  lease.openSamples -= 1;
  lease.openTokens -= run.shape.sampleCostTokens[sample]!;
  const copy = run.copies.get(sample);
  if (copy !== undefined) {
    run.copies.delete(sample);
    if (copy !== lease.ordinal) run.holder[sample] = copy;
    return;
  }
  run.holder[sample] = 0;
  if (run.openRequests[sample] === 0) return;
  queueOf(run.queues, run.shape, sample).returned.push(sample);
  run.costTokensWaiting += run.shape.sampleCostTokens[sample]!;
}

function failRequest(run: RunState, event: EventOf<"RequestFailed">): void {
  const { requestIndex } = event.failure;
  const attempts = run.failedAttempts.get(requestIndex) ?? { slots: new Set<string>(), count: 0 };
  attempts.slots.add(slotKey(event.agentId, event.slotId));
  attempts.count += 1;
  run.failedAttempts.set(requestIndex, attempts);
  const lease = run.leases.get(event.leaseId);
  assert(lease !== undefined, `failure under unknown lease ${event.leaseId}`);
  detachSample(run, lease, sampleOfRequest(run, requestIndex));
}

function acceptResponses(run: RunState, event: EventOf<"ResponsesAccepted">): void {
  const tally = run.agents.get(event.agentId);
  assert(tally !== undefined, `responses of ${event.agentId}, which was never admitted`);
  tally.batches.add(event.batchNumber);
  tally.responses += event.requestIndexes.length;
  tally.slotSeconds += event.slotSeconds;
  run.slotSeconds += event.slotSeconds;
  run.duplicates += event.duplicates;
  run.disagreements += event.disagreements;
  run.promptTokens += event.promptTokens;
  run.completionTokens += event.completionTokens;
  run.truncatedRequests += event.truncatedRequests;
  run.requestsDone += event.requestIndexes.length;
  event.requestIndexes.forEach((requestIndex, row) => {
    run.fingerprints[requestIndex] = event.fingerprints[row]!;
    closeRequest(run, requestIndex);
  });
}

/** A request got its answer, or never will. */
function closeRequest(run: RunState, requestIndex: number): void {
  const sample = sampleOfRequest(run, requestIndex);
  run.openRequests[sample]! -= 1;
  if (run.openRequests[sample]! > 0) return;
  run.samplesDone += 1;
  run.taskSamplesDone[run.shape.sampleTask[sample]!]! += 1;
  run.costTokensDone += run.shape.sampleCostTokens[sample]!;
  const copy = run.copies.get(sample);
  if (copy !== undefined) detachSample(run, run.leaseList[copy - 1]!, sample);
  const holder = run.holder[sample]!;
  if (holder > 0) detachSample(run, run.leaseList[holder - 1]!, sample);
  else run.costTokensWaiting -= run.shape.sampleCostTokens[sample]!;
}

/** The run goes on as if no request had been set aside. */
function liftQuarantine(run: RunState): void {
  run.phase = "computing";
  run.end = null;
  run.reason = "";
  for (const requestIndex of run.quarantined.keys()) reopenRequest(run, requestIndex);
  run.quarantined.clear();
  run.failedAttempts.clear();
  for (const queue of run.queues.values()) {
    // A sample that came back before may stand in the list still.
    queue.returned.splice(0, queue.returned.length, ...new Set(queue.returned));
  }
}

function reopenRequest(run: RunState, requestIndex: number): void {
  const sample = sampleOfRequest(run, requestIndex);
  run.openRequests[sample]! += 1;
  if (run.openRequests[sample]! > 1) return;
  run.samplesDone -= 1;
  run.taskSamplesDone[run.shape.sampleTask[sample]!]! -= 1;
  run.costTokensDone -= run.shape.sampleCostTokens[sample]!;
  run.costTokensWaiting += run.shape.sampleCostTokens[sample]!;
  queueOf(run.queues, run.shape, sample).returned.push(sample);
}
