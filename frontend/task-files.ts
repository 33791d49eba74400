import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { TaskFiles } from "../evaluation/harness/task/load-config.ts";

/** Reads task files and their modules from disk, each once. */
export function createTaskFiles(): TaskFiles {
  const texts = new Map<string, string | null>();
  return {
    readText: (file) => {
      let text = texts.get(file);
      if (text === undefined) {
        text = readFileOrNull(file);
        texts.set(file, text);
      }
      return text;
    },
    resolveBeside: (file, relative) => resolve(dirname(file), relative),
  };
}

/** The text of a file; null where there is none, or where a folder has the name. */
export function readFileOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}
