import type { ControlledEvaluateInputItem, LlamaContext, LlamaContextSequence, Token } from "node-llama-cpp";
import { aborted, RequestError } from "../request-error.ts";
import type { TokenPair } from "../tokens/encode-pair.ts";

// A request's answer must have the same bits whatever was computed before it and beside it. So a lane has one sequence
// in a context of its own (cells of the cache are then filled in the order of the text), and a prompt is always cut into
// the same batches: from its beginning in steps of PROMPT_BATCH, then the continuation in steps of SCORED_BATCH. What is
// kept between two requests is a whole prompt and nothing else.

/** Tokens of a prompt in one evaluation, and the most that a context must take at once. */
export const PROMPT_BATCH = 256;
/** Scored tokens in one evaluation: each of them brings the probabilities of the whole vocabulary with it. */
const SCORED_BATCH = 8;
/** Stands for the logarithm of a probability that is too small for a 32-bit number: less than that of the smallest. */
export const LOG_FLOOR = -104;

/** How text is sampled; temperature 0 is greedy. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
}

type Probabilities = ReadonlyMap<number, number>;

/** One sequence that computes one request after the other. Throws RequestErrors. */
export class Lane {
  readonly #sequence: LlamaContextSequence;
  /** The prompt that the sequence holds, and what comes next after it. */
  #prompt: readonly number[] = [];
  #next: Probabilities | null = null;
  #flooredTokens = 0;

  constructor(context: LlamaContext) {
    this.#sequence = context.getSequence();
  }

  /** Scored tokens whose probability was too small to tell. */
  get flooredTokens(): number {
    return this.#flooredTokens;
  }

  /** The log-probability of a continuation, and whether each of its tokens is a most likely one. */
  async score(
    { context, continuation }: TokenPair,
    signal: AbortSignal,
  ): Promise<{ readonly logprob: number; readonly isGreedy: boolean }> {
    if (continuation.length === 0) return { logprob: 0, isGreedy: true };
    let next = await this.#readPrompt(context, signal);
    let logprob = 0;
    let isGreedy = true;
    try {
      for (let start = 0; start < continuation.length; start += SCORED_BATCH) {
        const batch = continuation.slice(start, start + SCORED_BATCH);
        const isLast = start + SCORED_BATCH >= continuation.length;
        // What comes after the last token is not asked for, and costs as much as any other answer.
        const after = await this.#evaluate(isLast ? batch.slice(0, -1) : batch, signal);
        for (const [position, token] of batch.entries()) {
          const scored = this.#readToken(position === 0 ? next : after[position - 1]!, token);
          logprob += scored.logprob;
          isGreedy &&= scored.isLikeliest;
        }
        if (!isLast) next = after.at(-1)!;
      }
    } finally {
      await this.#sequence.eraseContextTokenRanges([{ start: context.length, end: this.#sequence.nextTokenIndex }]);
    }
    return { logprob, isGreedy };
  }

  /** The tokens that follow a prompt, until `isEnough` says so of those that there are, or the model ends. */
  async generate(
    prompt: readonly number[],
    sampling: Sampling,
    isEnough: (tokens: readonly Token[]) => boolean,
    signal: AbortSignal,
  ): Promise<readonly Token[]> {
    await this.clear();
    await this.#evaluatePrompt(prompt.slice(0, -1), signal);
    const tokens: Token[] = [];
    for await (const token of this.#sequence.evaluate([prompt.at(-1)! as Token], sampling)) {
      if (signal.aborted) throw aborted("llama.cpp");
      tokens.push(token);
      if (isEnough(tokens)) break;
    }
    await this.clear();
    return tokens;
  }

  /** Forgets the prompt. */
  async clear(): Promise<void> {
    this.#prompt = [];
    this.#next = null;
    await this.#sequence.clearHistory();
  }

  /** What comes after a prompt; read once for all requests in a row that have the same. */
  async #readPrompt(prompt: readonly number[], signal: AbortSignal): Promise<Probabilities> {
    if (this.#next !== null && isEqual(prompt, this.#prompt)) return this.#next;
    await this.clear();
    await this.#evaluatePrompt(prompt.slice(0, -1), signal);
    const [next] = await this.#evaluate(prompt.slice(-1), signal);
    this.#prompt = prompt;
    this.#next = next!;
    return this.#next;
  }

  async #evaluatePrompt(tokens: readonly number[], signal: AbortSignal): Promise<void> {
    for (let start = 0; start < tokens.length; start += PROMPT_BATCH) {
      if (signal.aborted) throw aborted("llama.cpp");
      await this.#sequence.controlledEvaluate(tokens.slice(start, start + PROMPT_BATCH) as Token[]);
    }
  }

  /** Evaluates tokens; what comes after each of them. */
  async #evaluate(tokens: readonly number[], signal: AbortSignal): Promise<readonly Probabilities[]> {
    if (signal.aborted) throw aborted("llama.cpp");
    const input = tokens.map((token): ControlledEvaluateInputItem => [
      token as Token,
      { generateNext: { probabilities: true } },
    ]);
    const outputs = await this.#sequence.controlledEvaluate(input);
    return tokens.map((_, position) => {
      const probabilities = outputs[position]?.next.probabilities;
      if (probabilities !== undefined) return probabilities;
      throw new RequestError({ retry: "elsewhere", reason: "nan", message: "llama.cpp gave no probabilities" });
    });
  }

  #readToken(next: Probabilities, token: number): { readonly logprob: number; readonly isLikeliest: boolean } {
    const probability = next.get(token) ?? Number.NaN;
    // Sorted from the most likely on.
    const [highest] = next.values();
    if (Number.isNaN(probability) || !(highest! > 0)) {
      const message = `llama.cpp gave ${probability} as the probability of token ${token}`;
      throw new RequestError({ retry: "elsewhere", reason: "nan", message });
    }
    if (probability === 0) this.#flooredTokens += 1;
    return { logprob: probability === 0 ? LOG_FLOOR : Math.log(probability), isLikeliest: probability === highest };
  }
}

function isEqual(first: readonly number[], second: readonly number[]): boolean {
  return first.length === second.length && first.every((token, position) => token === second[position]);
}
