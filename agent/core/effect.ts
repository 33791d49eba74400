/** What the shell does for the core. What becomes of it arrives later as an input. */
export type Effect =
  /** Give a sample's requests to the slot's engine. */
  | { readonly kind: "StartSample"; readonly slotId: string; readonly leaseId: string; readonly sample: number }
  /** Ask the engine to stop computing a sample: it arrives as postponed, or finished where it was faster. */
  | { readonly kind: "StopSample"; readonly leaseId: string; readonly sample: number }
  /** Forget the prompts of samples that will not be computed here. */
  | { readonly kind: "DropSamples"; readonly leaseId: string; readonly samples: readonly number[] }
  /** Nothing more will be asked of this lease. */
  | { readonly kind: "ForgetLease"; readonly leaseId: string }
  /** Write the lease's collected outcomes to the spool under this number. */
  | {
      readonly kind: "SpoolBatch";
      readonly batchNumber: number;
      readonly leaseId: string;
      readonly runId: string;
      readonly slotId: string;
    }
  | { readonly kind: "SendBatch"; readonly batchNumber: number }
  /** The batch is durable at the coordinator. */
  | { readonly kind: "ForgetBatch"; readonly batchNumber: number }
  | {
      readonly kind: "SendWorkWanted";
      readonly slotId: string;
      readonly tokensPerSecond: number;
      /** How fast one sample is computed beside the others, of late; 0 until known. */
      readonly sampleTokensPerSecond: number;
      readonly queuedSamples: number;
    }
  | {
      readonly kind: "SendProgress";
      readonly slotId: string;
      readonly tokensPerSecond: number;
      readonly sampleTokensPerSecond: number;
      readonly queuedSamples: number;
      readonly running: readonly { readonly leaseId: string; readonly sample: number; readonly elapsedMs: number }[];
    }
  | { readonly kind: "SendRenewal"; readonly leaseIds: readonly string[] }
  | { readonly kind: "SendLeaseReturn"; readonly leaseId: string; readonly reason: string }
  | { readonly kind: "SendSamplesReturn"; readonly leaseId: string; readonly samples: readonly number[] }
  /** Something a person should hear of. */
  | { readonly kind: "Report"; readonly level: "info" | "warn"; readonly message: string };
