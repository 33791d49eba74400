// Hosted providers: keys in headers, addresses with paths and versions, limits on how often and how much they are asked.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EvaluationRequest } from "../../../../evaluation/request.ts";
import { type Answer, answerJson, answerText, SmallServer } from "../../../../test/support/small-server.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { openOpenAiEngine } from "./openai-engine.ts";

const { signal } = new AbortController();
const KEY = "sk-a-secret-of-ours";
const CHATS = "/openai/deployments/mine/chat/completions?api-version=2025-03-01";

let server: SmallServer;
const engines: InferenceEngine[] = [];

beforeEach(async () => {
  server = await SmallServer.start();
  vi.stubEnv("MUSTER_ENGINE_API_KEY", KEY);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await server.stop();
});

async function open(path = "/v1", model: string | null = null): Promise<InferenceEngine> {
  const options = { concurrency: null, signal, urlApi: "chat", thinkEnd: null, thinkingTokens: 0 } as const;
  const engine = await openOpenAiEngine(server.url + path, { ...options, model });
  engines.push(engine);
  return engine;
}

async function ask(engine: InferenceEngine): Promise<EngineOutcome> {
  const context = JSON.stringify([{ role: "user", content: "one two one" }]);
  const generation = { until: [], maxTokens: 3, temperature: 0, extra: {} };
  const request: EvaluationRequest = { index: 0, kind: "generate_until", context, continuation: "", generation };
  const [outcome] = await engine.compute([request], signal);
  return outcome!;
}

async function outcomeOf(answer: Answer): Promise<EngineOutcome> {
  const engine = await open();
  server.answer("/v1/chat/completions", answer);
  return ask(engine);
}

test("a deployment without a list of models is asked for the one that is named, at its version of the interface", async () => {
  vi.stubEnv("MUSTER_ENGINE_API_KEY_HEADER", "api-key");
  server.answer(CHATS, ({ body, response }) => answerJson(server.chat(body))({ body, response }));
  const engine = await open(CHATS, "mine");
  expect(engine.description).toMatchObject({ model: "mine", url: `${server.url}/openai/deployments/mine` });
  expect(await ask(engine)).toMatchObject({ kind: "text" });
  expect(await engine.health()).toBeNull();
  expect(server.headers.at(-1)).toMatchObject({ "api-key": KEY });
  expect(server.headers.at(-1)).not.toHaveProperty("authorization");
  await expect(open(CHATS)).rejects.toMatchObject({
    kind: "usage",
    message: expect.stringMatching(/lists no models/) as string,
  });
});

test("a key goes to the server and into no sentence, also where the server repeats it", async () => {
  const refusal = answerJson({ error: { message: `Incorrect API key provided: ${KEY}` } }, 401);
  const outcome = await outcomeOf(refusal);
  expect(server.headers.at(-1)).toMatchObject({ authorization: `Bearer ${KEY}` });
  expect(outcome).toMatchObject({ reason: "http_401", message: expect.stringContaining("provided: [key]") as string });
  server.answer("/v1/models", refusal);
  const error: unknown = await open().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: "permission" });
  expect(JSON.stringify([outcome, error, engines[0]!.description, String(error)])).not.toContain(KEY);
});

test.each([
  [{ "retry-after": "7" }, 7000],
  [{}, 5000],
])("429 with the headers %j is a rest of %i ms and never a failure of the engine", async (headers, retryAfterMs) => {
  const busy = answerJson({ error: { message: "slow down" } }, 429, headers);
  expect(await outcomeOf(busy)).toMatchObject({ retry: "same", reason: "http_429", retryAfterMs });
  server.answer("/v1/models", busy);
  expect(await engines[0]!.health()).toBeNull();
});

test("429 for want of money is no matter of waiting", async () => {
  const error = { message: "You exceeded your current quota", code: "insufficient_quota" };
  const outcome = await outcomeOf(answerJson({ error }, 429));
  expect(outcome).toMatchObject({ retry: "elsewhere", reason: "no_quota" });
  expect(outcome).not.toHaveProperty("retryAfterMs");
});

test.each([
  [{ error: { message: "too many", code: "context_length_exceeded" } }],
  [{ object: "error", message: "This model's maximum context length is 64 tokens. However, you requested 90." }],
  [{ error: { message: "prompt is too long: 9000 tokens > 8000 maximum" } }],
])("a prompt that is too long is refused by that name, and not sent about: %j", async (json) => {
  expect(await outcomeOf(answerJson(json, 400))).toMatchObject({
    retry: "never",
    reason: "prompt_too_long",
    message: expect.stringMatching(/nobody cuts them silently\)$/) as string,
  });
});

const choice = (fields: object): object => ({ index: 0, message: { content: "yes" }, ...fields });

test.each<[string, Answer, object]>([
  ["a web page", answerText("<!doctype html><p>busy", "text/html"), { reason: "bad_response" }],
  ["JSON that is cut off", answerText('{"choices": [{"mess', "application/json"), { retry: "same" }],
  ["no choices", answerJson({ choices: [] }), { reason: "wrong_count" }],
  ["two choices", answerJson({ choices: [choice({}), choice({})] }), { reason: "wrong_count" }],
  ["no message", answerJson({ choices: [{ index: 0 }] }), { kind: "text", text: "" }],
  ["content that is null", answerJson({ choices: [choice({ message: { content: null } })] }), { text: "" }],
  ["content in parts", answerJson({ choices: [choice({ message: { content: [{}] } })] }), { reason: "bad_response" }],
  ["no usage", answerJson({ choices: [choice({})] }), { text: "yes", promptTokens: 0, completionTokens: 0 }],
  [
    "usage that is nonsense",
    answerJson({ choices: [choice({})], usage: { prompt_tokens: -1, completion_tokens: "9" } }),
    { text: "yes", promptTokens: 0, completionTokens: 0 },
  ],
])("a server that answers with %s breaks nothing else", async (_, answer, expected) => {
  expect(await outcomeOf(answer)).toMatchObject(expected);
});
