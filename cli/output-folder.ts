import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MusterError } from "../base/muster-error.ts";

/** A folder that results can be written to. */
export interface OutputFolder {
  readonly path: string;
  /** Removes the folders that were made for it, where nothing lies in them. */
  discard(): void;
}

/** Makes a folder and tries to write into it, before any work is done for it. Throws `usage`. */
export function prepareOutputFolder(path: string): OutputFolder {
  try {
    const firstMade = mkdirSync(path, { recursive: true });
    const probe = join(path, `.muster-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
    return { path, discard: () => removeEmpty(path, firstMade) };
  } catch (error) {
    throw new MusterError("usage", `cannot write into the output folder ${path}: ${(error as Error).message}`, {
      wayOut: "Choose another with --output FOLDER.",
      cause: error,
    });
  }
}

function removeEmpty(path: string, firstMade: string | undefined): void {
  if (firstMade === undefined) return;
  try {
    for (let folder = path; folder.length >= firstMade.length; folder = dirname(folder)) rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
  }
}
