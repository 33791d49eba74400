// What a replay says of two runs, from their manifests alone.
import { expect, test } from "vitest";
import type { ManifestScore, RunManifest } from "../../evaluation/manifest.ts";
import { compareDatasets } from "./compare-datasets.ts";
import { compareEngines, type EngineFacts } from "./compare-engines.ts";
import { compareOutcomes } from "./compare-outcomes.ts";
import { describeOutcomes } from "./describe-outcomes.ts";

const SCORE: ManifestScore = { task: "t", metric: "acc", filter: "none", value: 0.5, standardError: 0.25 };

function aManifest(fields: object = {}): RunManifest {
  return {
    planDigest: "p",
    scoresDigest: "s",
    coverage: { countedSamples: 3, countedDigest: "c" },
    run: { model: "m" },
    scores: [SCORE, { ...SCORE, metric: "f1", value: "NaN", standardError: null }],
    responses: answers([1, 2, 3], [4]),
    ...fields,
  } as unknown as RunManifest;
}

function answers(...tasks: readonly (readonly number[])[]): RunManifest["responses"] {
  const base64 = (words: readonly number[]): string => Buffer.from(Uint32Array.from(words).buffer).toString("base64");
  return {
    digest: JSON.stringify(tasks),
    tasks: tasks.map((words, task) => ({ task: `t${task}`, sampleDigests: base64(words) })),
  };
}

function described(before: RunManifest, after: RunManifest): { isEqual: boolean; lines: readonly string[] } {
  const outcomes = compareOutcomes(before, after);
  return { isEqual: outcomes.isEqual, lines: describeOutcomes(outcomes, null).map((line) => line.trim()) };
}

test("equal runs are equal in prompts, samples, answers and scores, also where a score is no number", () => {
  expect(described(aManifest(), aManifest())).toEqual({
    isEqual: true,
    lines: [
      "prompts  the same (plan p)",
      "samples  the same 3 were counted",
      "answers  the same to all 4 samples",
      "scores   all 2 the same to the last bit",
    ],
  });
});

test.each([
  [
    "other prompts",
    { planDigest: "q" },
    "prompts  other ones: prompts, documents or settings differ (plan q; it was p)",
  ],
  [
    "other samples",
    { coverage: { countedSamples: 2, countedDigest: "d" } },
    "samples  2 samples counted; 3 then, or others",
  ],
  [
    "other answers",
    { responses: answers([1, 2, 3], [5]) },
    "answers  1 of 4 samples were answered otherwise; the first is document 0 of t1",
  ],
  [
    "fewer answers",
    { responses: answers([1], [4]) },
    "answers  2 of 4 samples were answered otherwise; the first is document 1 of t0",
  ],
  [
    "another score",
    { scores: [{ ...SCORE, value: 0.75 }, aManifest().scores![1]] },
    "acc (none) of t is 0.75; it was 0.5",
  ],
  ["a missing score", { scores: [SCORE] }, "f1 (none) of t is gone; it was NaN"],
  [
    "another standard error",
    { scores: [{ ...SCORE, standardError: 0.26 }] },
    "the standard error of acc (none) of t is 0.26; it was 0.25",
  ],
  ["a new score", { scores: [...aManifest().scores!, { ...SCORE, filter: "x" }] }, "acc (x) of t is new"],
  [
    "another digest",
    { scoresDigest: "z" },
    "scores   all 2 the same, and the results differ in what is no score: settings of tasks, or hashes of samples",
  ],
])("%s make another outcome, which is named", (_, fields, line) => {
  const { isEqual, lines } = described(aManifest(), aManifest(fields));
  expect(isEqual).toBe(false);
  expect(lines).toContain(line);
});

test("of a manifest without answers and scores, digests are compared", () => {
  const old = aManifest({ responses: undefined, scores: undefined });
  const { isEqual, lines } = described(old, aManifest());
  expect(isEqual).toBe(true);
  expect(lines).toContain("answers  not compared: the manifest is an old one and does not tell");
  expect(described(old, aManifest({ scoresDigest: "z" }))).toMatchObject({ isEqual: false });
});

const ENGINE: EngineFacts = { engine: "vllm", engineVersion: "1", model: "m", modelDigest: "w" };

test.each([
  ["the same", {}, { model: [], notes: [] }],
  ["other weights", { modelDigest: "v" }, { model: ["the model has other weights (v; it had w)"], notes: [] }],
  [
    "another name of the same weights",
    { model: "n" },
    { model: [], notes: ["the model is n; it was m, with the same weights"] },
  ],
  ["another model", { model: "n", modelDigest: "" }, { model: ["the model is n; it was m"], notes: [] }],
  [
    "weights that nobody knows",
    { modelDigest: "" },
    { model: [], notes: ["whether m has the same weights cannot be told: its server does not say"] },
  ],
  ["another version", { engineVersion: "2" }, { model: [], notes: ["the engine is vllm 2; it was vllm 1"] }],
])("engines: %s", (_, fields, expected) => {
  const before = aManifest({
    agents: [{ engines: [ENGINE, { ...ENGINE, model: "of another run", modelDigest: "x" }] }],
  });
  expect(compareEngines(before, [{ ...ENGINE, ...fields }])).toEqual(expected);
});

const [OLD, NEW] = ["0".repeat(40), "1".repeat(40)] as const;

function aDataset(sha256: string, commit: string | null = OLD): Parameters<typeof compareDatasets>[0][number] {
  const source = commit === null ? "/x/a.jsonl" : `https://hub/datasets/o/d/resolve/${commit}/a.parquet`;
  return { dataset: "o/d:main", split: "test", source, sha256, rows: 1 };
}

test("data sets are compared by digest; the hub's commit is named where it moved, and brought back by a pull", () => {
  expect(compareDatasets([aDataset("a")], [aDataset("a", null)])).toEqual({ differences: [], notes: [], pulls: [] });
  expect(compareDatasets([aDataset("a")], [aDataset("a", NEW)]).notes).toEqual([
    "the data set o/d:main (test) has the same bytes, at the commit 111111111111; it was 000000000000",
  ]);
  expect(compareDatasets([aDataset("a"), aDataset("b")], [aDataset("a", NEW), aDataset("c", NEW)])).toEqual({
    differences: [
      "the data set o/d:main (test) has other bytes (c; it had b), at the commit 111111111111; it was 000000000000",
    ],
    notes: [],
    pulls: [`muster data pull o/d:main --revision ${OLD}`],
  });
  expect(compareDatasets([aDataset("a", null), aDataset("b", null)], [aDataset("a", null)]).differences).toHaveLength(
    1,
  );
  expect(compareDatasets([aDataset("a", null)], []).differences).toEqual([
    "the data set o/d:main (test) is not read any more",
  ]);
  expect(compareDatasets([], [aDataset("a", null)]).differences).toEqual([
    "the data set o/d:main (test) was not read before",
  ]);
});
