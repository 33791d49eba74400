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
  engine = await openOpenAiEngine(server.url, { model: null, concurrency: null, signal, urlApi: "chat" });
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
