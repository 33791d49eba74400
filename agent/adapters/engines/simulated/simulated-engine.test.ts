import { expect, test } from "vitest";
import type { EvaluationRequest } from "../../../../evaluation/request.ts";
import type { EngineOutcome } from "../../../ports/inference-engine.ts";
import { answerByHash } from "../hash/hash-engine.ts";
import { SimulatedEngine } from "./simulated-engine.ts";

const REQUESTS: readonly EvaluationRequest[] = Array.from({ length: 200 }, (_, index) => ({
  index,
  kind: "loglikelihood",
  context: `question ${index}`,
  continuation: " yes",
}));
const { signal } = new AbortController();

async function askEach(engine: SimulatedEngine): Promise<EngineOutcome[]> {
  const outcomes = await Promise.all(REQUESTS.map((request) => engine.compute([request], signal)));
  return outcomes.map(([outcome]) => outcome!);
}

test("without faults it answers as the hash engine, later", async () => {
  const engine = new SimulatedEngine("m", null, { latencyMs: 2 });
  const outcomes = await askEach(engine);
  outcomes.forEach((outcome, index) => {
    expect(outcome).toMatchObject({ ...answerByHash(REQUESTS[index]!), latencyUs: expect.any(Number) });
    if (outcome.kind !== "failed") expect(outcome.latencyUs).toBeGreaterThanOrEqual(1_000);
    if (outcome.kind !== "failed") expect(outcome.latencyUs).toBeLessThanOrEqual(3_000);
  });
  expect(new Set(outcomes.map((outcome) => (outcome.kind === "failed" ? 0 : outcome.latencyUs))).size).toBeGreaterThan(
    100,
  );
});

test("the same seed gives the same latencies and faults, another seed others", async () => {
  const settings = { latencyMs: 1, failShare: 0.2, brokenShare: 0.1 };
  const ask = (seed: number) => askEach(new SimulatedEngine("m", null, { ...settings, seed }));
  expect(await ask(3)).toEqual(await ask(3));
  expect(await ask(4)).not.toEqual(await ask(3));
});

test("failShare fails once and is answered when tried again; brokenShare fails always", async () => {
  const engine = new SimulatedEngine("m", null, { latencyMs: 0, failShare: 0.3, brokenShare: 0.1 });
  const isFailed = (outcomes: readonly EngineOutcome[]): number[] =>
    outcomes.flatMap((outcome, index) => (outcome.kind === "failed" ? [index] : []));
  const [first, second] = [isFailed(await askEach(engine)), isFailed(await askEach(engine))];
  expect(first.length).toBeGreaterThan(second.length);
  expect(second.length).toBeGreaterThan(0);
  expect(first).toEqual(expect.arrayContaining(second));
  expect(isFailed(await askEach(engine))).toEqual(second);
});

test("a stopped request settles at once, as a failure to be tried elsewhere", async () => {
  const stop = new AbortController();
  const computing = new SimulatedEngine("m", null, { latencyMs: 60_000 }).compute(REQUESTS.slice(0, 2), stop.signal);
  stop.abort();
  expect(await computing).toMatchObject([
    { kind: "failed", retry: "elsewhere", reason: "aborted" },
    { kind: "failed", retry: "elsewhere", reason: "aborted" },
  ]);
});

test.each([
  [{ latency: 3 }, /--simulation .*latency/],
  [{ failShare: 2 }, /--simulation failShare/],
  [{ latencyMs: "soon" }, /--simulation latencyMs/],
])("settings that are not understood are refused with those that are: %j", (settings, sentence) => {
  expect(() => new SimulatedEngine("m", null, settings)).toThrow(sentence);
});
