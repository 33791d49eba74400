import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { MusterError } from "../../base/muster-error.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";
import type { Verification } from "../../evaluation/verification.ts";
import { brokenInvariant } from "../core/invariants.ts";
import { emptyState, type RunState } from "../core/state.ts";
import type { BlobFolder } from "../ports/blob-folder.ts";
import type { JournalStore } from "../ports/journal.ts";
import { runJournal } from "./frame-writer.ts";
import type { PlanStore } from "./plan-store.ts";
import type { RunArchive } from "./run-archive.ts";
import { makeOutputs } from "./run-outputs.ts";

/** What verifying needs. */
export interface VerifierSurroundings {
  readonly journals: JournalStore;
  readonly plans: PlanStore;
  readonly archive: RunArchive;
  readonly blobs: BlobFolder;
  /** Where scratch folders may be made. */
  readonly dataFolder: string;
}

/**
 * Looks at an ended run as an auditor does: reads its journal frame by frame, makes scores and coverage anew from journal
 * and blobs in a folder of its own, and compares them with what the run wrote. Changes nothing.
 */
export async function verifyRun(runId: string, around: VerifierSurroundings): Promise<Verification> {
  const checks: Verification["checks"][number][] = [];
  const check = async <Result>(
    name: string,
    work: () => Promise<readonly [string, Result]>,
  ): Promise<Result | null> => {
    try {
      const [detail, result] = await work();
      checks.push({ name, isGood: true, detail });
      return result;
    } catch (error) {
      checks.push({ name, isGood: false, detail: MusterError.from(error).message });
      return null;
    }
  };
  const run = await check("journal", () => readJournal(runId, around));
  const written = await check("manifest", () => readManifest(runId, around));
  if (run !== null && written !== null) {
    const scratch = await mkdtemp(join(around.dataFolder, "verify-"));
    try {
      const made = await check("responses", () => makeAnew(run, written, { ...around, scratch }));
      if (made !== null) {
        await check("coverage", async () => compareCoverage(made, written));
        await check("scores", async () => compareScores(made, written));
        await check("files", async () => compareFiles(made, written));
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  return { runId, isGood: checks.every(({ isGood }) => isGood), checks, coverage: written?.coverage ?? null };
}

async function readJournal(
  runId: string,
  { journals, archive }: VerifierSurroundings,
): Promise<readonly [string, RunState]> {
  const journal = await journals.open(runJournal(runId));
  let [frames, bytes, epoch] = [0, 0, 0];
  try {
    for await (const frame of journal.read(0)) {
      if (frame.epoch < epoch) throw broken(`frame ${frame.index} is of epoch ${frame.epoch}, after epoch ${epoch}`);
      [frames, bytes, epoch] = [frames + 1, bytes + frame.payload.length, frame.epoch];
    }
  } finally {
    await journal.close();
  }
  const run = await archive.stateOf(runId);
  const state = emptyState();
  state.runs.set(runId, run);
  const rule = brokenInvariant(state);
  if (rule !== null) throw broken(rule);
  return [`${frames} frames, ${bytes} bytes: each whole, and each after the one before it`, run];
}

async function readManifest(runId: string, { archive }: VerifierSurroundings): Promise<readonly [string, RunManifest]> {
  const text = await readFile(join(archive.outputFolder(runId), "manifest.json"), "utf8");
  const manifest = JSON.parse(text) as RunManifest;
  return [`written by Muster ${manifest.musterVersion}`, manifest];
}

async function makeAnew(
  run: RunState,
  { run: { endedUnixMs }, musterVersion }: RunManifest,
  around: VerifierSurroundings & { readonly scratch: string },
): Promise<readonly [string, RunManifest]> {
  const { journals, plans, blobs, scratch } = around;
  await makeOutputs(run, { journals, plans, blobs, musterVersion, endedUnixMs, outputFolder: scratch });
  const manifest = JSON.parse(await readFile(join(scratch, "manifest.json"), "utf8")) as RunManifest;
  const { countedRequests, expectedRequests } = manifest.coverage;
  return [`${countedRequests} of ${expectedRequests} are there, each once, each with its digest`, manifest];
}

function compareCoverage(made: RunManifest, written: RunManifest): readonly [string, null] {
  if (!isDeepStrictEqual(made.coverage, written.coverage)) throw broken("the manifest's certificate is another");
  const { countedSamples, setAsideSamples, expectedSamples } = made.coverage;
  const aside = setAsideSamples === 0 ? "" : `, ${setAsideSamples} set aside by name`;
  return [`${countedSamples} of ${expectedSamples} samples counted once${aside}`, null];
}

function compareScores(made: RunManifest, written: RunManifest): readonly [string, null] {
  if (made.planDigest !== written.planDigest) throw broken("the manifest names another plan");
  if (made.scoresDigest !== written.scoresDigest) {
    throw broken(`made anew they are ${made.scoresDigest.slice(0, 12)}, not ${written.scoresDigest.slice(0, 12)}`);
  }
  return [`the same bits as when the run ended (${made.scoresDigest.slice(0, 12)})`, null];
}

function compareFiles(made: RunManifest, written: RunManifest): readonly [string, null] {
  const expected = new Map(made.files.map((file) => [file.name, file]));
  for (const file of written.files) {
    if (expected.get(file.name)?.sha256 !== file.sha256) throw broken(`${file.name} would be written otherwise now`);
  }
  return [`${written.files.length} files, as they were written`, null];
}

function broken(message: string): MusterError {
  return new MusterError("badData", message);
}
