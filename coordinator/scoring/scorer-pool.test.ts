import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aFinishedRun, CHOICE_TASK, storeBatches, storePlan, TEXT_TASK } from "../../test/support/stored-run.ts";
import { FolderBlobStore } from "../adapters/blobs/folder-blob-store.ts";
import { finishRun } from "./finish-run.ts";
import { ScorerPool } from "./scorer-pool.ts";

let folder: string;
let blobFolder: string;
let blobs: FolderBlobStore;
let pool: ScorerPool;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-scorers-"));
  blobFolder = join(folder, "blobs");
  blobs = new FolderBlobStore(blobFolder);
  pool = new ScorerPool({ workers: 1, blobFolder });
});

afterEach(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

test("running means end where the final scores are, although samples arrive in pieces and twice", async () => {
  const plan = await storePlan(blobs, { tasks: [CHOICE_TASK, TEXT_TASK], samplesPerTask: 20 });
  const all = Array.from({ length: plan.end.requestCount }, (_, index) => index);
  const isOdd = (index: number): boolean => index % 2 === 1;
  const [odd, even] = await storeBatches(blobs, plan, [all.filter(isOdd), all.filter((index) => !isOdd(index))]);
  pool.openRun("r1", plan);
  for (const batch of [odd!, odd!, even!]) pool.addResponses("r1", batch.digest);
  const outputFolder = join(folder, "output");
  const { resultsJson } = await finishRun(aFinishedRun({ plan, batches: [odd!, even!], blobFolder, outputFolder }));
  const { results } = JSON.parse(resultsJson) as { results: Record<string, Record<string, number>> };
  await vi.waitFor(
    () => {
      // A last report may be held back for a moment; the next blob brings it.
      pool.addResponses("r1", even!.digest);
      expect(pool.progress("r1").map(({ samples }) => samples)).toEqual([20, 20]);
    },
    { timeout: 60_000 },
  );
  for (const { task, metrics } of pool.progress("r1")) {
    expect(metrics.length).toBeGreaterThan(0);
    for (const { metric, filter, mean } of metrics) expect(mean).toBe(results[task]![`${metric},${filter}`]);
  }
  const last = pool.progress("r1");
  pool.endRun("r1");
  pool.addResponses("r1", even!.digest);
  expect(pool.progress("r1")).toBe(last);
  pool.closeRun("r1");
  expect(pool.progress("r1")).toEqual([]);
});

test("responses of runs that are not open, and blobs that do not exist, harm nobody", async () => {
  const plan = await storePlan(blobs, { tasks: [CHOICE_TASK], samplesPerTask: 4 });
  const [batch] = await storeBatches(blobs, plan, [Array.from({ length: 12 }, (_, index) => index)]);
  pool.addResponses("nobody", batch!.digest);
  pool.openRun("broken", plan);
  pool.addResponses("broken", "0".repeat(64));
  pool.openRun("whole", plan);
  pool.addResponses("whole", batch!.digest);
  await vi.waitFor(() => expect(pool.progress("whole").map(({ samples }) => samples)).toEqual([4]), {
    timeout: 60_000,
  });
  expect(pool.progress("broken")).toEqual([]);
});

test("a thread that a sample would keep for ever is given up, and the next run gets another", async () => {
  const search = { function: "regex", regex_pattern: `${".*".repeat(60)}x` };
  const filters = [{ name: "loose", filter: [search, { function: "take_first" }] }];
  const config = JSON.stringify({ ...(JSON.parse(TEXT_TASK.config) as object), filter_list: filters });
  const endless = await storePlan(blobs, { tasks: [{ ...TEXT_TASK, config }], samplesPerTask: 4 });
  const plain = await storePlan(blobs, { tasks: [TEXT_TASK], samplesPerTask: 4 });
  const [batch] = await storeBatches(blobs, plain, [[0, 1, 2, 3]]);
  await pool.close();
  pool = new ScorerPool({ workers: 1, blobFolder, sampleLimitMs: 400 });
  pool.openRun("endless", endless);
  pool.addResponses("endless", batch!.digest);
  let run = 0;
  await vi.waitFor(
    () => {
      pool.openRun(`plain-${++run}`, plain);
      pool.addResponses(`plain-${run}`, batch!.digest);
      return vi.waitFor(() => expect(pool.progress(`plain-${run}`).map(({ samples }) => samples)).toEqual([4]), {
        timeout: 2_000,
      });
    },
    { timeout: 30_000 },
  );
  expect(pool.progress("endless")).toEqual([]);
});
