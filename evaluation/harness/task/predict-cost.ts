import type { RenderedRequest } from "./render-document.ts";

/** English text has about four characters a token with the usual vocabularies. */
const CHARACTERS_PER_TOKEN = 4;
/** Engines stop at 256 tokens where the task does not say; most answers end well before their limit. */
const DEFAULT_MAX_TOKENS = 256;
const SHARE_OF_LIMIT = 0.5;

/** Predicted tokens of a sample's requests, read and written; at least 1. */
export function predictCostTokens(requests: readonly RenderedRequest[]): number {
  let tokens = 0;
  for (const { context, continuation, generation } of requests) {
    tokens += (context.length + continuation.length) / CHARACTERS_PER_TOKEN;
    if (generation !== undefined) tokens += (generation.maxTokens ?? DEFAULT_MAX_TOKENS) * SHARE_OF_LIMIT;
  }
  return Math.max(1, Math.ceil(tokens));
}
