// The embedded engine with the catalogue's real model: a request's answer must have the same bits whatever was computed
// before it and beside it, or scores would depend on how a run was sharded.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLlamaCppEngine } from "../../agent/adapters/engines/llama-cpp/llama-cpp-engine.ts";
import type { EngineOutcome, InferenceEngine } from "../../agent/ports/inference-engine.ts";
import type { EvaluationRequest, GenerationSettings } from "../../evaluation/request.ts";
import { testCacheFolder } from "../support/harness-python.ts";

const never = new AbortController().signal;
const CHOICES = [" paper", " hedgehogs and violins", " nothing at all, not one single little word of it", " 12"];
const SENTENCE = "People who live near the river watch the boats come in from the sea each morning. ";

const engines = new Map<string, InferenceEngine>();
let engine: InferenceEngine;

/** Opened once for each way to spread the same work over threads. */
async function open(lanes: number, threads: number): Promise<InferenceEngine> {
  const name = `${lanes} lanes, ${threads} threads`;
  const known = engines.get(name);
  if (known !== undefined) return known;
  const opened = await openLlamaCppEngine({
    model: "smollm2-135m",
    concurrency: lanes,
    threads,
    cacheFolder: join(testCacheFolder(), "cache", "muster"),
    onProgress: () => undefined,
    signal: never,
  });
  engines.set(name, opened);
  return opened;
}

beforeAll(async () => {
  engine = await open(1, 1);
});
afterAll(() => Promise.all([...engines.values()].map((opened) => opened.close())));

function scoring(context: string, continuation: string): EvaluationRequest {
  return { index: 0, kind: "loglikelihood", context, continuation };
}

function generation(context: string, settings: Partial<GenerationSettings> = {}): EvaluationRequest {
  const generation = { until: [], maxTokens: 6, temperature: 0, extra: {}, ...settings };
  return { index: 0, kind: "generate_until", context, continuation: "", generation };
}

/** Samples of unlike length and kind. */
function samples(): EvaluationRequest[][] {
  // The longest takes two batches.
  return [0, 2, 1, 16].flatMap((length, position) => {
    const context = `${SENTENCE.repeat(length)}Question ${position}: what do people write on? Answer:`;
    return [CHOICES.map((choice) => scoring(context, choice)), [generation(context, { temperature: position / 3 })]];
  });
}

function bits(outcomes: readonly EngineOutcome[]): string {
  return JSON.stringify(outcomes, (key, value: unknown) => (key === "latencyUs" ? undefined : value));
}

async function answerOf(request: EvaluationRequest): Promise<EngineOutcome> {
  return (await engine.compute([request], never))[0]!;
}

test("all three kinds of request pass the canaries, repeatably", () => {
  expect(engine.description).toMatchObject({
    engine: "llama.cpp",
    model: "smollm2-135m",
    contextTokens: 8192,
    concurrency: 1,
    capabilities: {
      kinds: ["generate_until", "loglikelihood", "loglikelihood_rolling"],
      missing: {},
      repeatable: true,
    },
  });
});

test("a request has the same bits in any order, alone, beside others, and on any number of threads", async () => {
  const asked = samples();
  const expected: string[] = [];
  for (const sample of asked) expected.push(bits(await engine.compute(sample, never)));
  expect(new Set(expected).size).toBe(asked.length);

  for (const position of [...asked.keys()].reverse()) {
    expect(bits(await engine.compute(asked[position]!, never)), "backwards").toBe(expected[position]);
  }
  for (const [position, sample] of asked.slice(0, 4).entries()) {
    const alone: EngineOutcome[] = [];
    for (const request of sample.toReversed()) alone.unshift(await answerOf(request));
    expect(bits(alone), "one request after the other").toBe(expected[position]);
  }
  // Threads that share an evaluation are slow where the host is busy, so these get the short samples only.
  for (const [lanes, threads, count] of [
    [2, 2, asked.length],
    [1, 2, 2],
  ] as const) {
    const other = await open(lanes, threads);
    const some = asked.slice(0, count);
    const found = await Promise.all(some.map(async (sample) => bits(await other.compute(sample, never))));
    expect(found, `${lanes} lanes, ${threads} threads`).toEqual(expected.slice(0, count));
  }
});

test("a continuation's parts add up", async () => {
  const [whole, first, second] = await engine.compute(
    [scoring("The sky is", " blue today"), scoring("The sky is", " blue"), scoring("The sky is blue", " today")],
    never,
  );
  if (whole?.kind !== "logprob" || first?.kind !== "logprob" || second?.kind !== "logprob") throw new Error("failed");
  expect(whole.logprob).toBeCloseTo(first.logprob + second.logprob, 3);
  expect(first.logprob).toBeLessThan(0);
  expect(second.logprob).toBeLessThan(0);
});

test("a long continuation is scored in steps that add up", async () => {
  const words = SENTENCE.trim().split(" ");
  const [head, tail] = [words.slice(0, 9).join(" "), ` ${words.slice(9).join(" ")}`];
  const context = "Here is a sentence:";
  const outcomes = await engine.compute(
    [scoring(context, ` ${head}${tail}`), scoring(context, ` ${head}`), scoring(`${context} ${head}`, tail)],
    never,
  );
  const [all, one, two] = outcomes.map((outcome) => (outcome.kind === "logprob" ? outcome.logprob : Number.NaN));
  expect(all).toBeCloseTo(one! + two!, 2);
});

test("text ends before its stop string, at its most tokens, and sampled text follows its seed", async () => {
  const counting = "one two three four five six one two three";
  expect(await answerOf(generation(counting, { until: [" six"] }))).toMatchObject({ text: " four five" });
  expect(await answerOf(generation(counting, { maxTokens: 2 }))).toMatchObject({ completionTokens: 2 });
  const sampled = (seed: number) => answerOf(generation("Once", { temperature: 1.5, maxTokens: 12, extra: { seed } }));
  expect(bits([await sampled(1)])).toBe(bits([await sampled(1)]));
  expect(bits([await sampled(1)])).not.toBe(bits([await sampled(2)]));
});

test("a request that cannot be answered is a value, and the next one is not harmed", async () => {
  const before = bits([await answerOf(scoring("The sky is", " blue"))]);
  expect(await answerOf(generation("The sky", { maxTokens: 8192 }))).toMatchObject({ reason: "too_long" });
  expect(await answerOf(generation("The sky", { extra: { num_beams: 3 } }))).toMatchObject({
    reason: "unknown_setting",
  });
  const stopped = await engine.compute(samples()[6]!, AbortSignal.abort());
  expect(stopped.map((outcome) => outcome.kind === "failed" && outcome.reason)).toEqual(CHOICES.map(() => "aborted"));
  expect(bits([await answerOf(scoring("The sky is", " blue"))])).toBe(before);
});

test("a file that is no model is refused with its name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "muster-model-"));
  try {
    const file = join(folder, "broken.gguf");
    writeFileSync(file, "GGUF and then nothing that makes sense");
    const options = { concurrency: 1, threads: 1, cacheFolder: folder, onProgress: () => undefined, signal: never };
    await expect(openLlamaCppEngine({ ...options, model: file })).rejects.toMatchObject({ kind: "badData" });
    await expect(openLlamaCppEngine({ ...options, model: null })).rejects.toMatchObject({ kind: "usage" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
