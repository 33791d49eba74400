// A run's output folder by itself, as the coordinator writes it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FolderBlobStore } from "../coordinator/adapters/blobs/folder-blob-store.ts";
import { finishRun } from "../coordinator/scoring/finish-run.ts";
import { aFinishedRun, storeBatches, storePlan, TEXT_TASK } from "../test/support/stored-run.ts";
import { verifyFolder } from "./verify-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-verify-"));

afterAll(() => rmSync(folder, { recursive: true }));

test("the samples of a task whose name has a slash are found and counted", async () => {
  const blobs = new FolderBlobStore(join(folder, "blobs"));
  const plan = await storePlan(blobs, { tasks: [{ ...TEXT_TASK, name: "org/texts" }], samplesPerTask: 4 });
  const batches = await storeBatches(blobs, plan, [Array.from({ length: plan.end.requestCount }, (_, index) => index)]);
  const outputFolder = join(folder, "output");
  await finishRun(aFinishedRun({ plan, batches, blobFolder: join(folder, "blobs"), outputFolder }));
  const { isGood, checks } = await verifyFolder(outputFolder);
  expect(checks.find(({ name }) => name === "coverage")!.detail).toMatch(/^4 of 4 samples stand in the files/);
  expect(isGood).toBe(true);
});
