import type { EngineDescription } from "../../evaluation/engine.ts";
import type { RetryClass } from "../../evaluation/response.ts";
import type { RequestKind } from "../../evaluation/request.ts";
import type { RunState } from "./state.ts";

/** One slot as its agent announces it. */
export interface SlotAnnouncement {
  readonly slotId: string;
  readonly description: EngineDescription;
}

/** An agent as it announces itself; validated by the shell. */
export interface AgentAnnouncement {
  readonly agentId: string;
  readonly incarnation: string;
  readonly hostName: string;
  readonly processId: number;
  readonly musterVersion: string;
  readonly protocolVersion: number;
  readonly schemaHash: string;
  readonly pricePerSlotHour: number;
  readonly slots: readonly SlotAnnouncement[];
}

/** The plan's shape: all that scheduling needs, and no prompt. Columns have one entry a sample. */
export interface PlanShape {
  readonly planDigest: string;
  /** Blob of the plan's manifest: header, pack digests, end. */
  readonly manifestBlob: string;
  readonly requestCount: number;
  readonly sampleCount: number;
  readonly sampleRequestCount: Uint32Array;
  readonly sampleCostTokens: Uint32Array;
  /** Position of the sample's task. */
  readonly sampleTask: Uint32Array;
  /** Request kind of each task, aligned with the header's tasks. */
  readonly taskKinds: readonly RequestKind[];
  readonly taskNames: readonly string[];
}

/** What is known of a run when it is submitted. */
export interface RunDescription {
  readonly runId: string;
  readonly suite: string;
  /** Model that slots must hold. */
  readonly model: string;
  readonly seed: number;
  readonly submittedBy: string;
  readonly createdUnixMs: number;
}

/** One failed request of a batch. */
export interface FailedRequest {
  readonly requestIndex: number;
  readonly retry: RetryClass;
  readonly reason: string;
  readonly message: string;
}

/** A batch of responses whose columns are already durable as a blob. */
export interface ResponseBatch {
  readonly agentId: string;
  readonly slotId: string;
  readonly batchNumber: number;
  readonly runId: string;
  readonly leaseId: string;
  /** Blob of ResponseColumns; empty when the batch holds failures only. */
  readonly digest: string;
  readonly requestIndexes: Uint32Array;
  /** What each response says, as 32 bits; aligned with `requestIndexes`. */
  readonly fingerprints: Uint32Array;
  readonly failures: readonly FailedRequest[];
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly truncatedRequests: number;
  readonly slotSeconds: number;
}

/** A sample that an engine has, as its agent tells it. */
export interface RunningSample {
  readonly leaseId: string;
  readonly sample: number;
  readonly elapsedMs: number;
}

/** All that can arrive. `nowMs` is monotonic; it is read by the shell, never by the core. */
export type Input =
  | { readonly kind: "RunArrived"; readonly run: RunDescription; readonly shape: PlanShape }
  | { readonly kind: "AgentArrived"; readonly agent: AgentAnnouncement; readonly heldLeaseIds: readonly string[] }
  | { readonly kind: "AgentDisconnected"; readonly agentId: string; readonly incarnation: string }
  | {
      readonly kind: "WorkWanted";
      readonly agentId: string;
      readonly slotId: string;
      readonly tokensPerSecond: number;
      readonly sampleTokensPerSecond: number;
      readonly queuedSamples: number;
    }
  /** What a slot computes that asked for work and got none, or became slow. */
  | {
      readonly kind: "SlotProgressed";
      readonly agentId: string;
      readonly slotId: string;
      readonly tokensPerSecond: number;
      readonly sampleTokensPerSecond: number;
      readonly queuedSamples: number;
      readonly running: readonly RunningSample[];
    }
  | { readonly kind: "LeasesRenewed"; readonly agentId: string; readonly leaseIds: readonly string[] }
  | { readonly kind: "LeaseReturned"; readonly agentId: string; readonly leaseId: string; readonly reason: string }
  /** The answer to a recall: samples that the agent has not begun and gave up. */
  | {
      readonly kind: "SamplesReturned";
      readonly agentId: string;
      readonly leaseId: string;
      readonly samples: readonly number[];
    }
  | { readonly kind: "ResponsesArrived"; readonly batch: ResponseBatch }
  | { readonly kind: "DrainRequested"; readonly agentId: string }
  | { readonly kind: "CancelRequested"; readonly runId: string }
  /** What the run asks cannot be read any more; in words. */
  | { readonly kind: "PlanLost"; readonly runId: string; readonly message: string }
  /** The run as its journal tells it: one that has ended is no longer part of the state. */
  | { readonly kind: "RetryRequested"; readonly run: RunState }
  /** The shell has stored all that is to be known of an ended run; the state may forget it. */
  | { readonly kind: "RunArchived"; readonly runId: string }
  | { readonly kind: "ScoresArrived"; readonly runId: string; readonly outcome: ScoringOutcome }
  | { readonly kind: "TimePassed" };

/** How scoring a completed run ended. */
export type ScoringOutcome =
  | { readonly kind: "scored"; readonly scoresDigest: string }
  | { readonly kind: "failed"; readonly message: string };

/** An input with the time of its arrival, milliseconds on the coordinator's monotonic clock. */
export interface TimedInput {
  readonly nowMs: number;
  readonly input: Input;
}
