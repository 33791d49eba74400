import { expect, test } from "vitest";
import type { GenerationSettings } from "../../../../evaluation/request.ts";
import { readSampling } from "./read-sampling.ts";

function settings(extra: GenerationSettings["extra"], temperature = 0): GenerationSettings {
  return { until: [], maxTokens: null, temperature, extra };
}

test("nothing said means the whole vocabulary and the harness's seed", () => {
  expect(readSampling(settings({}, 0.7))).toEqual({ temperature: 0.7, topK: 0, topP: 1, minP: 0, seed: 1234 });
});

test("a task's settings are used", () => {
  expect(readSampling(settings({ top_p: 0.9, top_k: 40, min_p: 0.05, seed: 1 }))).toMatchObject({
    topP: 0.9,
    topK: 40,
    minP: 0.05,
    seed: 1,
  });
  expect(readSampling(settings({ top_k: -1 })).topK).toBe(0);
});

test("a setting that is switched off may be there; one that is not known is refused by name", () => {
  expect(() => readSampling(settings({ num_beams: 1, repetition_penalty: 1 }))).not.toThrow();
  expect(() => readSampling(settings({ num_beams: 4 }))).toThrow("num_beams=4");
  expect(() => readSampling(settings({ mystery: true }))).toThrow("mystery=true");
});
