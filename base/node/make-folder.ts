import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder (an absolute path) and those above it that are missing; returns the missing ones, outermost first.
 * Node's own `recursive` tries for ever where a file system refuses with ENOENT, as /proc does; this throws, and leaves
 * nothing behind.
 */
export function makeFolder(path: string, mode = 0o777): readonly string[] {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  const made: string[] = [];
  try {
    for (const folder of missing) if (makeOne(folder, mode)) made.unshift(folder);
  } catch (error) {
    for (const folder of made) rmdirSync(folder);
    throw error;
  }
  return missing;
}

/** False where another process was faster, which is as good. */
function makeOne(folder: string, mode: number): boolean {
  try {
    mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
