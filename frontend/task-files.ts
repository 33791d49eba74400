import { readFileSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";
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
    resolveBeside: besideFile,
  };
}

/** The absolute path of what a file names; a link counts as the file that it leads to, as in the harness. */
export function besideFile(file: string, relative: string): string {
  try {
    return resolve(dirname(realpathSync.native(file)), relative);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return resolve(dirname(file), relative);
  }
}

/**
 * The text of a file; null where there is none, or where a folder has the name. Throws MusterError for a file that is
 * not UTF-8 or must not be read: nothing is put in the place of bytes that are no text.
 */
export function readFileOrNull(file: string): string | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    throw new MusterError("permission", `${file} may not be read by this user.`, { cause: error });
  }
  try {
    return decode(bytes);
  } catch (error) {
    throw notText(file, bytes, error);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function notText(file: string, bytes: Buffer, cause: unknown): MusterError {
  let [line, start] = [1, 0];
  // No character of several bytes has a line feed in it.
  for (let end = bytes.indexOf(10); end >= 0 && isText(bytes.subarray(start, end)); end = bytes.indexOf(10, start)) {
    line += 1;
    start = end + 1;
  }
  return new MusterError("badData", `${file}:${line} is not UTF-8 text.`, {
    wayOut: "Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8 FILE",
    cause,
  });
}

function isText(bytes: Uint8Array): boolean {
  try {
    decode(bytes);
    return true;
  } catch {
    return false;
  }
}
