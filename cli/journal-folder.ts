import { existsSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { openDataFolder } from "../coordinator/adapters/data-folder.ts";
import { SqliteJournalStore } from "../coordinator/adapters/journals/sqlite-journal-store.ts";
import type { JournalStore } from "../coordinator/ports/journal.ts";
import { coordinatorFolder } from "./find-coordinator.ts";
import type { Options } from "./options.ts";

/** The journals of a coordinator's data folder. */
export function journalFolder(options: Options): string {
  const folder = join(coordinatorFolder(options), "journals");
  if (existsSync(folder)) return folder;
  throw new MusterError("notFound", `there are no journals in ${folder}`, {
    wayOut: "Name the coordinator's data folder with --data-dir.",
  });
}

/** Opens them for reading, beside a coordinator that may be at work. */
export async function readJournals<Result>(
  options: Options,
  use: (store: JournalStore) => Promise<Result>,
): Promise<Result> {
  const store = new SqliteJournalStore(journalFolder(options));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Does something to them that no coordinator may see. Throws `conflict` while one uses the folder. */
export async function ownJournals<Result>(options: Options, use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = journalFolder(options);
  const owned = await openDataFolder(coordinatorFolder(options));
  try {
    return await use(folder);
  } finally {
    await owned.close();
  }
}
