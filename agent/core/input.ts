/** One sample of a lease, as the core knows it: a position and how many requests it has. */
export interface LeasedSample {
  /** Position in the plan. */
  readonly sample: number;
  readonly requestCount: number;
}

/** All that can arrive at an agent's core. Prompts and answers never do: the shell keeps them. */
export type Input =
  | {
      readonly kind: "Connected";
      /** Held leases that the coordinator still counts on; the others are dropped. */
      readonly keptLeaseIds: readonly string[];
      readonly renewalIntervalMs: number;
    }
  | { readonly kind: "Disconnected" }
  | {
      readonly kind: "LeaseGranted";
      readonly leaseId: string;
      readonly runId: string;
      readonly slotId: string;
      readonly requestCount: number;
    }
  | {
      readonly kind: "RequestsArrived";
      readonly leaseId: string;
      readonly runId: string;
      readonly samples: readonly LeasedSample[];
    }
  | { readonly kind: "LeaseRevoked"; readonly leaseId: string }
  /** Other slots want samples of this lease that have not begun. */
  | { readonly kind: "SamplesRecalled"; readonly leaseId: string; readonly samplesMax: number }
  /** Others were faster: the answers to these samples are worth nothing any more. */
  | { readonly kind: "SamplesAbandoned"; readonly leaseId: string; readonly samples: readonly number[] }
  /** The engine answered a sample's requests, or failed for good on some of them. */
  | {
      readonly kind: "SampleFinished";
      readonly leaseId: string;
      readonly sample: number;
      readonly slotId: string;
      /** Outcomes that go into the lease's next batch. */
      readonly outcomes: number;
      /** Size of those outcomes on the wire, bytes, roughly. */
      readonly bytes: number;
      readonly tokens: number;
    }
  /** The engine did not take the sample (busy, aborted): it is queued again, and the slot rests. */
  | {
      readonly kind: "SamplePostponed";
      readonly leaseId: string;
      readonly sample: number;
      readonly slotId: string;
      readonly requestCount: number;
      readonly restMs: number;
    }
  /** The slot's engine does not work: its leases go back. What becomes of the samples it has arrives as ever. */
  | { readonly kind: "SlotFailed"; readonly slotId: string; readonly reason: string }
  | { readonly kind: "SlotRecovered"; readonly slotId: string }
  | { readonly kind: "BatchSpooled"; readonly batchNumber: number }
  | { readonly kind: "BatchAcknowledged"; readonly batchNumber: number }
  /** The disk has the batch no more, or not as it was: its requests are leased again, here or elsewhere. */
  | { readonly kind: "BatchLost"; readonly batchNumber: number }
  /** The spool's disk takes no more (true), or does again (false). */
  | { readonly kind: "SpoolBlocked"; readonly blocked: boolean }
  | { readonly kind: "DrainOrdered" }
  | { readonly kind: "StopRequested" }
  | { readonly kind: "TimePassed" };

/** An input with the time of its arrival, milliseconds on the agent's monotonic clock. */
export interface TimedInput {
  readonly nowMs: number;
  readonly input: Input;
}
