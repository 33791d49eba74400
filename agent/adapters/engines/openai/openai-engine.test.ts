import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EvaluationRequest, GenerationSettings } from "../../../../evaluation/request.ts";
import type { RequestFailure } from "../../../../evaluation/response.ts";
import { type Answer, answerJson, answerText, SmallServer } from "../../../../test/support/small-server.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { openOpenAiEngine } from "./openai-engine.ts";
import { SERVER_SETTINGS } from "../../../../test/support/server-settings.ts";

const never = new AbortController().signal;
const PATIENT = { connectMs: 10_000, answerMs: 60_000, lookMs: 60_000 };
const TEXT = "one two three one two";

let server: SmallServer;
/** Read at each call, so that a test is patient while it joins and not when it waits for a limit. */
let limits = { ...PATIENT };
const engines: InferenceEngine[] = [];

beforeEach(async () => {
  limits = { ...PATIENT };
  server = await SmallServer.start();
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await server.stop();
});

async function open(url = server.url, model: string | null = null): Promise<InferenceEngine> {
  const options = { ...SERVER_SETTINGS, model, signal: never };
  const engine = await openOpenAiEngine(url, options, limits);
  engines.push(engine);
  return engine;
}

function scoring(context: string, continuation: string): EvaluationRequest {
  return { index: 0, kind: "loglikelihood", context, continuation };
}

function generation(context: string, settings: Partial<GenerationSettings> = {}): EvaluationRequest {
  const generation = { until: [], maxTokens: 3, temperature: 0, extra: {}, ...settings };
  return { index: 0, kind: "generate_until", context, continuation: "", generation };
}

async function answerOf(engine: InferenceEngine, request: EvaluationRequest): Promise<EngineOutcome> {
  const [outcome] = await engine.compute([request], never);
  return outcome!;
}

async function failureWhile(
  path: string,
  answer: Answer,
  { request = scoring(TEXT, " three"), answerMs = PATIENT.answerMs } = {},
): Promise<RequestFailure> {
  const engine = await open();
  limits.answerMs = answerMs;
  server.answer(path, answer);
  const outcome = await answerOf(engine, request);
  if (outcome.kind !== "failed") throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`);
  expect(outcome.message).toContain(`${server.url}${path}`);
  return outcome;
}

describe("a server that works", () => {
  test("is described by what it says and what the canaries found", async () => {
    const { description } = await open(`${server.url}/v1/`);
    expect(description).toMatchObject({
      engine: "openai",
      engineVersion: "vllm 1.2.3",
      url: server.url,
      model: "small",
      contextTokens: 64,
      concurrency: 64,
      capabilities: {
        kinds: ["generate_until", "loglikelihood", "loglikelihood_rolling"],
        missing: {},
        repeatable: true,
      },
    });
  });

  test("scores the continuation's tokens and no other", async () => {
    const engine = await open();
    const [likely, other, both] = await engine.compute(
      [scoring(TEXT, " three"), scoring(TEXT, " one"), scoring(TEXT, " three one")],
      never,
    );
    expect(likely).toMatchObject({ kind: "logprob", logprob: -0.125, isGreedy: true, promptTokens: 6 });
    expect(other).toMatchObject({ kind: "logprob", isGreedy: false });
    expect(both).toMatchObject({ kind: "logprob", logprob: -0.25, isGreedy: true, promptTokens: 7 });
  });

  test("is sent what the harness sends to score", async () => {
    const engine = await open();
    server.completions.length = 0;
    await engine.compute([scoring("one two ", "three")], never);
    const [body] = server.completions;
    const prompt = body!["prompt"] as number[][];
    expect(body).toEqual({
      model: "small",
      prompt,
      temperature: 0,
      max_tokens: 1,
      logprobs: 1,
      seed: 1234,
      echo: true,
    });
    // The space went to the continuation, whose token has it in front.
    expect(prompt[0]).toHaveLength(3);
  });

  test("is sent every sampling parameter, the task's own last", async () => {
    await server.stop();
    server = await SmallServer.start(512);
    const engine = await open();
    server.completions.length = 0;
    await engine.compute([generation(TEXT, { until: ["\n", ""], maxTokens: null, extra: { top_p: 0.5 } })], never);
    expect(server.completions[0]).toMatchObject({
      max_tokens: 256,
      temperature: 0,
      stop: ["\n"],
      seed: 1234,
      top_p: 0.5,
      top_k: -1,
      min_p: 0,
      repetition_penalty: 1,
    });
  });

  test("is asked for a context's tokens once a sample", async () => {
    const engine = await open();
    let asked = 0;
    server.answer("/tokenize", ({ body, response }) => {
      if (body["prompt"] === TEXT) asked += 1;
      answerJson({
        tokens: String(body["prompt"])
          .split(" ")
          .map((word) => word.length),
      })({ body, response });
    });
    await engine.compute([scoring(TEXT, " a"), scoring(TEXT, " bb"), scoring(TEXT, " ccc")], never);
    expect(asked).toBe(1);
  });

  test("gets a long prompt cut from the left, and the cut is counted", async () => {
    const engine = await open();
    const long = Array.from({ length: 100 }, (_, position) => ` w${position}`).join("");
    server.completions.length = 0;
    const [scored, generated] = await engine.compute([scoring(long, " end"), generation(long)], never);
    // 64 tokens, of which one is kept free: 63 for scoring, 60 for a prompt with 3 tokens to come.
    expect(scored).toMatchObject({ kind: "logprob", promptTokens: 63, truncatedTokens: 38 });
    expect(generated).toMatchObject({ kind: "text", promptTokens: 60, truncatedTokens: 40 });
    expect(server.completions.map((body) => (body["prompt"] as number[][])[0]!.length)).toEqual(
      expect.arrayContaining([60, 63]),
    );
  });

  test("scores a text in windows that count each token once", async () => {
    const engine = await open();
    const words = Array.from({ length: 150 }, (_, position) => ` v${position}`);
    server.completions.length = 0;
    const outcome = await answerOf(engine, {
      index: 0,
      kind: "loglikelihood_rolling",
      context: words.join(""),
      continuation: "",
    });
    // Windows of 62 tokens: 62 + 62 + 26, and the last one is filled from the left.
    expect(server.completions.map((body) => (body["prompt"] as number[][])[0]!.length)).toEqual([63, 63, 63]);
    expect(outcome).toMatchObject({ kind: "logprob", isGreedy: false });
  });

  test("gets the key of the environment", async () => {
    process.env["MUSTER_ENGINE_API_KEY"] = "a-key";
    try {
      await open();
    } finally {
      delete process.env["MUSTER_ENGINE_API_KEY"];
    }
    expect(server.headers.every(({ authorization }) => authorization === "Bearer a-key")).toBe(true);
  });

  test("has its text cut at stop strings that it ignored", async () => {
    const engine = await open();
    server.answer("/v1/completions", answerJson({ choices: [{ index: 0, text: "a b STOP c" }] }));
    expect(await answerOf(engine, generation(TEXT, { until: ["STOP"] }))).toMatchObject({ kind: "text", text: "a b " });
  });
});

describe("a request that goes wrong is a value with a reason and a place to try again", () => {
  const completions = "/v1/completions";
  const IMPATIENT = { answerMs: 1_000 };

  test("a web page", async () => {
    const page = answerText("<!doctype html><title>Sign in</title>", "text/html");
    const failure = await failureWhile(completions, page);
    expect(failure).toMatchObject({ retry: "elsewhere", reason: "bad_response" });
    expect(failure.message).toContain("a web page (HTML) instead of JSON");
  });

  test("429 with seconds to wait", async () => {
    const busy = answerJson({ error: { message: "slow down" } }, 429, { "retry-after": "7" });
    const failure = await failureWhile(completions, busy);
    expect(failure).toMatchObject({ retry: "same", reason: "http_429", retryAfterMs: 7000 });
    expect(failure.message).toContain("429 Too Many Requests: slow down");
  });

  test("429 with a date to wait for", async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const failure = await failureWhile(completions, answerJson({}, 429, { "retry-after": date }));
    expect(failure.retryAfterMs).toBeGreaterThan(50_000);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test("500", async () => {
    const failure = await failureWhile(completions, answerJson({ detail: "out of memory" }, 500));
    expect(failure).toMatchObject({ retry: "same", reason: "http_500" });
    expect(failure.message).toContain("500 Internal Server Error: out of memory");
  });

  test("a request that the server refuses", async () => {
    const failure = await failureWhile(completions, answerJson({ error: { message: "unknown field" } }, 400));
    expect(failure).toMatchObject({ retry: "elsewhere", reason: "http_400" });
  });

  test("JSON that is cut off", async () => {
    const failure = await failureWhile(completions, answerText('{"choices": [{"text": "on', "application/json"));
    expect(failure).toMatchObject({ retry: "same", reason: "bad_response" });
    expect(failure.message).toContain("cut off or damaged");
  });

  test("a connection that ends within the answer", async () => {
    const failure = await failureWhile(completions, ({ response }) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"choices"');
      setImmediate(() => response.socket!.destroy());
    });
    expect(failure).toMatchObject({ retry: "same", reason: "connection_lost" });
  });

  test("no answer in time", async () => {
    const failure = await failureWhile(completions, () => undefined, IMPATIENT);
    expect(failure).toMatchObject({ retry: "elsewhere", reason: "timeout" });
    expect(failure.message).toContain("did not answer within 1 s");
  });

  test("an answer that trickles in forever", async () => {
    const failure = await failureWhile(
      completions,
      ({ response }) => {
        response.writeHead(200, { "content-type": "application/json" });
        const timer = setInterval(() => response.write(" "), 20);
        response.once("close", () => clearInterval(timer));
      },
      IMPATIENT,
    );
    expect(failure.reason).toBe("timeout");
  });

  test.each([
    ["NaN in the JSON", answerText('{"choices":[{"logprobs":{"token_logprobs":[null, NaN]}}]}', "application/json")],
    ["null for a scored token", logprobsOf((values) => values.map(() => null))],
  ])("%s", async (_, answer) => {
    expect(await failureWhile(completions, answer)).toMatchObject({ retry: "elsewhere", reason: "nan" });
  });

  test.each([
    ["too few log-probabilities", logprobsOf((values) => values.slice(0, -1)), "wrong_count"],
    ["no choices", answerJson({ choices: [] }), "wrong_count"],
    ["something that is no completion", answerJson({ ok: true }), "bad_response"],
    ["no log-probabilities", answerJson({ choices: [{ index: 0, text: "a" }] }), "no_logprobs"],
  ])("%s", async (_, answer, reason) => {
    expect(await failureWhile(completions, answer)).toMatchObject({ retry: "elsewhere", reason });
  });

  test("a generation that the server gave up", async () => {
    const answer = answerJson({ choices: [{ index: 0, text: "half a", finish_reason: "abort" }] });
    expect((await failureWhile(completions, answer, { request: generation(TEXT) })).reason).toBe("abandoned");
  });

  test("a server that is gone, which its health tells too", async () => {
    const engine = await open();
    const { url } = server;
    await server.stop();
    // The first call may still go out on a connection that was open.
    expect(await answerOf(engine, scoring(TEXT, " three"))).toMatchObject({ kind: "failed", retry: "same" });
    expect(await engine.health()).toBe(`${url}/v1/models refused the connection`);
    expect(await answerOf(engine, scoring(TEXT, " three"))).toMatchObject({ retry: "same", reason: "refused" });
    server = await SmallServer.start();
  });

  test("a signal that aborts", async () => {
    const engine = await open();
    const stop = new AbortController();
    server.answer(completions, () => stop.abort());
    const [outcome] = await engine.compute([scoring(TEXT, " three")], stop.signal);
    expect(outcome).toMatchObject({ kind: "failed", retry: "elsewhere", reason: "aborted" });
  });

  test("more text to score or to generate than the model holds", async () => {
    const engine = await open();
    expect(await answerOf(engine, generation(TEXT, { maxTokens: 63 }))).toMatchObject({ reason: "too_long" });
    const long = Array.from({ length: 70 }, (_, position) => ` x${position}`).join("");
    expect(await answerOf(engine, scoring(TEXT, long))).toMatchObject({ retry: "elsewhere", reason: "too_long" });
  });

  function logprobsOf(change: (values: unknown[]) => unknown[]): Answer {
    return ({ body, response }) => {
      const answer = server.complete(body) as { choices: [{ logprobs: { token_logprobs: unknown[] } }] };
      const { logprobs } = answer.choices[0];
      logprobs.token_logprobs = change(logprobs.token_logprobs);
      answerJson(answer)({ body, response });
    };
  }
});

describe("joining", () => {
  test("refuses what is no address, with an example", async () => {
    await expect(open("localhost:8000")).rejects.toMatchObject({ kind: "usage" });
  });

  test("names the models that are served when the wanted one is not", async () => {
    await expect(open(server.url, "other")).rejects.toMatchObject({
      kind: "notFound",
      message: `the server at ${server.url}/v1 does not serve other; it serves: small`,
    });
  });

  test("asks which model is meant when there are several", async () => {
    server.answer("/v1/models", answerJson({ data: [{ id: "a" }, { id: "b" }] }));
    await expect(open()).rejects.toMatchObject({ kind: "usage", message: expect.stringContaining("a, b") as string });
  });

  test.each([
    ["a web page", answerText("<html></html>", "text/html"), "connection"],
    ["JSON that is no list", answerJson({ hello: "world" }), "connection"],
    ["500", answerJson({}, 500), "connection"],
    ["401", answerJson({ error: "no key" }, 401), "permission"],
  ])("fails with the address and the way out where the models are %s", async (_, answer, kind) => {
    server.answer("/v1/models", answer);
    const wayOut: unknown = expect.any(String);
    const message: unknown = expect.stringContaining(`${server.url}/v1/models`);
    await expect(open()).rejects.toMatchObject({ kind, message, wayOut });
  });

  test("fails where the server never answers", async () => {
    server.answer("/v1/models", () => undefined);
    limits.lookMs = 300;
    const message = `${server.url}/v1/models did not answer within 0.3 s`;
    await expect(open()).rejects.toMatchObject({ kind: "connection", message });
  });

  test("fails where nobody listens", async () => {
    const { url } = server;
    await server.stop();
    await expect(open(url)).rejects.toMatchObject({
      kind: "connection",
      message: `${url}/v1/models refused the connection`,
    });
    server = await SmallServer.start();
  });

  test("joins a server that cannot score for generation, and says why it cannot score", async () => {
    server.answer("/v1/completions", ({ body, response }) => {
      const { choices } = server.complete({ ...body, echo: false }) as { choices: [object] };
      answerJson({ choices: [{ ...choices[0], logprobs: null }] })({ body, response });
    });
    const { capabilities } = (await open()).description;
    expect(capabilities.kinds).toEqual(["generate_until"]);
    expect(capabilities.missing.loglikelihood).toContain(`the server at ${server.url} cannot answer loglikelihood`);
    expect(capabilities.missing.loglikelihood).toContain("gives no log-probabilities of a prompt's tokens");
  });

  test("joins a server without a tokenizer for generation", async () => {
    server.answer("/tokenize", answerJson({ detail: "Not Found" }, 404));
    const { capabilities } = (await open()).description;
    expect(capabilities.kinds).toEqual(["generate_until"]);
    expect(capabilities.missing.loglikelihood).toContain(`${server.url} has no /tokenize`);
  });

  test("does not believe log-probabilities that are off by a token", async () => {
    server.answer("/v1/completions", ({ body, response }) => {
      const answer = server.complete(body) as { choices: [{ logprobs: { token_logprobs: unknown[] } | null }] };
      const { logprobs } = answer.choices[0];
      if (logprobs !== null) logprobs.token_logprobs = [null, ...logprobs.token_logprobs.slice(0, -1)];
      answerJson(answer)({ body, response });
    });
    expect((await open()).description.capabilities.kinds).not.toContain("loglikelihood");
  });

  test("refuses a server that offers only chat", async () => {
    server.answer("/v1/completions", answerJson({ error: { message: "no such endpoint" } }, 404));
    await expect(open()).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("404") as string,
    });
  });
});
