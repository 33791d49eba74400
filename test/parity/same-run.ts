// One run in one process, no cluster, on the hash model: what differs from the harness here differs in planning or scoring.
import { join } from "node:path";
import { expect } from "vitest";
import type { PlanPiece } from "../../evaluation/plan.ts";
import { formatResults } from "../../evaluation/report/results-json.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { streamPlan } from "../../frontend/stream-plan.ts";
import { testCacheFolder } from "../support/harness-python.ts";
import type { GoldenRun } from "./golden-runs.ts";
import { type ScoredTask, scorePlan } from "./score-plan.ts";

const BOOTSTRAP_ITERATIONS = 1000;

/** What differs between runs; the rest is as the harness's own defaults. */
export type RunWish = Pick<PlanRequest, "tasks" | "limit" | "numFewshot" | "includePaths" | "datasetMap">;

/** Plans, answers and scores the run, and expects the harness's prompts, samples, results and standard errors. */
export async function expectSameRun(harness: Omit<GoldenRun, "settings">, wish: RunWish): Promise<void> {
  const parts = await score(wish);
  for (const { task, samples } of parts.scored) expect(samples, task.name).toEqual(harness.samples[task.name]);
  const { results: rows, ...rest } = results(parts.scored, parts);
  expect(rows).toEqual(harness.results);
  for (const key of ["n-samples", "n-shot", "versions", "higher_is_better"] as const) {
    expect(rest[key], key).toEqual(harness[key]);
  }
}

function planOf(wish: RunWish): AsyncIterable<PlanPiece> {
  return streamPlan(
    {
      ...wish,
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      generationOverrides: null,
      bootstrapIterations: BOOTSTRAP_ITERATIONS,
      cacheFolder: join(testCacheFolder(), "cache", "muster"),
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
}

/** Keeps the header and the end while the packs pass by. */
async function score(wish: RunWish) {
  const kept: PlanPiece[] = [];
  const tap = async function* (): AsyncGenerator<PlanPiece> {
    for await (const piece of planOf(wish)) {
      if (piece.kind !== "pack") kept.push(piece);
      yield piece;
    }
  };
  const scored = await scorePlan(tap(), BOOTSTRAP_ITERATIONS);
  const [header, end] = kept;
  if (header?.kind !== "header" || end?.kind !== "end") throw new Error("a plan without header or end");
  return { scored, header: header.header, end: end.end };
}

function results(scored: readonly ScoredTask[], parts: Awaited<ReturnType<typeof score>>): Partial<GoldenRun> {
  const text = formatResults(
    scored.map(({ row }) => row),
    { ...parts, model: "m", musterVersion: "0", startedUnixMs: 0, endedUnixMs: 0, taskHashes: new Map() },
  );
  return JSON.parse(text) as Partial<GoldenRun>;
}
