/** The three ways the reference harness calls a model. */
export type RequestKind = "generate_until" | "loglikelihood" | "loglikelihood_rolling";

/** Position of each kind in the wire's `kind` column. Never reorder: stored plans hold these numbers. */
export const REQUEST_KINDS: readonly RequestKind[] = ["generate_until", "loglikelihood", "loglikelihood_rolling"];

/** Sampling parameters of a generation, as the task and `--gen-kwargs` leave them. */
export interface GenerationSettings {
  /** Stop strings; text is cut before the first that occurs. */
  readonly until: readonly string[];
  /** Most tokens to generate; null: the task did not say, the engine's default (256) holds. */
  readonly maxTokens: number | null;
  /** 0 means greedy. */
  readonly temperature: number;
  /** Any other sampling key of the task (top_p, top_k, ...), sent as it is. */
  readonly extra: { readonly [key: string]: number | string | boolean };
}

/** One call to a model. */
export interface EvaluationRequest {
  /** Position in the plan's canonical order, from 0. */
  readonly index: number;
  readonly kind: RequestKind;
  /** The prompt; for `loglikelihood_rolling` the text to be scored. */
  readonly context: string;
  /** What is scored after the context; empty unless `loglikelihood`. */
  readonly continuation: string;
  /** Present exactly for `generate_until`. */
  readonly generation?: GenerationSettings;
}
