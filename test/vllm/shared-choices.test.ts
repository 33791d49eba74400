// One real vLLM server: a sample's choices in one request get the bits that each of them gets by itself, and sooner.
import { afterAll, beforeAll, expect, test } from "vitest";
import { openOpenAiEngine } from "../../agent/adapters/engines/openai/openai-engine.ts";
import type { EngineOutcome, InferenceEngine } from "../../agent/ports/inference-engine.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import { type ModelServer, startVllm } from "./model-servers.ts";
import { SERVER_SETTINGS } from "../support/server-settings.ts";

const { signal } = new AbortController();
const THINGS = "kettle ladder harbour pillow orchard bridge candle library tractor bakery garden violin".split(" ");
const LETTERS = ["A", "B", "C", "D", "E"];
const EXAMPLES = 3;
const DOCUMENTS = 8;

let server: ModelServer;
let engine: InferenceEngine;
const notices: string[] = [];

beforeAll(async () => {
  server = await startVllm();
  engine = await openOpenAiEngine(server.url, {
    ...SERVER_SETTINGS,
    signal,
    onNotice: (sentence) => notices.push(sentence),
  });
});
afterAll(async () => {
  await engine.close();
  await server.stop();
});

/** A question of five choices, as benchmarks write them. */
function question(number: number): string {
  const thing = (shift: number): string => THINGS[(number * 5 + shift * (number + 1)) % THINGS.length]!;
  const choices = LETTERS.map((letter, at) => `${letter}. the ${thing(at + 1)} beside the ${thing(at + 3)}`);
  return `Question: Somebody has lost the key of the ${thing(0)}. Where is it best looked for first?\n${choices.join("\n")}\nAnswer:`;
}

/** Questions after the same answered ones; `name` keeps them out of what another test has left in the server's cache. */
function samplesOf(
  name: string,
  continuations: readonly string[],
  end = "",
): readonly (readonly EvaluationRequest[])[] {
  const examples = Array.from({ length: EXAMPLES }, (_, at) => `${question(at)} ${LETTERS[at]}`);
  return Array.from({ length: DOCUMENTS }, (_, at) => {
    const context = [name, ...examples, question(EXAMPLES + at)].join("\n\n") + end;
    return continuations.map(
      (continuation, index) => ({ index, kind: "loglikelihood", context, continuation }) as const,
    );
  });
}

type Way = (requests: readonly EvaluationRequest[]) => Promise<readonly EngineOutcome[]>;

/** All choices in one call: those of one token are scored together. */
const together: Way = (requests) => engine.compute(requests, signal);

/** Each choice in a call of its own, as without sharing. */
const oneByOne: Way = async (requests) =>
  (await Promise.all(requests.map((request) => engine.compute([request], signal)))).flat();

/** The samples' outcomes, `atOnce` samples at a time, and the seconds that they took. */
async function timed(samples: readonly (readonly EvaluationRequest[])[], way: Way, atOnce: number) {
  const startMs = performance.now();
  const outcomes: EngineOutcome[][] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < samples.length; at = next++) outcomes[at] = [...(await way(samples[at]!))];
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { outcomes, seconds: (performance.now() - startMs) / 1000 };
}

function scoresOf(outcomes: readonly EngineOutcome[][]): readonly (readonly object[])[] {
  return outcomes.map((sample) =>
    sample.map((outcome) => {
      if (outcome.kind !== "logprob") throw new Error(JSON.stringify(outcome));
      return { logprob: outcome.logprob, isGreedy: outcome.isGreedy };
    }),
  );
}

function tokensOf(outcomes: readonly EngineOutcome[][]): number {
  return outcomes.flat().reduce((sum, outcome) => sum + (outcome.kind === "failed" ? 0 : outcome.promptTokens), 0);
}

test("the server is found to score choices together", () => {
  expect(notices).toEqual([]);
  expect(engine.description.engineVersion).toMatch(/^vllm 0\.\d+\.\d+\S*, one-token choices in one request$/);
});

test.each([1, 8])(
  "choices scored together have the bits of those scored one by one, %i samples at once",
  async (atOnce) => {
    const samples = samplesOf(
      `${atOnce} at once.`,
      LETTERS.map((letter) => ` ${letter}`),
    );
    const shared = await timed(samples, together, atOnce);
    const alone = await timed(samples, oneByOne, atOnce);
    console.log(
      `${DOCUMENTS} samples of ${LETTERS.length} choices, ${atOnce} at once: ` +
        `together ${shared.seconds.toFixed(1)} s and ${tokensOf(shared.outcomes)} prompt tokens, ` +
        `one by one ${alone.seconds.toFixed(1)} s and ${tokensOf(alone.outcomes)}`,
    );
    expect(scoresOf(shared.outcomes)).toEqual(scoresOf(alone.outcomes));
    expect(scoresOf(shared.outcomes).flat()).toContainEqual(expect.objectContaining({ isGreedy: true }));
    expect(shared.seconds).toBeLessThan(alone.seconds);
  },
);

test("so have samples with choices of several tokens among them, and contexts that end with a space", async () => {
  const samples = samplesOf("Mixed.", ["A", "B", "none of these places", "C"], " ").slice(0, 4);
  const { outcomes } = await timed(samples, together, 2);
  expect(scoresOf(outcomes)).toEqual(scoresOf((await timed(samples, oneByOne, 2)).outcomes));
});
