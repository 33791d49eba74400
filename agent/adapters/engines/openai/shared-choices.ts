import { MusterError } from "../../../../base/muster-error.ts";
import type { EvaluationRequest } from "../../../../evaluation/request.ts";
import type { RequestFailure } from "../../../../evaluation/response.ts";
import type { EngineOutcome } from "../../../ports/inference-engine.ts";
import { CHOICE_CANARIES } from "../canaries.ts";
import { RequestError } from "../request-error.ts";
import type { Score } from "../timed-answer.ts";
import { encodePair, type TokenPair, type Tokenizer } from "../tokens/encode-pair.ts";
import { type ChoiceGroup, groupChoices, tokensOf } from "./choice-groups.ts";
import { readChoices, type TokenScore } from "./read-answer.ts";

// A multiple-choice sample asks for the log-probability of several tokens after one context. Scored one by one (`echo`),
// the context is computed again for each, since a server that tells a prompt's log-probabilities does not use what it has
// cached of it. vLLM tells those of any tokens (`logprob_token_ids`) where it generates one: one request gives them all,
// reads the cache, and its greedy token says which of them is greedy. What the model computes is the same, so the values
// must be: unless they have the same bits for the canaries, everything is scored one by one.

/** What of the engine scores choices. */
export interface ChoiceParts {
  /** What every request's body has, beside its prompt and what is asked of it. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The address of completions, for sentences. */
  readonly url: string;
  /** Most tokens of a context and its continuation. */
  readonly limit: number;
  ask(body: unknown, signal: AbortSignal): Promise<unknown>;
  /** Scores a pair by itself. */
  scorePair(pair: TokenPair, signal: AbortSignal): Promise<Score>;
}

/** How the requests of one sample are computed. */
export interface SampleWork {
  readonly tokenizer: Tokenizer;
  readonly signal: AbortSignal;
  /** Answers a request by itself. */
  alone(request: EvaluationRequest): Promise<EngineOutcome>;
}

type Scores = ReadonlyMap<number, TokenScore>;

/** Scores the choices of a sample that are one token each in one request. */
export class SharedChoices {
  readonly #parts: ChoiceParts;

  constructor(parts: ChoiceParts) {
    this.#parts = parts;
  }

  /**
   * Whether the server can: null, or why not in one sentence. Choices of several contexts are scored together at first,
   * then one by one, then together again from a warm cache and mixed in batches. Throws `interrupted`.
   */
  async probe(tokenizer: Tokenizer, signal: AbortSignal): Promise<string | null> {
    try {
      const groups = await this.#canaryGroups(tokenizer);
      if (groups.length === 0) return "the canaries' choices are not one token each for its tokenizer";
      const cold: Scores[] = [];
      for (const group of groups) cold.push(await this.#score(group, signal));
      const alone: Scores[] = [];
      for (const group of groups) alone.push(await this.#scoreAlone(group, signal));
      const warm = await Promise.all([...groups, ...groups].map((group) => this.#score(group, signal)));
      const together = [...cold, ...warm];
      const troubles = together.map((scores, at) => differenceOf(alone[at % groups.length]!, scores));
      return troubles.find((trouble) => trouble !== null) ?? null;
    } catch (error) {
      const { message } = RequestError.toFailure(error);
      if (signal.aborted) throw new MusterError("interrupted", "stopped while an engine was probed", { cause: error });
      return message;
    }
  }

  /** The requests' outcomes, in order. What cannot be shared, or is refused when it is, is asked for by itself. */
  async compute(requests: readonly EvaluationRequest[], work: SampleWork): Promise<readonly EngineOutcome[]> {
    const pairs = await Promise.all(requests.map((request) => pairOf(request, work.tokenizer)));
    const shared = new Map<number, Promise<ReadonlyMap<number, EngineOutcome>>>();
    for (const group of groupChoices(pairs, this.#parts.limit)) {
      const outcomes = this.#answer(group, work.signal);
      for (const { position } of group.choices) shared.set(position, outcomes);
    }
    return Promise.all(
      requests.map(
        async (request, position) => (await shared.get(position))?.get(position) ?? (await work.alone(request)),
      ),
    );
  }

  async #canaryGroups(tokenizer: Tokenizer): Promise<readonly ChoiceGroup[]> {
    const groups: ChoiceGroup[] = [];
    for (const { context, continuations } of CHOICE_CANARIES) {
      const pairs = await Promise.all(continuations.map((word) => encodePair(tokenizer, context, word)));
      // A context that the model cannot hold is in no group.
      groups.push(...groupChoices(pairs, this.#parts.limit));
    }
    return groups;
  }

  async #scoreAlone({ context, choices }: ChoiceGroup, signal: AbortSignal): Promise<Scores> {
    const scores = new Map<number, TokenScore>();
    for (const { token } of choices) {
      const { logprob, isGreedy } = await this.#parts.scorePair({ context, continuation: [token] }, signal);
      scores.set(token, { logprob, isGreedy });
    }
    return scores;
  }

  async #score(group: ChoiceGroup, signal: AbortSignal): Promise<Scores> {
    const tokens = tokensOf(group);
    const body = {
      ...this.#parts.body,
      prompt: [group.context],
      logprob_token_ids: tokens,
      return_tokens_as_token_ids: true,
    };
    return readChoices(await this.#parts.ask(body, signal), this.#parts.url, tokens);
  }

  /** Outcomes by position; none for what is to be asked for by itself. The first one bears what the request cost. */
  async #answer(group: ChoiceGroup, signal: AbortSignal): Promise<ReadonlyMap<number, EngineOutcome>> {
    const startMs = performance.now();
    const outcomes = new Map<number, EngineOutcome>();
    try {
      const scores = await this.#score(group, signal);
      const latencyUs = Math.round((performance.now() - startMs) * 1000);
      for (const { position, token } of group.choices) {
        const score = scores.get(token);
        if (score === undefined) continue;
        const isFirst = outcomes.size === 0;
        const [promptTokens, completionTokens] = isFirst ? [group.context.length, 1] : [0, 0];
        const cost = { promptTokens, completionTokens, truncatedTokens: 0, latencyUs };
        outcomes.set(position, { kind: "logprob", ...score, ...cost });
      }
    } catch (error) {
      const failure = RequestError.toFailure(error);
      if (isOfThisWay(failure)) return outcomes;
      for (const { position } of group.choices) outcomes.set(position, failure);
    }
    return outcomes;
  }
}

/** A scoring request's tokens; null for what has none to share, or cannot be scored: that is said where it is tried. */
async function pairOf(
  { kind, context, continuation }: EvaluationRequest,
  tokenizer: Tokenizer,
): Promise<TokenPair | null> {
  if (kind !== "loglikelihood" || context === "") return null;
  try {
    return await encodePair(tokenizer, context, continuation);
  } catch (error) {
    RequestError.toFailure(error);
    return null;
  }
}

/** Reasons that have to do with the server or its load, not with how it was asked. */
const NOT_OF_THIS_WAY = new Set(["aborted", "timeout"]);

/** Whether the request may go well when it is asked in the plain way. */
function isOfThisWay({ retry, reason }: RequestFailure): boolean {
  return retry !== "same" && !NOT_OF_THIS_WAY.has(reason);
}

/** What differs between choices scored one by one and together. */
function differenceOf(alone: Scores, together: Scores): string | null {
  for (const [token, score] of alone) {
    const other = together.get(token);
    if (other === undefined) return `it does not tell the log-probability of token ${token}`;
    if (other.logprob !== score.logprob) {
      return `it gives token ${token} the log-probability ${other.logprob} with others and ${score.logprob} by itself`;
    }
    if (other.isGreedy !== score.isGreedy) {
      const [first, second] = other.isGreedy ? ["with others", "by itself"] : ["by itself", "with others"];
      return `token ${token} is the likeliest one when it is scored ${first}, and not ${second}`;
    }
  }
  return null;
}
