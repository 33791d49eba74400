import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SeededRandom } from "../../quickstart/seeded-random.ts";
import {
  aFinishedRun,
  CORPUS_CHOICE_TASK,
  CORPUS_TEXT_TASK,
  PERPLEXITY_TASK,
  storeBatches,
  storePlan,
} from "../../test/support/stored-run.ts";
import { FolderBlobStore } from "../adapters/blobs/folder-blob-store.ts";
import type { PlanManifest } from "../shell/plan-store.ts";
import { finishRun } from "./finish-run.ts";

const SAMPLES = 100;
const BATCH = 9;
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? Date.now() % 1_000_000);

let folder: string;
let blobs: FolderBlobStore;
let plan: PlanManifest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-order-"));
  blobs = new FolderBlobStore(join(folder, "blobs"));
  const tasks = [CORPUS_CHOICE_TASK, PERPLEXITY_TASK, CORPUS_TEXT_TASK];
  plan = await storePlan(blobs, { tasks, samplesPerTask: SAMPLES });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Requests dealt to shards at random; each shard's batches arrive in its own order, between those of the others. */
function arrivals(random: SeededRandom, shardCount: number): number[][] {
  const shards: number[][] = Array.from({ length: shardCount }, () => []);
  const all = Array.from({ length: plan.end.requestCount }, (_, index) => index);
  for (const request of shardCount === 1 ? all : random.shuffle(all)) random.pick(shards).push(request);
  const batches = shards.flatMap((shard) =>
    Array.from({ length: Math.ceil(shard.length / BATCH) }, (_, batch) =>
      shard.slice(batch * BATCH, (batch + 1) * BATCH),
    ),
  );
  return shardCount === 1 ? batches : random.shuffle(batches);
}

/** The results file and all samples files, byte for byte. */
async function outputsOf(batches: readonly (readonly number[])[]): Promise<Readonly<Record<string, string>>> {
  const outputFolder = join(folder, "output");
  const stored = await storeBatches(blobs, plan, batches);
  await finishRun(aFinishedRun({ plan, batches: stored, blobFolder: join(folder, "blobs"), outputFolder }));
  const names = readdirSync(outputFolder).filter((name) => /^(results|samples)/.test(name));
  const outputs = Object.fromEntries(names.map((name) => [name, readFileSync(join(outputFolder, name), "utf8")]));
  rmSync(outputFolder, { recursive: true });
  return outputs;
}

test(`metrics of all samples together have the same bits for 1, 3 and 64 shards in any order (MUSTER_TEST_SEED=${seed})`, async () => {
  const random = new SeededRandom(seed);
  const expected = await outputsOf(arrivals(random, 1));
  const results = Object.entries(expected).find(([name]) => name.startsWith("results"))![1];
  const names = [
    "f1",
    "mcc",
    "brier_score",
    "word_perplexity",
    "byte_perplexity",
    "bits_per_byte",
    "bleu",
    "chrf",
    "ter",
  ];
  for (const name of names) {
    const score = Number(new RegExp(`"${name},none": ([-0-9.e]+)`).exec(results)?.[1]);
    expect(score, name).toSatisfy((value: number) => Number.isFinite(value) && value !== 0);
  }
  for (const shardCount of [3, 64, 64]) expect(await outputsOf(arrivals(random, shardCount))).toEqual(expected);
});
