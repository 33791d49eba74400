import type { Decision } from "./decide.ts";
import type { Effect, RefusalReason } from "./effect.ts";
import type { Event } from "./event.ts";
import { unfitness } from "./grant.ts";
import type { AgentAnnouncement, FailedRequest, ResponseBatch } from "./input.ts";
import { type CoordinatorState, type Lease, leaseHolds, type RunState, sampleOfRequest, slotKey } from "./state.ts";

/**
 * Exactly once: a response counts if its request was ever leased to the agent that sends it, and if it is the first.
 * Later ones are compared with it and counted as duplicates or disagreements. Whatever is refused is acknowledged too,
 * or the agent would send it for ever.
 */
export function acceptBatch(state: CoordinatorState, batch: ResponseBatch): Decision {
  const acknowledge: Effect = { kind: "AcknowledgeBatch", agentId: batch.agentId, batchNumber: batch.batchNumber };
  const refuse = (reason: RefusalReason): Decision => {
    const { agentId, batchNumber } = batch;
    const responses = batch.requestIndexes.length;
    return {
      events: [{ kind: "BatchRefused", agentId, batchNumber, reason, responses }],
      effects: [{ kind: "CountRefusal", reason, responses }, acknowledge],
    };
  };
  const run = state.runs.get(batch.runId);
  if (run === undefined) return refuse("unknownRun");
  if (run.agents.get(batch.agentId)?.batches.has(batch.batchNumber) === true)
    return { events: [], effects: [acknowledge] };
  if (run.phase === "ended") return refuse("runEnded");
  const lease = run.leases.get(batch.leaseId);
  if (lease === undefined) return refuse("unknownLease");
  if (lease.agentId !== batch.agentId) return refuse("otherAgent");
  const sorted = sortResponses(run, lease, batch);
  const effects: Effect[] = [];
  if (sorted.refused > 0) effects.push({ kind: "CountRefusal", reason: "notLeased", responses: sorted.refused });
  if (sorted.requestIndexes.length > 0) {
    const { runId, digest } = batch;
    effects.push({ kind: "ScoreResponses", runId, digest, requestIndexes: sorted.requestIndexes });
  }
  return {
    events: [acceptedEvent(batch, sorted), ...failureEvents(state, lease, batch, sorted.requestIndexes)],
    effects: [...effects, acknowledge, ...abandonments(run, lease, sorted.requestIndexes)],
  };
}

/** Whoever computes a sample too that is now answered in full may stop. */
function abandonments(run: RunState, lease: Lease, accepted: Uint32Array): Effect[] {
  if (run.copies.size === 0) return [];
  const answered = new Map<number, number>();
  for (const requestIndex of accepted) {
    const sample = sampleOfRequest(run, requestIndex);
    if (run.copies.has(sample)) answered.set(sample, (answered.get(sample) ?? 0) + 1);
  }
  const losers = new Map<Lease, number[]>();
  for (const [sample, requests] of answered) {
    if (requests < run.openRequests[sample]!) continue;
    for (const ordinal of [run.holder[sample]!, run.copies.get(sample)!]) {
      const loser = run.leaseList[ordinal - 1]!;
      if (loser !== lease) losers.set(loser, [...(losers.get(loser) ?? []), sample]);
    }
  }
  return Array.from(losers, ([{ agentId, leaseId }, samples]) => ({
    ...{ kind: "SendAbandonment", agentId, leaseId, samples },
  }));
}

interface SortedResponses {
  readonly requestIndexes: Uint32Array;
  readonly fingerprints: Uint32Array;
  readonly duplicates: number;
  readonly disagreements: number;
  readonly refused: number;
}

function sortResponses(run: RunState, lease: Lease, batch: ResponseBatch): SortedResponses {
  const accepted: number[] = [];
  const fingerprints: number[] = [];
  const seen = new Map<number, number>();
  let [duplicates, disagreements, refused] = [0, 0, 0];
  batch.requestIndexes.forEach((requestIndex, row) => {
    if (requestIndex >= run.shape.requestCount || !leaseHolds(lease, sampleOfRequest(run, requestIndex))) {
      refused += 1;
      return;
    }
    const fingerprint = batch.fingerprints[row]!;
    const known = run.fingerprints[requestIndex] || seen.get(requestIndex);
    if (known !== undefined && known !== 0) {
      if (known === fingerprint) duplicates += 1;
      else disagreements += 1;
    } else if (run.quarantined.has(requestIndex)) duplicates += 1;
    else {
      seen.set(requestIndex, fingerprint);
      accepted.push(requestIndex);
      fingerprints.push(fingerprint);
    }
  });
  return {
    requestIndexes: Uint32Array.from(accepted),
    fingerprints: Uint32Array.from(fingerprints),
    duplicates,
    disagreements,
    refused,
  };
}

function acceptedEvent(batch: ResponseBatch, sorted: SortedResponses): Event {
  return {
    kind: "ResponsesAccepted",
    runId: batch.runId,
    leaseId: batch.leaseId,
    agentId: batch.agentId,
    slotId: batch.slotId,
    batchNumber: batch.batchNumber,
    digest: batch.digest,
    requestIndexes: sorted.requestIndexes,
    fingerprints: sorted.fingerprints,
    duplicates: sorted.duplicates,
    disagreements: sorted.disagreements,
    promptTokens: batch.promptTokens,
    completionTokens: batch.completionTokens,
    truncatedRequests: batch.truncatedRequests,
    slotSeconds: batch.slotSeconds,
  };
}

/** Failures of open requests, and the quarantine of those that have broken enough slots. */
function failureEvents(state: CoordinatorState, lease: Lease, batch: ResponseBatch, accepted: Uint32Array): Event[] {
  if (batch.failures.length === 0) return [];
  const run = state.runs.get(batch.runId)!;
  const events: Event[] = [];
  const handled = new Set<number>(accepted);
  for (const failure of batch.failures) {
    const { requestIndex } = failure;
    if (requestIndex >= run.shape.requestCount || handled.has(requestIndex)) continue;
    if (run.fingerprints[requestIndex] !== 0 || run.quarantined.has(requestIndex)) continue;
    if (!leaseHolds(lease, sampleOfRequest(run, requestIndex))) continue;
    handled.add(requestIndex);
    const { agentId, slotId, runId, leaseId } = batch;
    events.push({ kind: "RequestFailed", runId, leaseId, agentId, slotId, failure });
    if (isHopeless(state, run, failure, slotKey(agentId, slotId))) {
      events.push({ kind: "RequestQuarantined", runId, failure });
    }
  }
  return events;
}

/** Whether a request that fails now has failed often enough: on as many slots as there are to try, up to a bound. */
function isHopeless(state: CoordinatorState, run: RunState, failure: FailedRequest, slot: string): boolean {
  if (failure.retry === "never") return true;
  const before = run.failedAttempts.get(failure.requestIndex);
  const slots = new Set(before?.slots).add(slot);
  const attempts = (before?.count ?? 0) + 1;
  if (attempts >= state.settings.attemptsMax) return true;
  const wanted = Math.min(state.settings.quarantineSlots, Math.max(1, eligibleSlots(state, run, failure.requestIndex)));
  return slots.size >= wanted && attempts > wanted;
}

/**
 * Slots that could answer a request: of the agents that ever worked on the run, and of those connected now. A lost
 * agent counts, for it may be back in a moment, and a restarted coordinator meets its agents one after another.
 */
function eligibleSlots(state: CoordinatorState, run: RunState, requestIndex: number): number {
  const kind = run.shape.taskKinds[run.shape.sampleTask[sampleOfRequest(run, requestIndex)]!]!;
  const announcements = new Map<string, AgentAnnouncement>();
  for (const [agentId, tally] of run.agents) announcements.set(agentId, tally.agent);
  for (const [agentId, agent] of state.agents) if (agent.connected) announcements.set(agentId, agent.announcement);
  let count = 0;
  for (const { slots } of announcements.values()) {
    for (const { description } of slots) {
      if (unfitness(run, description) === null && description.capabilities.kinds.includes(kind)) count += 1;
    }
  }
  return count;
}
