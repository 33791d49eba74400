import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EvaluationRequest, GenerationSettings } from "../../../../evaluation/request.ts";
import { answerJson, SmallServer } from "../../../../test/support/small-server.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { openOpenAiEngine } from "./openai-engine.ts";

const TEXT = "one two three one two";
const { signal } = new AbortController();

let server: SmallServer;
let engine: InferenceEngine;

beforeEach(async () => {
  server = await SmallServer.start();
  engine = await openOpenAiEngine(server.url, {
    model: null,
    concurrency: null,
    signal,
    urlApi: "chat",
    thinkEnd: null,
    thinkingTokens: 0,
  });
});
afterEach(async () => {
  await engine.close();
  await server.stop();
});

function generation(context: string, settings: Partial<GenerationSettings> = {}): EvaluationRequest {
  const defaults = { until: [], maxTokens: 3, temperature: 0, extra: {} };
  return { index: 0, kind: "generate_until", context, continuation: "", generation: { ...defaults, ...settings } };
}

async function answerOf(request: EvaluationRequest): Promise<EngineOutcome> {
  const [outcome] = await engine.compute([request], signal);
  return outcome!;
}

describe("a server of chats", () => {
  const asked = (content: string): string =>
    JSON.stringify([
      { role: "system", content: "one" },
      { role: "user", content },
    ]);

  test("generates and does not score, and says so", () => {
    const { capabilities } = engine.description;
    expect(capabilities.kinds).toEqual(["generate_until"]);
    expect(capabilities.missing.loglikelihood).toMatch(/chat\/completions answers chats and scores no text/);
  });

  test("is sent the turns and the settings that the harness sends, and no more", async () => {
    server.chats.length = 0;
    const until = ["a", "b", "c", "d", "e"];
    const request = generation(asked(TEXT), { until, maxTokens: 2, extra: { top_k: 3 } });
    expect(await answerOf(request)).toMatchObject({ kind: "text", text: " three one", truncatedTokens: 0 });
    expect(server.chats).toEqual([
      {
        messages: [
          { role: "system", content: "one" },
          { role: "user", content: TEXT },
        ],
        model: "small",
        max_tokens: 2,
        temperature: 0,
        stop: ["a", "b", "c", "d"],
        seed: 1234,
        top_k: 3,
      },
    ]);
  });

  test("a prompt of plain text is refused with the way out, and not tried again", async () => {
    expect(await answerOf(generation(TEXT))).toMatchObject({
      kind: "failed",
      retry: "never",
      message: expect.stringContaining("--apply-chat-template messages") as string,
    });
  });

  test("what a model thought is no part of its answer, and a withheld answer is empty", async () => {
    const answer = (message: object) =>
      server.answer(
        "/v1/chat/completions",
        answerJson({ choices: [{ index: 0, message }], usage: { completion_tokens: 9 } }),
      );
    answer({ content: "four", reasoning_content: "two and two" });
    expect(await answerOf(generation(asked("2+2")))).toMatchObject({ text: "four", completionTokens: 9 });
    answer({ content: null, reasoning_content: "hm" });
    expect(await answerOf(generation(asked("2+2")))).toMatchObject({ text: "" });
  });
});

describe("a reasoning model", () => {
  const turns = JSON.stringify([{ role: "user", content: TEXT }]);
  const say = (message: object): void =>
    server.answer("/v1/chat/completions", answerJson({ choices: [{ index: 0, message, finish_reason: "stop" }] }));

  async function openWith(fields: object): Promise<void> {
    await engine.close();
    const options = {
      model: null,
      concurrency: null,
      signal,
      urlApi: "chat",
      thinkEnd: null,
      thinkingTokens: 0,
    } as const;
    engine = await openOpenAiEngine(server.url, { ...options, ...fields });
  }

  test.each([["reasoning_content"], ["reasoning"]])(
    "keeps what its server tells in %s beside the answer",
    async (name) => {
      say({ content: "yes", [name]: "Let me see. no" });
      expect(await answerOf(generation(turns))).toMatchObject({
        kind: "text",
        text: "yes",
        thinking: "Let me see. no",
      });
    },
  );

  test.each([
    ["<think>a no</think>\n\nyes", "yes", "<think>a no"],
    ["a</think>b</think> c", "c", "a</think>b"],
    ["<think>cut off in the middle", "<think>cut off in the middle", undefined],
  ])("answers what follows the last end of its thinking: %j", async (content, text, thinking) => {
    await openWith({ thinkEnd: "</think>" });
    say({ content });
    const outcome = await answerOf(generation(turns));
    expect(outcome).toMatchObject({ kind: "text", text });
    expect((outcome as { thinking?: string }).thinking).toBe(thinking);
  });

  test("may think as many tokens as it is granted, beside those of the answer", async () => {
    await openWith({ thinkingTokens: 1000 });
    server.chats.length = 0;
    await answerOf(generation(turns, { maxTokens: 7 }));
    expect(server.chats[0]).toMatchObject({ max_tokens: 1007 });
  });

  test("is asked without the parameters that it refuses by name, and that is said of the engine", async () => {
    const refused = ["max_tokens", "temperature", "stop"];
    server.answer("/v1/chat/completions", ({ body, response }) => {
      const param = refused.find((name) => name in body);
      const error = { message: `Unsupported parameter: '${param}'`, param, code: "unsupported_parameter" };
      const answer = param === undefined ? answerJson(server.chat(body)) : answerJson({ error }, 400);
      answer({ body, response });
    });
    await openWith({});
    expect(engine.description.engineVersion).toMatch(/, the model's own temperature, no stop strings$/);
    server.chats.length = 0;
    expect(await answerOf(generation(turns, { maxTokens: 2, until: ["x"] }))).toMatchObject({ kind: "text" });
    expect(server.chats).toHaveLength(1);
    expect(server.chats[0]).toMatchObject({ max_completion_tokens: 2 });
    expect(Object.keys(server.chats[0]!)).not.toContain("max_tokens");
  });
});
