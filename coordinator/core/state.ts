import type { RequestKind } from "../../evaluation/request.ts";
import type { LeaseEnd, RunEnd } from "./event.ts";
import type { SampleQueue } from "./sample-queue.ts";
import type { AgentAnnouncement, FailedRequest, PlanShape, RunDescription, RunningSample } from "./input.ts";

/** A shard that a slot holds, or held: kept after its end, since a late response of it still counts. */
export interface Lease {
  readonly leaseId: string;
  /** Position in the run's list of leases, plus one; what `holder` says of the samples it holds. */
  readonly ordinal: number;
  readonly agentId: string;
  readonly slotId: string;
  readonly epoch: number;
  /** Its samples are held by other leases too: whoever is faster counts. */
  readonly isCopy: boolean;
  /** Sample positions, ascending. */
  readonly samples: Uint32Array;
  /** Samples that it holds and that are not finished. */
  openSamples: number;
  /** What was foretold for those. */
  openTokens: number;
  /** Monotonic; null once it ended. */
  deadlineMs: number | null;
  /** Monotonic and volatile: its samples may be recalled from this time on. */
  recallableFromMs: number;
  end: LeaseEnd | null;
}

/** What one agent did in a run. */
export interface RunAgentTally {
  agent: AgentAnnouncement;
  responses: number;
  slotSeconds: number;
  leases: number;
  /** Numbers of its batches that are durable, so that a resent batch costs nothing twice. */
  readonly batches: Set<number>;
}

/** `computing` until each request has a durable response or is quarantined; `scoring` until the outputs are written. */
export type RunPhase = "computing" | "scoring" | "ended";

/** One run. Columns have one entry a request or a sample, so memory is a few bytes a request. */
export interface RunState {
  readonly run: RunDescription;
  readonly shape: PlanShape;
  phase: RunPhase;
  end: RunEnd | null;
  reason: string;
  /** First request of each sample, and one entry past the end. */
  readonly firstRequest: Uint32Array;
  /** Fingerprint of each request's counted response; 0 while it has none. */
  readonly fingerprints: Uint32Array;
  /** Requests of each sample that are neither done nor quarantined. */
  readonly openRequests: Uint32Array;
  /** Ordinal of the open lease that holds each sample; 0 while none does. */
  readonly holder: Uint32Array;
  /** Ordinal of the open lease that holds a speculative copy, by sample. */
  readonly copies: Map<number, number>;
  /** What slots told that they compute, the last to end first; volatile, null until somebody asked. */
  stragglers: { readonly atMs: number; readonly list: readonly Straggler[] } | null;
  /** 1 for each sample that was ever granted. */
  readonly everGranted: Uint8Array;
  readonly queues: Map<RequestKind, SampleQueue>;
  readonly leases: Map<string, Lease>;
  readonly leaseList: Lease[];
  readonly openLeases: Set<Lease>;
  /** Attempts that failed, by request: the slots they failed on, and how often. */
  readonly failedAttempts: Map<number, { readonly slots: Set<string>; count: number }>;
  readonly quarantined: Map<number, FailedRequest>;
  readonly agents: Map<string, RunAgentTally>;
  /** Samples finished of each task. */
  readonly taskSamplesDone: Uint32Array;
  requestsDone: number;
  samplesDone: number;
  costTokensDone: number;
  costTokensTotal: number;
  /** Tokens of the samples that no lease holds and that are not finished. */
  costTokensWaiting: number;
  /** Speculative copies that were ever made: samples, and the tokens that were foretold for them. */
  copiedSamples: number;
  copiedTokens: number;
  duplicates: number;
  disagreements: number;
  promptTokens: number;
  completionTokens: number;
  truncatedRequests: number;
  slotSeconds: number;
  leaseExpiries: number;
  /** Digest of the weights that the first granted slot announced; slots with another are not used. */
  modelDigest: string;
}

/** What a slot told that found no more work, or became slow. */
export interface SlotProgress {
  readonly atMs: number;
  /** Samples that it holds and has not begun. */
  readonly queuedSamples: number;
  readonly running: readonly RunningSample[];
}

/** A sample that may hold up its run. */
export interface Straggler {
  readonly slot: SlotState;
  readonly leaseId: string;
  readonly sample: number;
  /** Seconds until it is done where it is, as far as anyone can tell. */
  readonly remaining: number;
  /** What it would take elsewhere, tokens. */
  readonly tokens: number;
}

/** A slot's wishes; volatile. */
export interface SlotState {
  wantsWork: boolean;
  /** Nothing was found for it when the state's offers had this number; it is asked about again when they changed. */
  declinedAt: number;
  /** As its agent measured of late; 0 while unknown. */
  tokensPerSecond: number;
  /** How fast one sample is computed beside the others; 0 while unknown. */
  sampleTokensPerSecond: number;
  /** Nothing is recalled for it before this time: an answer is under way, or there was nothing to have. */
  recallsFromMs: number;
  /** When it last answered something, or was given work; its leases are renewed only for a while after that. */
  progressAtMs: number;
  /** Null until it first told. */
  progress: SlotProgress | null;
}

/** A connected (or just lost) agent; volatile: it announces itself again after a restart. */
export interface AgentState {
  readonly announcement: AgentAnnouncement;
  connected: boolean;
  draining: boolean;
  lastSeenMs: number;
  readonly slots: Map<string, SlotState>;
}

/** Settings of the core; fixed while a coordinator runs. */
export interface CoreSettings {
  /** A lease that is not renewed for this long returns to the queue. */
  readonly leaseDurationMs: number;
  /** A slot that answers nothing for this long keeps no lease, however often its agent renews it. */
  readonly slotSilenceMs: number;
  /** Longer between two inputs than this, and it was the coordinator that stood still. */
  readonly standstillMs: number;
  /** Most samples in one lease. */
  readonly leaseSamplesMax: number;
  /** Most work in one lease, seconds at the slot's measured speed. */
  readonly leaseSecondsMax: number;
  /** Most work that waits at a slot, the same. */
  readonly queuedSecondsMax: number;
  /** Least work in one lease, as a share of all that the run has for its slot. */
  readonly leaseShareMin: number;
  /** How long a recall may stay without an answer, and a lease that had nothing to give is left alone. */
  readonly recallPauseMs: number;
  /** Different slots that a request may break before it is set aside. */
  readonly quarantineSlots: number;
  /** Attempts of one request, over all slots, before it is set aside. */
  readonly attemptsMax: number;
}

/** Defaults with their reasons. */
export const DEFAULT_CORE_SETTINGS: CoreSettings = {
  // Three missed renewals of five seconds each: longer than a pause for garbage collection, shorter than patience.
  leaseDurationMs: 15_000,
  // Longer than any one answer takes: an engine that hangs must not hold up a run for ever.
  slotSilenceMs: 3_600_000,
  // The shell tells the time four times a second.
  standstillMs: 1_000,
  // A message of 64 KB holds a few hundred prompts; a larger lease would only return more work when it expires.
  leaseSamplesMax: 1024,
  // A slot asks again five seconds before it runs dry; what it holds beyond that only waits.
  leaseSecondsMax: 30,
  // What an agent keeps queued, and one lease more.
  queuedSecondsMax: 50,
  // Smaller leases balance no better, since a slot gives up what it has not begun, and cost a message each.
  leaseShareMin: 0.04,
  // Longer than a way around the world and a busy loop at its end.
  recallPauseMs: 1_000,
  quarantineSlots: 3,
  attemptsMax: 6,
};

/** The whole state. The loop owns it; `evolve` and `observe` update it in place. */
export interface CoordinatorState {
  readonly settings: CoreSettings;
  epoch: number;
  /** Leases granted in this epoch; part of each lease's id. */
  leaseCounter: number;
  readonly runs: Map<string, RunState>;
  readonly agents: Map<string, AgentState>;
  /** Counts what may give a slot work that had none to be given: samples that wait, agents, time; volatile. */
  offers: number;
  /** Time of the last input; volatile, null before the first. */
  lastInputMs: number | null;
}

/** The state before any journal was read. */
export function emptyState(settings: CoreSettings = DEFAULT_CORE_SETTINGS): CoordinatorState {
  return { settings, epoch: 0, leaseCounter: 0, runs: new Map(), agents: new Map(), offers: 0, lastInputMs: null };
}

/** The sample that a request belongs to: binary search over the samples' first requests. */
export function sampleOfRequest(run: RunState, requestIndex: number): number {
  let [low, high] = [0, run.shape.sampleCount - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (run.firstRequest[middle]! <= requestIndex) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Whether a lease holds, or held, a sample. */
export function leaseHolds(lease: Lease, sample: number): boolean {
  let [low, high] = [0, lease.samples.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = lease.samples[middle]!;
    if (value === sample) return true;
    if (value < sample) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

/** Whether an open lease holds a sample now, as the first or as a copy. */
export function holds(run: RunState, { ordinal }: Lease, sample: number): boolean {
  return run.holder[sample] === ordinal || run.copies.get(sample) === ordinal;
}

/** Names one slot among all agents. */
export function slotKey(agentId: string, slotId: string): string {
  return `${agentId}/${slotId}`;
}
