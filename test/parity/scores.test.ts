// The reference harness's own numbers for 69 task runs on the hash model: prompts, per-sample scores, results and
// standard errors, to the last bit. One process, no cluster: what differs here differs in planning or scoring.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { PlanPiece } from "../../evaluation/plan.ts";
import { formatResults } from "../../evaluation/report/results-json.ts";
import { streamPlan } from "../../frontend/stream-plan.ts";
import { harnessPython, testCacheFolder } from "../support/harness-python.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import { GOLDEN_FILES, type GoldenRun, readGolden } from "./golden-runs.ts";
import { type ScoredTask, scorePlan } from "./score-plan.ts";

const BOOTSTRAP_ITERATIONS = 1000;

const python = harnessPython();
let harnessTasks: string;

beforeAll(() => {
  if (python === null) return;
  const program = "import importlib.util as u; print(u.find_spec('lm_eval').submodule_search_locations[0])";
  harnessTasks = join(execFileSync(python, ["-c", program], { encoding: "utf8" }).trim(), "tasks");
});

function planOf(golden: GoldenRun): AsyncIterable<PlanPiece> {
  const { tasks, limit, num_fewshot: numFewshot } = golden.settings;
  return streamPlan(
    {
      tasks,
      limit,
      numFewshot,
      includePaths: [harnessTasks],
      datasetMap: join(sharedFolder!, "parity", "dataset-map.json"),
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      generationOverrides: null,
      bootstrapIterations: BOOTSTRAP_ITERATIONS,
      cacheFolder: join(testCacheFolder(), "cache", "muster"),
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
}

/** Keeps the header and the end while the packs pass by. */
async function score(golden: GoldenRun) {
  const kept: PlanPiece[] = [];
  const tap = async function* (): AsyncGenerator<PlanPiece> {
    for await (const piece of planOf(golden)) {
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

describe.skipIf(python === null || sharedFolder === null)("golden runs", () => {
  test.each(GOLDEN_FILES)(
    "%s: every prompt, sample, result and standard error has the harness's bits",
    async (name) => {
      const golden = readGolden(sharedFolder!, name);
      const parts = await score(golden);
      for (const { task, samples } of parts.scored) expect(samples, task.name).toEqual(golden.samples[task.name]);
      const { results: rows, ...rest } = results(parts.scored, parts);
      expect(rows).toEqual(golden.results);
      for (const key of ["n-samples", "n-shot", "versions", "higher_is_better"] as const) {
        expect(rest[key], key).toEqual(golden[key]);
      }
    },
  );
});
