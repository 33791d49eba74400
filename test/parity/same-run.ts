// One run in one process, no cluster, on the hash model: what differs from the harness here differs in planning or scoring.
import { join } from "node:path";
import { expect } from "vitest";
import type { PlanPiece } from "../../evaluation/plan.ts";
import { formatResults } from "../../evaluation/report/results-json.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { streamPlan } from "../../frontend/stream-plan.ts";
import { testCacheFolder } from "../support/harness-python.ts";
import { compareRuns } from "./compare-runs.ts";
import { GOLDEN_ITERATIONS, type RunReport } from "./golden-runs.ts";
import { readPythonJson } from "./read-python-json.ts";
import { type ScoredTask, scorePlan } from "./score-plan.ts";

/** What differs between runs; the rest is as the harness's own defaults. */
export type RunWish = Pick<PlanRequest, "tasks" | "limit" | "numFewshot" | "includePaths" | "datasetMap" | "chat">;

/** Plans, answers and scores the run, and expects the harness's prompts, samples, results and standard errors. */
export async function expectSameRun(harness: RunReport, wish: RunWish): Promise<void> {
  const { tasks, groups } = compareRuns(harness, await report(wish));
  const lines = [...tasks, ...groups].flatMap(({ name, differences }) => differences.map((line) => `${name}: ${line}`));
  if (lines.length > 0) expect.fail(lines.join("\n"));
}

async function report(wish: RunWish): Promise<RunReport> {
  const parts = await score(wish);
  const samples = Object.fromEntries(parts.scored.map((scored) => [scored.task.name, scored.samples]));
  return { ...results(parts.scored, parts), samples };
}

function planOf(wish: RunWish): AsyncIterable<PlanPiece> {
  return streamPlan(
    {
      ...wish,
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      generationOverrides: null,
      bootstrapIterations: GOLDEN_ITERATIONS,
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
  const scored = await scorePlan(tap(), GOLDEN_ITERATIONS);
  const [header, end] = kept;
  if (header?.kind !== "header" || end?.kind !== "end") throw new Error("a plan without header or end");
  return { scored, header: header.header, end: end.end };
}

function results(scored: readonly ScoredTask[], parts: Awaited<ReturnType<typeof score>>): Omit<RunReport, "samples"> {
  const text = formatResults(
    scored.map(({ row }) => row),
    { ...parts, model: "m", musterVersion: "0", startedUnixMs: 0, endedUnixMs: 0, taskHashes: new Map() },
  );
  return readPythonJson(text) as Omit<RunReport, "samples">;
}
