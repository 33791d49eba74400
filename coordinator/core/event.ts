import type { RefusalReason } from "./effect.ts";
import type { AgentAnnouncement, FailedRequest, PlanShape, RunDescription } from "./input.ts";

/** Why a lease ended. Samples of it that are not done return to the queue. */
export type LeaseEnd = "completed" | "expired" | "returned" | "forgotten" | "cancelled";

/** How a run ended. */
export type RunEnd = "done" | "partial" | "failed" | "cancelled";

/** What happened in one run: the content of that run's journal. */
export type RunEvent =
  | { readonly kind: "RunAccepted"; readonly runId: string; readonly run: RunDescription; readonly shape: PlanShape }
  | {
      readonly kind: "AgentAdmitted";
      readonly runId: string;
      readonly agent: AgentAnnouncement;
    }
  | {
      readonly kind: "LeaseGranted";
      readonly runId: string;
      readonly leaseId: string;
      readonly agentId: string;
      readonly slotId: string;
      readonly epoch: number;
      /** Sample positions, ascending. */
      readonly samples: Uint32Array;
      /** Speculative: other leases hold the samples too. */
      readonly isCopy?: true;
    }
  | { readonly kind: "LeaseEnded"; readonly runId: string; readonly leaseId: string; readonly end: LeaseEnd }
  /** Samples left a lease that goes on, and returned to the queue. */
  | {
      readonly kind: "SamplesReturned";
      readonly runId: string;
      readonly leaseId: string;
      readonly samples: Uint32Array;
    }
  | {
      readonly kind: "ResponsesAccepted";
      readonly runId: string;
      readonly leaseId: string;
      readonly agentId: string;
      readonly slotId: string;
      readonly batchNumber: number;
      readonly digest: string;
      /** First responses of their requests, with their fingerprints. */
      readonly requestIndexes: Uint32Array;
      readonly fingerprints: Uint32Array;
      /** Responses to requests that had one already, equal and different. */
      readonly duplicates: number;
      readonly disagreements: number;
      readonly promptTokens: number;
      readonly completionTokens: number;
      readonly truncatedRequests: number;
      readonly slotSeconds: number;
    }
  | {
      readonly kind: "RequestFailed";
      readonly runId: string;
      readonly leaseId: string;
      readonly agentId: string;
      readonly slotId: string;
      readonly failure: FailedRequest;
    }
  | { readonly kind: "RequestQuarantined"; readonly runId: string; readonly failure: FailedRequest }
  /** A run that had ended is open again; requests that were quarantined wait for another try. */
  | { readonly kind: "QuarantineLifted"; readonly runId: string }
  /** A new coordinator leads: from here on its epoch writes this journal, and the one before it no more. */
  | { readonly kind: "RunTakenUp"; readonly runId: string; readonly epoch: number }
  | { readonly kind: "RunComputed"; readonly runId: string }
  | { readonly kind: "RunEnded"; readonly runId: string; readonly end: RunEnd; readonly reason: string };

/** What happened to the cluster: the content of the cluster's journal. */
export type ClusterEvent =
  | { readonly kind: "EpochStarted"; readonly epoch: number }
  | { readonly kind: "RunListed"; readonly run: RunDescription }
  | { readonly kind: "RunClosed"; readonly runId: string }
  | { readonly kind: "RunReopened"; readonly runId: string }
  /**
   * A batch, or a part of it, was not taken and is acknowledged all the same. Written down, since only who still leads
   * may tell an agent to forget something.
   */
  | {
      readonly kind: "BatchRefused";
      readonly agentId: string;
      readonly batchNumber: number;
      readonly reason: RefusalReason;
      readonly responses: number;
    };

export type Event = RunEvent | ClusterEvent;

/** Which journal an event belongs to: a run id, or null for the cluster's. */
export function journalOf(event: Event): string | null {
  switch (event.kind) {
    case "EpochStarted":
    case "RunListed":
    case "RunClosed":
    case "RunReopened":
    case "BatchRefused":
      return null;
    default:
      return event.runId;
  }
}
