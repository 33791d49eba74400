/** A sample that waits for its slot. */
export interface QueuedSample {
  readonly leaseId: string;
  readonly sample: number;
  readonly requestCount: number;
}

/** A sample that an engine has. */
export interface RunningSample {
  readonly leaseId: string;
  readonly sample: number;
  readonly sinceMs: number;
  /** Its answer is worth nothing any more; the engine was told. */
  isAbandoned: boolean;
}

/** One slot: its queue and how fast it has been. */
export interface SlotState {
  readonly slotId: string;
  /** Samples worth having in the engine at once. */
  readonly concurrency: number;
  /** Next first. */
  queue: QueuedSample[];
  /** What its engine has, by `runningKey`. */
  readonly running: Map<string, RunningSample>;
  /** Asked the coordinator for work and has not got it yet. */
  asked: boolean;
  /** When it last told what runs. */
  toldAtMs: number;
  /** No sample starts before this time. */
  restsUntilMs: number;
  failed: boolean;
  /** For how many milliseconds at least one sample ran, and since when one does. */
  busyMs: number;
  busySinceMs: number;
  /** What was computed of late, and in how many busy milliseconds; older work fades. */
  lateTokens: number;
  lateSamples: number;
  lateMs: number;
  /** Until which `busyMs` that is. */
  lateUntilMs: number;
  /** How fast one sample is computed beside the others, of late; 0 until known. */
  sampleTokensPerSecond: number;
  bestTokensPerSecond: number;
}

/** A lease that this agent holds: until its requests are answered, and its batches acknowledged. */
export interface LeaseState {
  readonly leaseId: string;
  readonly runId: string;
  /** Null until the grant arrives; prompts may come first, on the other connection. */
  slotId: string | null;
  expectedRequests: number | null;
  arrivedRequests: number;
  /** Samples that came before the grant. */
  readonly early: QueuedSample[];
  /** Samples that are queued or in the engine. */
  openSamples: number;
  /** Given back or revoked: what runs is finished, nothing is started or renewed. */
  ended: boolean;
  unacknowledgedBatches: number;
  /** Outcomes waiting for a batch. */
  outcomes: number;
  outcomeBytes: number;
  outcomesSinceMs: number;
}

/** A numbered batch between its making and its acknowledgement. */
export interface BatchState {
  readonly batchNumber: number;
  /** Null for a batch that an earlier process left in the spool. */
  readonly leaseId: string | null;
  /** Its size, roughly. */
  readonly bytes: number;
  /** Durable on this agent's disk; only then may it be sent. */
  spooled: boolean;
  sent: boolean;
}

/** Limits of the core; fixed while an agent runs. */
export interface CoreSettings {
  /** A batch is closed at this many outcomes, bytes or milliseconds, whichever comes first. */
  readonly batchOutcomesMax: number;
  readonly batchBytesMax: number;
  readonly batchAgeMs: number;
  /** Batches sent and not acknowledged at once. */
  readonly batchesInFlightMax: number;
  /** Unacknowledged batches at which no new sample starts: the coordinator is away and the disk is not endless. */
  readonly batchesHeldMax: number;
  /** The same in bytes: one answer may be as long as many batches. */
  readonly bytesHeldMax: number;
  /** Seconds of work that a slot keeps queued; it asks for more below that. */
  readonly queueSeconds: number;
  /** How often a slot that finds no more work tells what it still computes. */
  readonly progressIntervalMs: number;
}

/** Defaults with their reasons. */
export const DEFAULT_CORE_SETTINGS: CoreSettings = {
  // Messages of 16 to 64 KB: small enough to interleave, large enough that framing costs nothing.
  batchOutcomesMax: 512,
  batchBytesMax: 64 * 1024,
  batchAgeMs: 200,
  batchesInFlightMax: 32,
  batchesHeldMax: 4_096,
  // Twice as many bytes as so many batches usually have.
  bytesHeldMax: 512 * 1024 * 1024,
  // Longer than it takes until another coordinator leads, so that no slot stands idle meanwhile.
  queueSeconds: 20,
  // Samples that take less are over before anything could be done about them.
  progressIntervalMs: 1_000,
};

/** The whole state. The loop owns it; `step` updates it in place. */
export interface AgentState {
  readonly settings: CoreSettings;
  readonly slots: Map<string, SlotState>;
  readonly leases: Map<string, LeaseState>;
  readonly batches: Map<number, BatchState>;
  nextBatchNumber: number;
  /** Of all batches together. */
  heldBytes: number;
  connected: boolean;
  renewalIntervalMs: number;
  renewedAtMs: number;
  /** The disk takes nothing. */
  spoolBlocked: boolean;
  /** As many batches wait as may, or as many bytes. */
  spoolFull: boolean;
  draining: boolean;
}

/** How an agent begins. */
export interface AgentBeginning {
  readonly slots: readonly { readonly slotId: string; readonly concurrency: number }[];
  /** Batches that an earlier process left in the spool, ascending. */
  readonly spooledBatches: readonly number[];
  /** Size of those together. */
  readonly spooledBytes?: number;
  /** The first number that no batch of this identity ever had. */
  readonly nextBatchNumber: number;
  readonly settings?: CoreSettings;
}

/** The state of an agent that has just started. */
export function beginState(beginning: AgentBeginning): AgentState {
  const { spooledBatches, spooledBytes = 0 } = beginning;
  return {
    settings: beginning.settings ?? DEFAULT_CORE_SETTINGS,
    slots: new Map(beginning.slots.map((slot) => [slot.slotId, emptySlot(slot.slotId, slot.concurrency)])),
    leases: new Map(),
    batches: new Map(
      spooledBatches.map((batchNumber) => [
        batchNumber,
        { batchNumber, leaseId: null, bytes: spooledBytes / spooledBatches.length, spooled: true, sent: false },
      ]),
    ),
    nextBatchNumber: beginning.nextBatchNumber,
    heldBytes: spooledBytes,
    connected: false,
    renewalIntervalMs: 5_000,
    renewedAtMs: 0,
    spoolBlocked: false,
    spoolFull: false,
    draining: false,
  };
}

function emptySlot(slotId: string, concurrency: number): SlotState {
  return {
    slotId,
    concurrency,
    queue: [],
    running: new Map(),
    asked: false,
    toldAtMs: 0,
    restsUntilMs: 0,
    failed: false,
    busyMs: 0,
    busySinceMs: 0,
    lateTokens: 0,
    lateSamples: 0,
    lateMs: 0,
    lateUntilMs: 0,
    sampleTokensPerSecond: 0,
    bestTokensPerSecond: 0,
  };
}

/**
 * Leases to tell the coordinator of when the connection is new: those whose prompts are all here. A lease of which a
 * part was lost with the old connection is not held; the coordinator gives it out again.
 */
export function heldLeaseIds(state: AgentState): string[] {
  return [...state.leases.values()].filter(isWhole).map((lease) => lease.leaseId);
}

/** Whether every request of a lease has arrived and it was neither given back nor revoked. */
export function isWhole(lease: LeaseState): boolean {
  return !lease.ended && lease.expectedRequests !== null && lease.arrivedRequests >= lease.expectedRequests;
}

/** Names a sample that an engine has. */
export function runningKey(leaseId: string, sample: number): string {
  return `${leaseId} ${sample}`;
}

/** Milliseconds that a slot was busy until now. */
export function busyMs(slot: SlotState, nowMs: number): number {
  return slot.busyMs + (slot.running.size > 0 ? nowMs - slot.busySinceMs : 0);
}
