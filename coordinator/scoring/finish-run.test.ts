import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunManifest } from "../../evaluation/manifest.ts";
import {
  aFinishedRun,
  CHOICE_TASK,
  type PlanWish,
  storeBatches,
  storePlan,
  TEXT_TASK,
} from "../../test/support/stored-run.ts";
import { FolderBlobStore } from "../adapters/blobs/folder-blob-store.ts";
import type { PlanManifest } from "../shell/plan-store.ts";
import { finishRun, type FinishedRun } from "./finish-run.ts";

const WISH: PlanWish = { tasks: [CHOICE_TASK, TEXT_TASK], samplesPerTask: 40 };

let folder: string;
let blobs: FolderBlobStore;
let plan: PlanManifest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-finish-"));
  blobs = new FolderBlobStore(join(folder, "blobs"));
  plan = await storePlan(blobs, WISH);
});

afterEach(() => rmSync(folder, { recursive: true }));

async function aRun(batches: readonly (readonly number[])[], fields: Partial<FinishedRun> = {}): Promise<FinishedRun> {
  return aFinishedRun({
    plan,
    batches: await storeBatches(blobs, plan, batches),
    blobFolder: join(folder, "blobs"),
    outputFolder: join(folder, "output"),
    ...fields,
  });
}

function requests(): number[] {
  return Array.from({ length: plan.end.requestCount }, (_, index) => index);
}

function readOutput(name: RegExp): string {
  const [file] = readdirSync(join(folder, "output")).filter((candidate) => name.test(candidate));
  return readFileSync(join(folder, "output", file!), "utf8");
}

function manifest(): RunManifest {
  return JSON.parse(readOutput(/^manifest/)) as RunManifest;
}

const inBatchesOf = (count: number, values: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(values.length / count) }, (_, batch) =>
    values.slice(batch * count, (batch + 1) * count),
  );

test("scores, samples and coverage are the same bytes in any order of arrival and any batches", async () => {
  const expected = await finishRun(await aRun([requests()]));
  const samples = [readOutput(/^samples_choices/), readOutput(/^samples_texts/)];
  const { coverage } = manifest();
  const shuffles = fc.tuple(
    fc.shuffledSubarray(requests(), { minLength: requests().length }),
    fc.integer({ min: 1, max: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(shuffles, async ([order, batch]) => {
      expect(await finishRun(await aRun(inBatchesOf(batch, order)))).toEqual(expected);
      expect([readOutput(/^samples_choices/), readOutput(/^samples_texts/)]).toEqual(samples);
      expect(manifest().coverage).toEqual(coverage);
    }),
    { numRuns: 6 },
  );
});

test("the manifest certifies that each sample was counted once, and names each file's digest", async () => {
  const { scoresDigest, resultsJson } = await finishRun(await aRun(inBatchesOf(7, requests())));
  const { coverage, files, truncated, ...rest } = manifest();
  expect(coverage).toMatchObject({ expectedSamples: 80, countedSamples: 80, setAsideSamples: 0 });
  expect(coverage).toMatchObject({ expectedRequests: 160, countedRequests: 160, everySampleCountedOnce: true });
  expect(rest.scoresDigest).toBe(scoresDigest);
  expect(truncated).toEqual({ requests: 1, firstIndexes: [5] });
  expect(files.map(({ name }) => name.replace(/_1970.*\.json/, ".json"))).toEqual([
    "samples_choices.jsonl",
    "samples_texts.jsonl",
    "results.json",
  ]);
  for (const { name, bytes, sha256 } of files) {
    const content = readFileSync(join(folder, "output", name));
    expect(content.length).toBe(bytes);
    expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
  }
  expect(readOutput(/^results/)).toBe(resultsJson);
  expect(readdirSync(join(folder, "output"))).toHaveLength(4);
});

test("the manifest says what was answered and what came of it, in few bytes and in any order of arrival", async () => {
  await finishRun(await aRun(inBatchesOf(7, requests())));
  const { responses, scores, tasks } = manifest();
  expect(tasks!.map(({ task, version }) => [task, version])).toEqual([
    ["choices", "1.0"],
    ["texts", "1.0"],
  ]);
  expect(new Set(tasks!.map(({ digest }) => digest)).size).toBe(2);
  const { results } = JSON.parse(readOutput(/^results/)) as { results: Record<string, Record<string, number>> };
  const names = scores!.map(({ task, metric, filter }) => [task, metric, filter]);
  expect(names).toEqual([
    ["choices", "acc", "none"],
    ["choices", "acc_norm", "none"],
    ["texts", "exact_match", "strict"],
    ["texts", "exact_match", "loose"],
  ]);
  for (const { task, metric, filter, value, standardError } of scores!) {
    expect([value, standardError]).toEqual(
      [metric, `${metric}_stderr`].map((name) => results[task]![`${name},${filter}`]),
    );
  }
  await finishRun(await aRun(inBatchesOf(3, requests().toReversed())));
  expect(manifest().responses).toEqual(responses);
  const failure = { requestIndex: 4, reason: "http_500", message: "the engine broke" };
  await finishRun(await aRun([requests().filter((request) => request !== 4)], { failures: [failure] }));
  const partial = manifest().responses!;
  expect(partial.digest).not.toBe(responses!.digest);
  const digests = [responses!, partial].map((each) => Buffer.from(each.tasks[0]!.sampleDigests, "base64"));
  expect(digests.map(({ length }) => length)).toEqual([160, 160]);
  expect([...digests[1]!.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
  digests[0]!.copy(digests[1]!, 4, 4, 8);
  expect(digests[1]).toEqual(digests[0]);
  expect(partial.tasks[1]).toEqual(responses!.tasks[1]);
});

test("the second filter's lines follow all lines of the first, as in the harness's samples files", async () => {
  await finishRun(await aRun([requests()]));
  const rows = readOutput(/^samples_texts/)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { doc_id: number; filter: string });
  const ids = Array.from({ length: 40 }, (_, index) => index);
  expect(rows.map(({ filter }) => filter)).toEqual([...ids.map(() => "strict"), ...ids.map(() => "loose")]);
  expect(rows.map(({ doc_id }) => doc_id)).toEqual([...ids, ...ids]);
});

test("a sample with a request that was set aside is in no score, and listed", async () => {
  const failure = { requestIndex: 4, reason: "http_500", message: "the engine broke" };
  const { resultsJson } = await finishRun(
    await aRun([requests().filter((request) => request !== 4)], { failures: [failure] }),
  );
  const { results } = JSON.parse(resultsJson) as { results: { choices: { sample_len: number } } };
  expect(results.choices.sample_len).toBe(39);
  expect(manifest().setAside).toEqual([{ task: "choices", docId: 1, requests: [failure] }]);
  expect(manifest().coverage).toMatchObject({ countedSamples: 79, setAsideSamples: 1, everySampleCountedOnce: false });
  const lines = readOutput(/^samples_choices/)
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { doc_id: number }).doc_id)).not.toContain(1);
});

test("a run fails where a response is missing, counted twice, or not in its blob", async () => {
  const all = requests();
  await expect(finishRun(await aRun([all.slice(1)]))).rejects.toThrow(/request 0 has neither a response nor a failure/);
  await expect(finishRun(await aRun([all, [3]]))).rejects.toThrow(/counts request 3 twice/);
  const [batch] = await storeBatches(blobs, plan, [all.slice(0, 9)]);
  const lying = { ...batch!, requestIndexes: Uint32Array.from(all) };
  await expect(finishRun(await aRun([], { batches: [lying] }))).rejects.toThrow(/counts request 9 .*which has none/);
  expect(readdirSync(join(folder, "output"))).toEqual([]);
});

test("a plan whose packs repeat or lose samples is not certified", async () => {
  const [first, second] = plan.packs;
  const batches = [requests()];
  const repeated = { ...plan, packs: [first!, first!, ...plan.packs.slice(1)] };
  await expect(finishRun(await aRun(batches, { plan: repeated }))).rejects.toThrow(/twice or out of order/);
  const short = { ...plan, packs: plan.packs.filter((pack) => pack !== second) };
  await expect(finishRun(await aRun(batches, { plan: short }))).rejects.toThrow(
    /sample 16 of the plan was never counted/,
  );
});

test("files of an earlier attempt are replaced, other files stay", async () => {
  const output = join(folder, "output");
  mkdirSync(output);
  for (const name of ["results_old.json", "samples_x_old.jsonl", ".muster-1.partial", "notes.txt"]) {
    writeFileSync(join(output, name), "old");
  }
  await finishRun(await aRun([requests()]));
  const names = readdirSync(output);
  expect(names).toContain("notes.txt");
  expect(names.filter((name) => /old|partial/.test(name))).toEqual([]);
});

test("an output folder that cannot be written is one sentence with the way out", async () => {
  writeFileSync(join(folder, "output"), "a file");
  const failing = finishRun(await aRun([requests()]));
  await expect(failing).rejects.toMatchObject({
    kind: "permission",
    message: expect.stringMatching(/^cannot write the results to .*output \(EEXIST\)$/) as string,
    wayOut: "Make it a folder that this user may write to; all responses are safe.",
  });
});

/** Nothing that the model answers matches it, and it takes longer than anybody can wait to find out. */
const ENDLESS = `${".*".repeat(60)}x`;

test("an expression that would search for ever ends the scoring and is named, with task and document", async () => {
  const config = { ...(JSON.parse(TEXT_TASK.config) as object), filter_list: endlessFilters() };
  plan = await storePlan(blobs, {
    tasks: [CHOICE_TASK, { ...TEXT_TASK, config: JSON.stringify(config) }],
    samplesPerTask: 4,
  });
  const scoring = finishRun(await aRun([requests()]), 400);
  await expect(scoring).rejects.toThrow(
    expect.objectContaining({
      kind: "badData",
      message: expect.stringMatching(
        /^task texts, document \d: .* 0\.4 s; its filters search with "\.\*.*x" \(loose\)$/,
      ) as string,
      wayOut: expect.stringContaining("Rewrite the expression") as string,
    }),
  );
});

function endlessFilters(): object[] {
  const search = { function: "regex", regex_pattern: ENDLESS };
  return [{ name: "loose", filter: [search, { function: "take_first" }] }];
}
