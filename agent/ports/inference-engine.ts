import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { EvaluationResponse, RequestFailure } from "../../evaluation/response.ts";
import type { EngineDescription } from "../../evaluation/engine.ts";

export type EngineOutcome = EvaluationResponse | RequestFailure;

/**
 * Computes responses on one slot. Operating errors are outcomes; a rejected promise is a bug.
 * Made by a factory that has already loaded the model, so an instance is always usable until closed.
 */
export interface InferenceEngine {
  readonly description: EngineDescription;
  /**
   * Answers requests of one sample, in order: outcomes are aligned with `requests`.
   * Requests in one call usually share a context; an engine may use that, never needs it.
   * After `signal` aborts it settles soon, unfinished requests as failures with retry `elsewhere` and reason `aborted`.
   */
  compute(requests: readonly EvaluationRequest[], signal: AbortSignal): Promise<readonly EngineOutcome[]>;
  /** Resolves to null when the engine can work, else to one sentence saying why not. */
  health(): Promise<string | null>;
  close(): Promise<void>;
}
