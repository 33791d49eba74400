import type { ErrorKind } from "../base/muster-error.ts";
import type { PlanPiece } from "../evaluation/plan.ts";
import type { PlanProgress, PlanRequest } from "./plan-request.ts";

/** What the plan thread is started with. */
export interface PlanThreadData {
  readonly request: PlanRequest;
  /** Where the document at hand is noted. */
  readonly mark: Int32Array;
}

/** What the plan thread says; after `failed` or `done` it says nothing more. */
export type ThreadMessage =
  | { readonly kind: "piece"; readonly piece: PlanPiece }
  | PlanProgress
  | { readonly kind: "note"; readonly note: string }
  | { readonly kind: "failed"; readonly errorKind: ErrorKind; readonly message: string; readonly wayOut?: string }
  | { readonly kind: "done" };

/** Pieces that may be on their way to a consumer that has not asked for more; bounds memory. */
export const PIECES_IN_FLIGHT = 8;
