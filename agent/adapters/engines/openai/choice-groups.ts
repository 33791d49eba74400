import type { TokenPair } from "../tokens/encode-pair.ts";

/** Requests that one answer can serve: continuations of one token each, after the same context. */
export interface ChoiceGroup {
  readonly context: readonly number[];
  /** Each request's place among those that were grouped, and the token that it scores. */
  readonly choices: readonly { readonly position: number; readonly token: number }[];
}

/** Most different tokens that vLLM takes in `logprob_token_ids`. */
const TOKENS_MAX = 128;

/**
 * Finds requests that share their context's tokens and score one token each. In no group is what has no pair (null), a
 * context without a token, a pair longer than `limit` tokens (whose context would be cut), a context with one request
 * only (nothing is shared), or one with more different choices than a server takes.
 */
export function groupChoices(pairs: readonly (TokenPair | null)[], limit: number): readonly ChoiceGroup[] {
  const groups = new Map<string, { context: readonly number[]; choices: { position: number; token: number }[] }>();
  pairs.forEach((pair, position) => {
    if (pair === null || pair.continuation.length !== 1) return;
    const { context, continuation } = pair;
    if (context.length === 0 || context.length + 1 > limit) return;
    const key = context.join();
    const group = groups.get(key) ?? { context, choices: [] };
    groups.set(key, group);
    group.choices.push({ position, token: continuation[0]! });
  });
  return [...groups.values()].filter((group) => group.choices.length > 1 && tokensOf(group).length <= TOKENS_MAX);
}

/** A group's different tokens. */
export function tokensOf({ choices }: ChoiceGroup): readonly number[] {
  return [...new Set(choices.map(({ token }) => token))];
}
