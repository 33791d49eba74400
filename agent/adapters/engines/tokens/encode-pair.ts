import { rstrip } from "../../../../evaluation/harness/python/strip.ts";
import { RequestError } from "../request-error.ts";

type Tokens = readonly number[];

/** A model's tokenizer, as the harness uses it. */
export interface Tokenizer {
  /** A prompt's tokens, with those that the model wants before every prompt. */
  encodePrompt(text: string): Tokens | Promise<Tokens>;
  /** The text's own tokens. */
  encodeText(text: string): Tokens | Promise<Tokens>;
  /** What stands before a text that has no context (beginning of text, else end of text); a string says why there is none. */
  readonly prefixToken: number | string;
}

/** A context and what is scored after it. */
export interface TokenPair {
  readonly context: Tokens;
  readonly continuation: Tokens;
}

/**
 * Splits a scoring request into tokens as the harness does (`TemplateLM._encode_pair`): white space at the context's end
 * goes to the continuation, since tokenizers join it to the next word, and the continuation's tokens are those of the
 * whole text after as many as the context alone has. An empty context becomes the prefix token.
 */
export async function encodePair(tokenizer: Tokenizer, context: string, continuation: string): Promise<TokenPair> {
  if (context === "") {
    const tokens = await tokenizer.encodeText(continuation);
    const prefix = prefixToken(tokenizer);
    if (tokens[0] === prefix) return { context: tokens.slice(0, 1), continuation: tokens.slice(1) };
    return { context: [prefix], continuation: tokens };
  }
  const stripped = rstrip(context);
  const [whole, tokens] = await Promise.all([
    tokenizer.encodePrompt(context + continuation),
    tokenizer.encodePrompt(stripped),
  ]);
  return { context: tokens, continuation: whole.slice(tokens.length) };
}

/** The tokenizer's prefix token; a RequestError where it has none. */
export function prefixToken({ prefixToken }: Tokenizer): number {
  if (typeof prefixToken === "number") return prefixToken;
  throw new RequestError({ retry: "elsewhere", reason: "no_prefix_token", message: prefixToken });
}
