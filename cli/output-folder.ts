import { rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { makeFolder } from "../base/node/make-folder.ts";

/** A folder that results can be written to. */
export interface OutputFolder {
  readonly path: string;
  /** Removes the folders that were made for it, where nothing lies in them. */
  discard(): void;
}

/** Makes a folder (an absolute path) and tries to write into it, before any work is done for it. Throws `usage`. */
export function prepareOutputFolder(path: string): OutputFolder {
  let made: readonly string[] = [];
  try {
    made = makeFolder(path);
    const probe = join(path, `.muster-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
    return { path, discard: () => removeEmpty(made) };
  } catch (error) {
    removeEmpty(made);
    throw new MusterError("usage", `cannot write into the output folder ${path}: ${(error as Error).message}`, {
      wayOut: "Choose another with --output FOLDER.",
      cause: error,
    });
  }
}

function removeEmpty(made: readonly string[]): void {
  try {
    for (const folder of made.toReversed()) rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT" && code !== "ENOTDIR") throw error;
  }
}
