// A run's output folder by itself: all that can be checked without the journal.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { digestFile } from "../base/node/fetch-file.ts";
import { LineReader } from "../base/node/line-reader.ts";
import { parsePythonJson } from "../evaluation/harness/python/json-parse.ts";
import { isDict } from "../evaluation/harness/python/value.ts";
import type { CoverageCertificate, RunManifest } from "../evaluation/manifest.ts";
import type { Verification, VerificationCheck } from "../evaluation/verification.ts";
import { readManifest, samplesFileOf } from "./read-manifest.ts";

/**
 * Compares each file with the digest that the manifest has of it, and counts the samples files' lines against the
 * certificate. Throws `badData` where the folder has no manifest that can be read.
 */
export async function verifyFolder(folder: string): Promise<Verification> {
  const { run, files, coverage } = readManifest(folder);
  const checks: VerificationCheck[] = [
    { name: "journal", isGood: true, detail: "not here: only the written files are looked at" },
  ];
  const add = (name: string, problem: string | null, detail: string): void => {
    checks.push({ name, isGood: problem === null, detail: problem ?? detail });
  };
  add("files", await findChanged(folder, files), `${files.length} files have the digests that the manifest names`);
  if (files.some(({ name }) => name.startsWith("samples_"))) {
    const { countedSamples, expectedSamples } = coverage;
    const counted = `${countedSamples} of ${expectedSamples} samples stand in the files, each once, in the plan's order`;
    add("coverage", await compareCoverage(folder, files, coverage), counted);
  }
  return { runId: run.runId, isGood: checks.every(({ isGood }) => isGood), checks, coverage };
}

async function findChanged(folder: string, files: RunManifest["files"]): Promise<string | null> {
  for (const { name, sha256 } of files) {
    try {
      if ((await digestFile(join(folder, name))) !== sha256) return `${name} was changed after the run`;
    } catch (error) {
      return `${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    }
  }
  return null;
}

/** The certificate's digest once more, from the lines; of several filters, the first has each sample. */
async function compareCoverage(
  folder: string,
  files: RunManifest["files"],
  { tasks, countedSamples, countedDigest }: CoverageCertificate,
): Promise<string | null> {
  const digest = createHash("sha256");
  let counted = 0;
  for (const { task, counted: expected } of tasks) {
    const name = samplesFileOf(files, task);
    if (name === undefined) return `there is no samples file of ${task}`;
    const lines = await readSamples(join(folder, name));
    if (lines.length !== expected) return `${name} holds ${lines.length} samples, the certificate says ${expected}`;
    for (const { docId, promptHash } of lines) digest.update(`${task}\t${docId}\t${promptHash}\n`);
    counted += lines.length;
  }
  if (counted !== countedSamples)
    return `${counted} samples stand in the files, the certificate says ${countedSamples}`;
  return digest.digest("hex") === countedDigest ? null : "the samples in the files are not those of the certificate";
}

async function readSamples(file: string): Promise<{ docId: number; promptHash: string }[]> {
  const found: { docId: number; promptHash: string }[] = [];
  let first: string | null = null;
  for await (const line of new LineReader(createReadStream(file)).rest()) {
    const row = parsePythonJson(line);
    if (!isDict(row)) continue;
    const [docId, filter, promptHash] = ["doc_id", "filter", "prompt_hash"].map((key) => row.get(key));
    if (typeof filter !== "string" || typeof promptHash !== "string") continue;
    first ??= filter;
    if (filter === first) found.push({ docId: Number(docId), promptHash });
  }
  return found;
}
