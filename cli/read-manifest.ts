import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import type { RunManifest } from "../evaluation/manifest.ts";

/** Reads the manifest of a run's output folder. Throws `badData` where there is none, or one of another format. */
export function readManifest(folder: string): RunManifest {
  const file = join(folder, "manifest.json");
  try {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as RunManifest;
    if (manifest.format === "muster-manifest/1") return manifest;
    throw new SyntaxError(`its format is ${String(manifest.format)}`);
  } catch (error) {
    throw new MusterError("badData", `${file} is no manifest of a run: ${(error as Error).message}`, {
      wayOut: "Name a run, or the folder that its results were written to.",
      cause: error,
    });
  }
}

/** Name of a task's samples file among those that a manifest lists; undefined where there is none. */
export function samplesFileOf(files: RunManifest["files"], task: string): string | undefined {
  const beginning = `samples_${task.replaceAll("/", "__")}`;
  return files.find(({ name }) => name.replace(/_[^_]*\.jsonl$/, "") === beginning)?.name;
}
