import type { EvaluationRequest } from "../../../evaluation/request.ts";

// Words with a space before each, since tokenizers never merge over it: the parts of a continuation are then tokenized
// as they are in the whole. The repetition makes the next word known; the odd words are unlikely, so that a missing
// token's log-probability is missed.
const LINE = "red green blue red green blue red green blue red";
const ODD_WORDS = [" quartz", " violin"] as const;

/** The word that every trained model says next after the canaries' context. */
export const NEXT_WORD = " green";

/** Where a generation must stop. */
export const STOP_WORD = " blue";

/** Most tokens of a canary's generation. */
export const GENERATED_TOKENS_MAX = 8;

/** Requests whose answers hang together in a known way. */
export const CANARIES = {
  likely: scoring(0, LINE, NEXT_WORD),
  unlikely: scoring(1, LINE, ODD_WORDS[0]),
  whole: scoring(2, LINE, ODD_WORDS[0] + ODD_WORDS[1]),
  rest: scoring(3, LINE + ODD_WORDS[0], ODD_WORDS[1]),
  text: rolling(4, LINE),
  longerText: rolling(5, LINE + ODD_WORDS[0] + ODD_WORDS[1]),
  oneToken: generation(6, [], 1),
  stopped: generation(7, [STOP_WORD], GENERATED_TOKENS_MAX),
} as const satisfies { readonly [name: string]: EvaluationRequest };

/**
 * Choices of one context each, of words that are one token for nearly every tokenizer. The first context is short; the
 * second is longer than a block of any prefix cache (16 tokens on GPUs, 128 in vLLM's build for CPUs).
 */
export const CHOICE_CANARIES = [
  { context: LINE, continuations: [NEXT_WORD, " red", " blue"] },
  { context: Array.from({ length: 50 }, () => "red green blue").join(" "), continuations: [" red", NEXT_WORD] },
] as const satisfies readonly { readonly context: string; readonly continuations: readonly string[] }[];

function scoring(index: number, context: string, continuation: string): EvaluationRequest {
  return { index, kind: "loglikelihood", context, continuation };
}

function rolling(index: number, context: string): EvaluationRequest {
  return { index, kind: "loglikelihood_rolling", context, continuation: "" };
}

function generation(index: number, until: readonly string[], maxTokens: number): EvaluationRequest {
  const settings = { until, maxTokens, temperature: 0, extra: {} };
  return { index, kind: "generate_until", context: LINE, continuation: "", generation: settings };
}
