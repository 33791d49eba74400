import { expect, test } from "vitest";
import type { EngineOptions } from "./engine-options.ts";
import { openEngines } from "./open-engines.ts";

function optionsOf(fields: Partial<EngineOptions>): EngineOptions {
  return {
    ...{
      engine: null,
      urls: [],
      urlApi: "completions",
      thinkEnd: null,
      thinkingTokens: 0,
      model: null,
      concurrency: null,
      threads: null,
      simulation: {},
      cacheFolder: "",
    },
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...fields,
  };
}

test("the hash engine takes its model's name and its concurrency from the options", async () => {
  const [engine, ...others] = await openEngines(optionsOf({ engine: "hash", model: "m", concurrency: 3 }));
  expect(others).toEqual([]);
  expect(engine!.description).toMatchObject({ engine: "hash", model: "m", concurrency: 3, url: "" });
});

test("an address goes with the openai engine only, and that needs one", async () => {
  const url = "http://127.0.0.1:8000";
  await expect(openEngines(optionsOf({ engine: "hash", urls: [url] }))).rejects.toMatchObject({
    kind: "usage",
    message: "--engine-url goes with --engine openai, not with hash",
  });
  await expect(openEngines(optionsOf({ engine: "openai" }))).rejects.toMatchObject({
    kind: "usage",
    wayOut: expect.stringContaining("--engine-url http"),
  });
});
