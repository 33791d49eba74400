import { bad } from "./server-client.ts";

interface Choice {
  readonly index?: unknown;
  readonly text?: unknown;
  /** Of chat servers, in place of `text`. */
  readonly message?: unknown;
  readonly finish_reason?: unknown;
  readonly logprobs?: { readonly token_logprobs?: unknown; readonly top_logprobs?: unknown } | null;
}

/** A generated text, and the tokens that the server says it counted. */
export interface ReadText {
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** Reads the answer to a generation. No text at all is the empty text, as in the harness. */
export function readText(answer: unknown, url: string): ReadText {
  const choice = onlyChoice(answer, url);
  if (choice.finish_reason === "abort") throw bad(url, "gave the request up before it was finished", "abandoned");
  const text = choice.text ?? "";
  if (typeof text !== "string") throw bad(url, "answered without a text");
  return { text, ...readUsage(answer) };
}

/** The tokens that a server says it counted; 0 where it says nothing. */
export function readUsage(answer: unknown): Omit<ReadText, "text"> {
  const usage = (answer as { usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } }).usage;
  return { promptTokens: count(usage?.prompt_tokens), completionTokens: count(usage?.completion_tokens) };
}

/**
 * Reads what `echo` with `logprobs` tells of a prompt of `promptTokens` tokens with one generated after it: the sum over
 * the tokens from `contextTokens` on, in their order, and whether each of them is as likely as the likeliest (as the
 * harness's `LocalCompletionsAPI.parse_logprobs`).
 */
export function readScore(
  answer: unknown,
  url: string,
  { contextTokens, promptTokens }: { readonly contextTokens: number; readonly promptTokens: number },
): { readonly logprob: number; readonly isGreedy: boolean } {
  const { logprobs } = onlyChoice(answer, url);
  const [tokens, tops] = [logprobs?.token_logprobs, logprobs?.top_logprobs];
  if (!Array.isArray(tokens) || !Array.isArray(tops)) {
    throw bad(url, "gives no log-probabilities of a prompt's tokens (echo with logprobs)", "no_logprobs");
  }
  if (tokens.length !== promptTokens + 1 || tops.length !== promptTokens + 1) {
    const found = `${tokens.length} log-probabilities and ${tops.length} alternatives`;
    throw bad(url, `gave ${found} for ${promptTokens} tokens of prompt and a generated one`, "wrong_count");
  }
  let logprob = 0;
  let isGreedy = true;
  for (let position = contextTokens; position < promptTokens; position++) {
    const token = finite(tokens[position], url);
    const top = tops[position] as Readonly<Record<string, unknown>> | null;
    const likeliest = Math.max(...Object.values(top ?? {}).map((value) => finite(value, url)));
    if (likeliest === -Infinity) throw bad(url, "gave a scored token without alternatives", "no_logprobs");
    logprob += token;
    if (token !== likeliest) isGreedy = false;
  }
  return { logprob, isGreedy };
}

/** A token's log-probability, and whether none is likelier. */
export interface TokenScore {
  readonly logprob: number;
  readonly isGreedy: boolean;
}

/** What vLLM writes for minus infinity; for tokens that are really so unlikely, and where it has mixed up its batch. */
const NONE = -9999;

/**
 * Reads what `logprob_token_ids` with `return_tokens_as_token_ids` tells of the one token that was generated: the scores
 * of `tokens`, without those that are told as minus infinity. As in `readScore`, a token is greedy that is as likely as
 * the likeliest.
 */
export function readChoices(answer: unknown, url: string, tokens: readonly number[]): Map<number, TokenScore> {
  const { logprobs } = onlyChoice(answer, url);
  const [generated, tops] = [logprobs?.token_logprobs, logprobs?.top_logprobs];
  if (!Array.isArray(generated) || !Array.isArray(tops) || generated.length !== 1 || tops.length !== 1) {
    throw bad(url, "gives no log-probabilities of a generated token (logprobs)", "no_logprobs");
  }
  const likeliest = finite(generated[0], url);
  const told = (tops[0] ?? {}) as Readonly<Record<string, unknown>>;
  const scores = new Map<number, TokenScore>();
  for (const token of tokens) {
    const value = told[`token_id:${token}`];
    if (value === undefined) {
      throw bad(url, "does not tell the log-probabilities of tokens by their ids (logprob_token_ids)", "no_logprobs");
    }
    const logprob = finite(value, url);
    // Greedy decoding gives the likeliest token, or something has changed the probabilities before it.
    if (logprob > likeliest) throw bad(url, "generates a token that is not the likeliest one", "not_greedy");
    if (logprob > NONE) scores.set(token, { logprob, isGreedy: logprob === likeliest });
  }
  return scores;
}

/** The one choice of an answer. */
export function onlyChoice(answer: unknown, url: string): Choice {
  const choices = (answer as { choices?: unknown } | null)?.choices;
  if (!Array.isArray(choices)) throw bad(url, "answered JSON that is no completion (it has no choices)");
  if (choices.length === 1 && typeof choices[0] === "object" && choices[0] !== null) return choices[0] as Choice;
  throw bad(url, `answered with ${choices.length} choices where one was asked for`, "wrong_count");
}

function finite(value: unknown, url: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw bad(url, `gave ${JSON.stringify(value)} as a log-probability`, "nan");
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
