/** What the shell does once the events of the same decision are durable. Effects return nothing. */
export type Effect =
  | { readonly kind: "SendWelcome"; readonly agentId: string; readonly keptLeaseIds: readonly string[] }
  /** Also where the lease ended meanwhile: the slot that asked must get an answer, or it never asks again. */
  | {
      readonly kind: "SendLease";
      readonly agentId: string;
      readonly slotId: string;
      readonly runId: string;
      readonly leaseId: string;
    }
  | { readonly kind: "SendRevocation"; readonly agentId: string; readonly leaseId: string; readonly reason: string }
  | { readonly kind: "SendRecall"; readonly agentId: string; readonly leaseId: string; readonly samplesMax: number }
  /** Answers to these samples are worth nothing any more. */
  | {
      readonly kind: "SendAbandonment";
      readonly agentId: string;
      readonly leaseId: string;
      readonly samples: readonly number[];
    }
  | { readonly kind: "SendDrain"; readonly agentId: string }
  | { readonly kind: "AcknowledgeBatch"; readonly agentId: string; readonly batchNumber: number }
  /** Show the accepted responses to the live scorers. */
  | {
      readonly kind: "ScoreResponses";
      readonly runId: string;
      readonly digest: string;
      readonly requestIndexes: Uint32Array;
    }
  /** Recompute all scores in canonical order and write the outputs. */
  | { readonly kind: "FinishRun"; readonly runId: string }
  /** Something a person should hear of. */
  | { readonly kind: "Report"; readonly level: "info" | "warn"; readonly message: string }
  /** A batch, or a part of it, was refused: counted by reason. */
  | { readonly kind: "CountRefusal"; readonly reason: RefusalReason; readonly responses: number };

/** Why responses were not taken. */
export type RefusalReason = "unknownRun" | "unknownLease" | "otherAgent" | "notLeased" | "runEnded";
