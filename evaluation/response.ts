/** What an engine spent and saw while it computed one response. */
export interface ResponseCost {
  /** Tokens of the prompt after truncation. Where one prompt served several requests, the first of them has them all. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Prompt tokens dropped from the left because the context was too long. */
  readonly truncatedTokens: number;
  /** Wall time inside the engine, microseconds. */
  readonly latencyUs: number;
}

/** The answer to a `generate_until` request. */
export interface TextResponse extends ResponseCost {
  readonly kind: "text";
  readonly text: string;
  /** What a reasoning model thought first, where it was kept apart: it is stored and never scored. */
  readonly thinking?: string;
}

/** The answer to a scoring request; natural logarithm, summed over the continuation's tokens. */
export interface LogprobResponse extends ResponseCost {
  readonly kind: "logprob";
  readonly logprob: number;
  /** Whether every token of the continuation was the most likely one. */
  readonly isGreedy: boolean;
}

export type EvaluationResponse = TextResponse | LogprobResponse;

/** Where a failed request may be tried again. */
export type RetryClass = "same" | "elsewhere" | "never";

/** A request that got no answer: a value, not an exception. */
export interface RequestFailure {
  readonly kind: "failed";
  readonly retry: RetryClass;
  /** A short stable word for metrics: `refused`, `timeout`, `bad_response`, `nan`, `http_500`, ... */
  readonly reason: string;
  /** One sentence for people, naming the engine. */
  readonly message: string;
  /** How long the engine asked to be left alone (429 with Retry-After), milliseconds. */
  readonly retryAfterMs?: number;
}
