import { expect, test } from "vitest";
import { REQUEST_KINDS, type EvaluationRequest } from "../../../evaluation/request.ts";
import type { EngineOutcome } from "../../ports/inference-engine.ts";
import { type ProbedEngine, probeEngine } from "./probe.ts";

const COST = { promptTokens: 1, completionTokens: 1, truncatedTokens: 0, latencyUs: 1 };

/**
 * A small language model over words: what followed a word before follows it again, other words are unlikely, each by its
 * own measure. Enough of one that the canaries mean what they mean for a large one.
 */
class WordModel {
  /** Log-probabilities of a text's words, each given those before it. */
  logprobs(text: string): { readonly logprob: number; readonly isGreedy: boolean }[] {
    const words = wordsOf(text);
    return words.map((word, position) => {
      const said = this.next(words.slice(0, position));
      return {
        logprob: word === said ? Math.log(0.9) : -8 - (word.length * 7 + position) / 13,
        isGreedy: word === said,
      };
    });
  }

  next(words: readonly string[]): string {
    const last = words.lastIndexOf(words.at(-1) ?? "", -2);
    return last < 0 ? "the" : words[last + 1]!;
  }

  score(context: string, continuation: string): { readonly logprob: number; readonly isGreedy: boolean } {
    const scored = this.logprobs(context + continuation).slice(wordsOf(context).length);
    return {
      logprob: scored.reduce((sum, { logprob }) => sum + logprob, 0),
      isGreedy: scored.every(({ isGreedy }) => isGreedy),
    };
  }

  generate(context: string, until: readonly string[], maxTokens: number): string {
    const words = wordsOf(context);
    let text = "";
    for (let token = 0; token < maxTokens; token++) {
      const word = this.next(words);
      words.push(word);
      text += ` ${word}`;
      const cut = until.map((stop) => text.indexOf(stop)).find((at) => at >= 0);
      if (cut !== undefined) return text.slice(0, cut);
    }
    return text;
  }

  answer(request: EvaluationRequest): EngineOutcome {
    const { kind, context, continuation, generation } = request;
    if (kind === "loglikelihood") return { kind: "logprob", ...this.score(context, continuation), ...COST };
    if (kind === "loglikelihood_rolling") return { kind: "logprob", ...this.score("", context), ...COST };
    const text = this.generate(context, generation!.until, generation!.maxTokens ?? 256);
    return { kind: "text", text, ...COST, completionTokens: wordsOf(text).length };
  }
}

function wordsOf(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

function engineOf(answer: (request: EvaluationRequest, asked: number) => EngineOutcome): ProbedEngine {
  let asked = 0;
  return {
    name: "the server at http://host:8000",
    compute: async (requests) => requests.map((request) => answer(request, asked++)),
  };
}

const model = new WordModel();
const { signal } = new AbortController();

/** Probes an engine that differs from a right one in the answers that `twist` gives. */
function probeTwisted(twist: (request: EvaluationRequest, asked: number) => EngineOutcome | null) {
  return probeEngine(
    engineOf((request, asked) => twist(request, asked) ?? model.answer(request)),
    signal,
  );
}

const failed = (retry: "same" | "never", message: string): EngineOutcome => ({
  kind: "failed",
  retry,
  reason: "test",
  message,
  ...(retry === "same" ? { retryAfterMs: 1 } : {}),
});

test("an engine that answers as a language model must has every capability", async () => {
  const capabilities = await probeTwisted(() => null);
  expect(capabilities).toEqual({ kinds: REQUEST_KINDS, missing: {}, repeatable: true });
});

test("an engine that cannot score a prompt lacks scoring, with its reason, and can generate", async () => {
  const reason = "it ignores echo";
  const { kinds, missing } = await probeTwisted(({ kind }) =>
    kind === "generate_until" ? null : failed("never", reason),
  );
  expect(kinds).toEqual(["generate_until"]);
  expect(missing.loglikelihood).toBe(`the server at http://host:8000 cannot answer loglikelihood: ${reason}`);
  expect(missing.loglikelihood_rolling).toContain(reason);
});

test("an engine that scores the last token only is found out", async () => {
  const { kinds, missing } = await probeTwisted(({ kind, context, continuation }) =>
    kind === "loglikelihood" ? { kind: "logprob", ...model.logprobs(context + continuation).at(-1)!, ...COST } : null,
  );
  expect(kinds).not.toContain("loglikelihood");
  expect(missing.loglikelihood).toMatch(/two words.*do not add up/);
});

test("an engine whose scores are off by one token is found out", async () => {
  const { missing } = await probeTwisted(({ kind, context, continuation }) => {
    if (kind !== "loglikelihood") return null;
    const first = wordsOf(context).length - 1;
    const scored = model.logprobs(context + continuation).slice(first, first + wordsOf(continuation).length);
    return { kind: "logprob", logprob: scored.reduce((sum, { logprob }) => sum + logprob, 0), isGreedy: true, ...COST };
  });
  expect(missing.loglikelihood).toMatch(/two different continuations/);
});

test("an engine that does not call its own greedy word greedy is found out", async () => {
  const { missing } = await probeTwisted(({ kind, context, continuation }) =>
    kind === "loglikelihood"
      ? { kind: "logprob", ...model.score(context, continuation), isGreedy: false, ...COST }
      : null,
  );
  expect(missing.loglikelihood).toMatch(/generates " green" but does not score it as the most likely/);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 0.5, Number.NEGATIVE_INFINITY])(
  "a log-probability of %f for a likely word loses the capability",
  async (logprob) => {
    const { kinds, missing } = await probeTwisted(({ kind }) =>
      kind === "loglikelihood" ? { kind: "logprob", logprob, isGreedy: false, ...COST } : null,
    );
    expect(kinds).toEqual(["generate_until", "loglikelihood_rolling"]);
    expect(missing.loglikelihood).toContain(`gives ${logprob} as a log-probability`);
  },
);

test("an engine whose longer text is not less likely lacks rolling scores", async () => {
  const { kinds } = await probeTwisted(({ kind }) =>
    kind === "loglikelihood_rolling" ? { kind: "logprob", logprob: -3, isGreedy: false, ...COST } : null,
  );
  expect(kinds).toEqual(["generate_until", "loglikelihood"]);
});

test("an engine that generates past its stop string, or more than asked for, cannot generate", async () => {
  const past = await probeTwisted(({ kind, context }) =>
    kind === "generate_until" ? { kind: "text", text: model.generate(context, [], 8), ...COST } : null,
  );
  expect(past.missing.generate_until).toMatch(/past the stop string " blue"/);
  const long = await probeTwisted(({ kind }) =>
    kind === "generate_until" ? { kind: "text", text: " green", ...COST, completionTokens: 256 } : null,
  );
  expect(long.missing.generate_until).toMatch(/generates 256 tokens where at most 8/);
});

test("an engine whose numbers move a little when asked again is not repeatable, and keeps its capabilities", async () => {
  const capabilities = await probeTwisted((request, asked) => {
    const answer = model.answer(request);
    return answer.kind === "logprob" ? { ...answer, logprob: answer.logprob - asked * 1e-6 } : answer;
  });
  expect(capabilities).toEqual({ kinds: REQUEST_KINDS, missing: {}, repeatable: false });
});

test("an engine that gives another number from a warm cache loses the capability", async () => {
  const seen = new Set<number>();
  const { kinds, missing } = await probeTwisted((request) => {
    const answer = model.answer(request);
    if (request.kind !== "loglikelihood" || answer.kind !== "logprob") return null;
    const isWarm = seen.has(request.index);
    seen.add(request.index);
    return isWarm ? { ...answer, logprob: answer.logprob - 3 } : answer;
  });
  expect(kinds).toEqual(["generate_until", "loglikelihood_rolling"]);
  expect(missing.loglikelihood).toMatch(/at first and .* when asked again/);
});

test("a busy engine is asked again after its rest", async () => {
  const { kinds } = await probeTwisted((_, asked) => (asked < 3 ? failed("same", "429") : null));
  expect(kinds).toEqual(REQUEST_KINDS);
});

test("an engine that stays busy is no engine without capabilities: the agent says that it cannot start", async () => {
  await expect(probeTwisted(() => failed("same", "HTTP 429"))).rejects.toMatchObject({
    kind: "connection",
    message: "the server at http://host:8000 answers no canary request: HTTP 429",
  });
});

test("stopping the agent stops the probe", async () => {
  const stop = new AbortController();
  const engine = engineOf(() => ({ ...failed("same", "busy"), retryAfterMs: 60_000 }) as EngineOutcome);
  const probing = probeEngine(engine, stop.signal);
  stop.abort();
  await expect(probing).rejects.toMatchObject({ kind: "interrupted" });
});
