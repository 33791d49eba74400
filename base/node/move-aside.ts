import { existsSync, fsyncSync, openSync, closeSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/** Moves an SQLite file, with its log, out of the way under the first free name `PATH.broken-N`; that name. */
export function moveAside(path: string): string {
  let count = 1;
  while (existsSync(`${path}.broken-${count}`)) count += 1;
  const aside = `${path}.broken-${count}`;
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  rmSync(`${path}-shm`, { force: true });
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return aside;
}
