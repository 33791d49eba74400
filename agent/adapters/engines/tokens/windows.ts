import { RequestError } from "../request-error.ts";
import type { TokenPair } from "./encode-pair.ts";

/** What the model sees of a pair. */
export interface ScoringWindow extends TokenPair {
  /** Tokens dropped from the context's left. */
  readonly truncatedTokens: number;
}

/**
 * Keeps the last `limit` tokens of a pair, dropping from the context's left as the harness does. At least one token of
 * the context must stay, or nothing would stand before the first scored token: else a RequestError.
 */
export function fitWindow({ context, continuation }: TokenPair, limit: number, engine: string): ScoringWindow {
  const truncatedTokens = Math.max(0, context.length + continuation.length - limit);
  if (truncatedTokens >= context.length) {
    const message =
      context.length === 0
        ? `${engine} cannot score a text whose context has no tokens`
        : `${engine} takes ${limit - 1} tokens of text to score after its context, and this one has ${continuation.length}`;
    throw new RequestError({ retry: "elsewhere", reason: "too_long", message });
  }
  return { context: context.slice(truncatedTokens), continuation, truncatedTokens };
}

/**
 * Keeps the last tokens of a prompt that leave room for `maxTokens` more within `limit`, as the harness does.
 * A RequestError where there is no room for a prompt.
 */
export function fitPrompt(
  prompt: readonly number[],
  maxTokens: number,
  limit: number,
  engine: string,
): { readonly tokens: readonly number[]; readonly truncatedTokens: number } {
  const room = limit - maxTokens;
  if (room < 1) {
    const message = `${engine} holds ${limit} tokens, which leaves no room for a prompt and ${maxTokens} generated ones`;
    throw new RequestError({ retry: "elsewhere", reason: "too_long", message });
  }
  const truncatedTokens = Math.max(0, prompt.length - room);
  return { tokens: prompt.slice(truncatedTokens), truncatedTokens };
}

/**
 * A text's tokens in pairs that score each of them once (the harness's `get_rolling_token_windows` with a context of one
 * token, made disjoint): the first window begins with the prefix token; the last one is moved to the left until it is
 * full, so that its tokens have as much context as `windowLength` gives.
 */
export function rollingWindows(tokens: readonly number[], prefix: number, windowLength: number): TokenPair[] {
  const windows: TokenPair[] = [];
  for (let start = 0; start < tokens.length; start += windowLength) {
    const end = Math.min(start + windowLength, tokens.length);
    const context = start === 0 ? [prefix] : tokens.slice(end - windowLength - 1, start);
    windows.push({ context, continuation: tokens.slice(start, end) });
  }
  return windows;
}
