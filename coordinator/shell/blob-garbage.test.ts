import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aRun, aShape } from "../../test/support/core-builders.ts";
import { CHOICE_TASK, storePlan } from "../../test/support/stored-run.ts";
import { blobPath, FolderBlobStore } from "../adapters/blobs/folder-blob-store.ts";
import { MemoryJournalStore } from "../adapters/journals/memory-journal-store.ts";
import type { Event } from "../core/event.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { collectGarbage } from "./blob-garbage.ts";
import { encodeEvents } from "./event-encoding.ts";
import { PlanStore } from "./plan-store.ts";

const log = pino({ level: "silent" });
let folder: string;
let journals: MemoryJournalStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-garbage-"));
  journals = new MemoryJournalStore();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function append(name: string, event: Event): Promise<void> {
  const journal = await journals.open(name);
  await journal.append(encodeEvents([event]), 1, await journal.length());
}

function accepted(runId: string, digest: string): Event {
  return {
    ...{ kind: "ResponsesAccepted", runId, leaseId: "l", agentId: "a", slotId: "s", batchNumber: 1, digest },
    ...{ requestIndexes: new Uint32Array(1), fingerprints: new Uint32Array(1), duplicates: 0, disagreements: 0 },
    ...{ promptTokens: 0, completionTokens: 0, truncatedRequests: 0, slotSeconds: 0 },
  };
}

/** A run whose journal names a plan and responses; the digests of all of it. */
async function keepRun(runId: string, blobs: FolderBlobStore, responses: readonly Uint8Array[]): Promise<string[]> {
  const plan = await storePlan(blobs, { tasks: [CHOICE_TASK], samplesPerTask: 3 });
  const manifestBlob = await new PlanStore(blobs).saveManifest(plan);
  const shape = { ...aShape({ samples: 3 }), manifestBlob };
  await append(`run-${runId}`, { kind: "RunAccepted", runId, run: aRun({ runId }), shape });
  const digests = [manifestBlob, ...plan.packs.flatMap((pack) => [pack.requestsBlob, pack.samplesBlob])];
  for (const bytes of responses) {
    const digest = await blobs.put(bytes);
    digests.push(digest);
    await append(`run-${runId}`, accepted(runId, digest));
  }
  return digests;
}

function stored(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".zst")).map((name) => name.slice(3, -4));
}

async function collect(blobs: BlobStore, meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  await Promise.all([meanwhile(), collectGarbage({ journals, blobs, log, signal: new AbortController().signal })]);
}

const bytesOf = (value: number): Uint8Array => new Uint8Array([value, 1, 2, 3]);

test("what no journal names is removed; a blob that one names, or that is stored again meanwhile, never", async () => {
  const values = fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(values, values, values, async (named, orphans, again) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      journals = new MemoryJournalStore();
      const before = new FolderBlobStore(folder);
      const kept = new Set(await keepRun("r1", before, named.map(bytesOf)));
      for (const value of orphans) await before.put(bytesOf(value));
      const after = new FolderBlobStore(folder);
      await collect(after, async () => {
        for (const value of again) kept.add(await after.put(bytesOf(value)));
      });
      expect(new Set(stored())).toEqual(kept);
      for (const digest of kept) await after.get(digest);
    }),
    { numRuns: 25 },
  );
});

test("a lost plan keeps everything, but not that of a run which nobody was promised", async () => {
  const before = new FolderBlobStore(folder);
  const [manifest] = await keepRun("r1", before, []);
  const orphan = await before.put(bytesOf(1));
  rmSync(blobPath(folder, manifest!));
  await append("cluster", { kind: "RunListed", run: aRun({ runId: "r1" }) });
  await collect(new FolderBlobStore(folder));
  expect(stored()).toContain(orphan);
  await journals.remove("cluster");
  await collect(new FolderBlobStore(folder));
  expect(stored()).toEqual([]);
});

test("nothing is removed while a journal cannot be read, and unfinished files of a crash go", async () => {
  const before = new FolderBlobStore(folder);
  await keepRun("r1", before, [bytesOf(1)]);
  await before.put(bytesOf(2));
  const all = new Set(stored());
  const journal = await journals.open("run-r2");
  await journal.append(new TextEncoder().encode("no events"), 1, 0);
  appendFileSync(join(folder, readdirSync(folder)[0]!, "x.partial"), "torn");
  await collect(new FolderBlobStore(folder));
  expect(new Set(stored())).toEqual(all);
  expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("partial"))).toEqual(
    [],
  );
  await journals.remove("run-r2");
  await collect(new FolderBlobStore(folder));
  expect(stored()).toHaveLength(all.size - 1);
});
