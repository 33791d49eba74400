import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MusterError } from "../muster-error.ts";
import { makeFolder } from "./make-folder.ts";

/** A folder that this process alone uses until it closes the lock or ends. */
export interface FolderLock {
  close(): void;
}

/**
 * Makes a folder where it is missing and locks it; null while another process holds it. The kernel drops an SQLite lock
 * with the process that holds it, however that ends; a file with a process id does not. Throws `usage` naming `option`
 * where the folder cannot be made or written.
 */
export function lockFolder(path: string, option: string): FolderLock | null {
  try {
    makeFolder(resolve(path), 0o700);
  } catch (error) {
    throw unusable(path, option, error);
  }
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(join(path, "lock.sqlite"));
    database.exec("PRAGMA busy_timeout=0; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;");
    return database;
  } catch (error) {
    database?.close();
    if ((error as Error).message.includes("locked")) return null;
    throw unusable(path, option, error);
  }
}

function unusable(path: string, option: string, cause: unknown): MusterError {
  return new MusterError("usage", `cannot use the folder ${path}: ${(cause as Error).message}`, {
    wayOut: `Choose another with ${option}.`,
    cause,
  });
}
