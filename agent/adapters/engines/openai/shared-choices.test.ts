// Choices of a sample that are one token each, scored in one request where the server can: with the same outcomes.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EvaluationRequest } from "../../../../evaluation/request.ts";
import { type Answer, answerJson, SmallServer } from "../../../../test/support/small-server.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { openOpenAiEngine } from "./openai-engine.ts";
import { SERVER_SETTINGS } from "../../../../test/support/server-settings.ts";

const never = new AbortController().signal;
const COMPLETIONS = "/v1/completions";
const TEXT = "one two three one two";
const NOTE = "vllm 1.2.3, one-token choices in one request";

type Body = Readonly<Record<string, unknown>>;
interface Shared {
  readonly choices: [{ logprobs: { token_logprobs: unknown[]; top_logprobs: Record<string, unknown>[] } }];
}

let server: SmallServer;
const engines: InferenceEngine[] = [];
let notices: string[] = [];

beforeEach(async () => {
  notices = [];
  server = await SmallServer.start(512);
  server.tellsChoices = true;
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await server.stop();
});

async function open(signal = never): Promise<InferenceEngine> {
  const engine = await openOpenAiEngine(server.url, {
    ...SERVER_SETTINGS,
    signal,
    onNotice: (sentence) => notices.push(sentence),
  });
  engines.push(engine);
  server.completions.length = 0;
  return engine;
}

/** An engine of the same server that scores one by one. */
async function openPlain(): Promise<InferenceEngine> {
  server.tellsChoices = false;
  const engine = await open();
  server.tellsChoices = true;
  return engine;
}

function scoring(context: string, continuation: string): EvaluationRequest {
  return { index: 0, kind: "loglikelihood", context, continuation };
}

/** What was scored, without what it cost. */
function scoresOf(outcomes: readonly EngineOutcome[]): readonly object[] {
  return outcomes.map((outcome) => {
    if (outcome.kind !== "logprob") return { kind: outcome.kind };
    return { logprob: outcome.logprob, isGreedy: outcome.isGreedy };
  });
}

function isShared(body: Body): boolean {
  return "logprob_token_ids" in body;
}

function wordsOf(count: number, letter: string): string[] {
  return Array.from({ length: count }, (_, position) => ` ${letter}${position}`);
}

/** Lets the server answer shared requests otherwise. */
function twist(change: (shared: Shared, body: Body) => void): void {
  server.answer(COMPLETIONS, ({ body, response }) => {
    const answer = server.complete(body) as Shared;
    if (isShared(body)) change(answer, body);
    answerJson(answer)({ body, response });
  });
}

/** Lets the server answer shared requests with `answer`, others as usual. */
function answerShared(answer: Answer): void {
  server.answer(COMPLETIONS, (call) => (isShared(call.body) ? answer : answerJson(server.complete(call.body)))(call));
}

describe("a server that tells the log-probabilities of any tokens", () => {
  test("says so in its description, and that is all that it says", async () => {
    const { description } = await open();
    expect(description.engineVersion).toBe(NOTE);
    expect(description.capabilities.missing).toEqual({});
    expect(notices).toEqual([]);
  });

  test("is asked once for all choices of a sample, on the context alone", async () => {
    const engine = await open();
    const outcomes = await engine.compute([scoring(TEXT, " three"), scoring(TEXT, " one"), scoring(TEXT, " x")], never);
    expect(server.completions).toHaveLength(1);
    const [body] = server.completions;
    expect((body!["prompt"] as number[][])[0]).toHaveLength(5);
    expect(body).toEqual({
      model: "small",
      prompt: body!["prompt"],
      ...{ temperature: 0, max_tokens: 1, logprobs: 1, seed: 1234, return_tokens_as_token_ids: true },
      ...{ top_p: 1, n: 1, presence_penalty: 0, frequency_penalty: 0, top_k: -1, min_p: 0, repetition_penalty: 1 },
      logprob_token_ids: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(outcomes[0]).toMatchObject({ kind: "logprob", logprob: -0.125, isGreedy: true });
    expect(outcomes[1]).toMatchObject({ kind: "logprob", isGreedy: false });
  });

  test("gets the tokens of a shared prompt counted once", async () => {
    const engine = await open();
    const outcomes = await engine.compute([scoring(TEXT, " three"), scoring(TEXT, " one")], never);
    expect(outcomes).toMatchObject([
      { promptTokens: 5, completionTokens: 1, truncatedTokens: 0 },
      { promptTokens: 0, completionTokens: 0, truncatedTokens: 0 },
    ]);
  });

  test("gives the outcomes that it gives one by one, in the requests' order, whatever a sample is mixed of", async () => {
    const [plain, sharing] = [await openPlain(), await open()];
    const requests = [
      scoring(TEXT, " three"),
      scoring("", "one"),
      scoring("one two ", "three"),
      scoring("one two", " three"),
      scoring(TEXT, " three one"),
      scoring(TEXT, " three"),
      scoring("other", " one"),
      scoring("one two", ""),
      { ...scoring(TEXT, ""), kind: "loglikelihood_rolling" } as const,
      scoring(TEXT, " two"),
    ];
    server.completions.length = 0;
    const expected = await plain.compute(requests, never);
    expect(server.completions.some(isShared)).toBe(false);
    server.completions.length = 0;
    expect(scoresOf(await sharing.compute(requests, never))).toEqual(scoresOf(expected));
    // `TEXT` with two different words, and "one two", whose trailing space goes to the word after it.
    const shared = server.completions.filter(isShared);
    const counts = shared.map((body) => (body["logprob_token_ids"] as number[]).length);
    expect(counts.toSorted((first, second) => first - second)).toEqual([1, 2]);
    expect(server.completions).toHaveLength(expected.length - 5 + 2);
  });

  test("scores contexts that are cut one by one, and those that just fit together", async () => {
    const [plain, sharing] = [await openPlain(), await open()];
    for (const [words, asked] of [
      [510, 1],
      [511, 2],
    ] as const) {
      const context = wordsOf(words, "w").join("");
      const requests = [scoring(context, " one"), scoring(context, " two")];
      const expected = await plain.compute(requests, never);
      server.completions.length = 0;
      expect(scoresOf(await sharing.compute(requests, never)), `${words} words`).toEqual(scoresOf(expected));
      expect(server.completions).toHaveLength(asked);
    }
  });

  test("is asked for more different choices than it takes at once one by one", async () => {
    const engine = await open();
    const most = wordsOf(128, "c").map((word) => scoring(TEXT, word));
    await engine.compute([...most, most[0]!], never);
    expect(server.completions).toHaveLength(1);
    server.completions.length = 0;
    const outcomes = await engine.compute([...most, scoring(TEXT, " one-more")], never);
    expect(server.completions).toHaveLength(129);
    expect(outcomes.every(({ kind }) => kind === "logprob")).toBe(true);
  });

  test.each([
    ["refuses a shared request", () => answerShared(answerJson({ error: { message: "no" } }, 400))],
    ["answers it with something else", () => twist(({ choices }) => (choices[0].logprobs.top_logprobs = [{}]))],
    [
      "does not generate the likeliest token",
      () => twist(({ choices }) => (choices[0].logprobs.token_logprobs = [-9])),
    ],
    ["tells minus infinity of all", () => twist(({ choices }) => (choices[0].logprobs.token_logprobs = [-9999]))],
  ])("that %s once a run is on is asked one by one", async (_, misbehave) => {
    const engine = await open();
    const requests = [scoring(TEXT, " three"), scoring(TEXT, " one")];
    const expected = scoresOf(await engine.compute(requests, never));
    misbehave();
    server.completions.length = 0;
    expect(scoresOf(await engine.compute(requests, never))).toEqual(expected);
    expect(server.completions.map(isShared)).toEqual([true, false, false]);
  });

  test("is asked by itself for a choice that it tells minus infinity of", async () => {
    const engine = await open();
    const requests = [scoring(TEXT, " one"), scoring(TEXT, " three")];
    const expected = scoresOf(await engine.compute(requests, never));
    twist(({ choices }, body) => {
      const [token] = body["logprob_token_ids"] as number[];
      choices[0].logprobs.top_logprobs[0]![`token_id:${token}`] = -9999;
    });
    server.completions.length = 0;
    const outcomes = await engine.compute(requests, never);
    expect(scoresOf(outcomes)).toEqual(expected);
    expect(server.completions.map(isShared)).toEqual([true, false]);
    expect(outcomes).toMatchObject([{ promptTokens: 6 }, { promptTokens: 5 }]);
  });

  test("that is busy or gone fails the requests as it does one by one", async () => {
    const engine = await open();
    answerShared(answerJson({}, 429, { "retry-after": "7" }));
    const requests = [scoring(TEXT, " three"), scoring(TEXT, " one"), scoring(TEXT, " one two")];
    const outcomes = await engine.compute(requests, never);
    const busy = { kind: "failed", retry: "same", reason: "http_429", retryAfterMs: 7000 };
    expect(outcomes).toMatchObject([busy, busy, { kind: "logprob" }]);
    const stop = new AbortController();
    answerShared(() => stop.abort());
    const aborted = { kind: "failed", retry: "elsewhere", reason: "aborted" };
    expect(await engine.compute(requests.slice(0, 2), stop.signal)).toMatchObject([aborted, aborted]);
  });
});

describe("a server is asked for each choice by itself, for a reason that is told, where it", () => {
  async function reasonOf(): Promise<string> {
    const engine = await open();
    expect(engine.description.engineVersion).toBe("vllm 1.2.3");
    expect(engine.description.capabilities.kinds).toContain("loglikelihood");
    await engine.compute([scoring(TEXT, " three"), scoring(TEXT, " one")], never);
    expect(server.completions.map(isShared)).toEqual([false, false]);
    expect(notices).toHaveLength(1);
    const start = `the server at ${server.url} is asked for each choice of a sample by itself: `;
    expect(notices[0]!.slice(0, start.length)).toBe(start);
    return notices[0]!.slice(start.length);
  }

  test("ignores the parameter", async () => {
    server.tellsChoices = false;
    expect(await reasonOf()).toMatch(/does not tell the log-probabilities of tokens by their ids/);
  });

  test("refuses the parameter", async () => {
    answerShared(answerJson({ error: { message: "extra fields not permitted" } }, 400));
    expect(await reasonOf()).toMatch(/400 Bad Request: extra fields not permitted/);
  });

  test("fails at it", async () => {
    answerShared(answerJson({ detail: "assertion" }, 500));
    expect(await reasonOf()).toMatch(/500 Internal Server Error: assertion/);
  });

  test("gives no log-probabilities with it", async () => {
    twist(({ choices }) => Object.assign(choices[0], { logprobs: null }));
    expect(await reasonOf()).toMatch(/gives no log-probabilities of a generated token/);
  });

  test("gives other bits", async () => {
    twist(({ choices }, body) => {
      const token = (body["logprob_token_ids"] as number[]).at(-1)!;
      const [told] = choices[0].logprobs.top_logprobs;
      told![`token_id:${token}`] = Number(told![`token_id:${token}`]) - 2 ** -40;
    });
    expect(await reasonOf()).toMatch(/it gives token \d+ the log-probability -\S+ with others and -\S+ by itself/);
  });

  test("gives other bits only once it has the context in its cache", async () => {
    const seen = new Set<string>();
    twist(({ choices }, body) => {
      const prompt = JSON.stringify(body["prompt"]);
      const [told] = choices[0].logprobs.top_logprobs;
      const token = `token_id:${(body["logprob_token_ids"] as number[]).at(-1)!}`;
      if (seen.has(prompt)) told![token] = Number(told![token]) - 2 ** -40;
      seen.add(prompt);
    });
    expect(await reasonOf()).toMatch(/it gives token \d+ the log-probability/);
  });

  test("generates another token than the likeliest", async () => {
    twist(({ choices }) => (choices[0].logprobs.token_logprobs = [-9]));
    expect(await reasonOf()).toMatch(/generates a token that is not the likeliest one/);
  });

  test("calls another token greedy", async () => {
    twist(({ choices }) => (choices[0].logprobs.token_logprobs = [-0.0625]));
    expect(await reasonOf()).toMatch(/is the likeliest one when it is scored by itself, and not with others/);
  });

  test("tells minus infinity of a choice", async () => {
    twist(({ choices }, body) => {
      const [token] = (body["logprob_token_ids"] as number[]).slice(-1);
      choices[0].logprobs.top_logprobs[0]![`token_id:${token}`] = -9999;
    });
    expect(await reasonOf()).toMatch(/it does not tell the log-probability of token \d+/);
  });

  test("has more than one token for each of the canaries' words", async () => {
    // A token a word, and one before each of them.
    const known = new Map<string, number>();
    server.answer("/tokenize", ({ body, response }) => {
      const words = String(body["prompt"])
        .split(" ")
        .filter((word) => word !== "");
      const tokens = words.flatMap((word) => {
        if (!known.has(word)) known.set(word, known.size + 1);
        return [0, known.get(word)!];
      });
      answerJson({ tokens })({ body, response });
    });
    await open();
    expect(notices).toEqual([expect.stringMatching(/the canaries' choices are not one token each for its tokenizer$/)]);
  });
});

test("stopping the agent while shared scoring is probed stops it", async () => {
  const stop = new AbortController();
  answerShared(() => stop.abort());
  await expect(open(stop.signal)).rejects.toMatchObject({ kind: "interrupted" });
});
