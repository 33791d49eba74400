import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MusterError } from "../base/muster-error.ts";

/** A folder that results can be written to. */
export interface OutputFolder {
  readonly path: string;
  /** Removes the folders that were made for it, where nothing lies in them. */
  discard(): void;
}

/** Makes a folder (an absolute path) and tries to write into it, before any work is done for it. Throws `usage`. */
export function prepareOutputFolder(path: string): OutputFolder {
  const missing = missingFolders(path);
  try {
    // Not `recursive`: where a file system refuses with ENOENT, as /proc does, Node would try for ever.
    for (const folder of missing) mkdirSync(folder);
    const probe = join(path, `.muster-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
    return { path, discard: () => removeEmpty(missing) };
  } catch (error) {
    removeEmpty(missing);
    throw new MusterError("usage", `cannot write into the output folder ${path}: ${(error as Error).message}`, {
      wayOut: "Choose another with --output FOLDER.",
      cause: error,
    });
  }
}

/** The folders on the way to a path that do not exist, outermost first. */
function missingFolders(path: string): readonly string[] {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  return missing;
}

function removeEmpty(made: readonly string[]): void {
  try {
    for (const folder of made.toReversed()) rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT" && code !== "ENOTDIR") throw error;
  }
}
