import { existsSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { openDataFolder } from "../coordinator/adapters/data-folder.ts";
import { SqliteJournalStore } from "../coordinator/adapters/journals/sqlite-journal-store.ts";
import { NatsConnection } from "../coordinator/adapters/nats/nats-connection.ts";
import { NatsJournalStore } from "../coordinator/adapters/nats/nats-journal-store.ts";
import type { NatsOptions } from "../coordinator/adapters/nats/nats-options.ts";
import type { JournalStore } from "../coordinator/ports/journal.ts";
import { replaceInFolder, replaceInStore, type ReplaceJournal } from "../coordinator/shell/journal-tools.ts";
import { coordinatorFolder } from "./find-coordinator.ts";
import { natsOf } from "./nats-servers.ts";
import type { Options } from "./options.ts";

/** The journals of a coordinator's data folder, or its copies of those that it shares with others. */
function journalFolder(options: Options): string {
  const folders = ["journals", "mirror"].map((name) => join(coordinatorFolder(options), name));
  const found = folders.find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw new MusterError("notFound", `there are no journals in ${folders[0]}`, {
    wayOut: "Name the coordinator's data folder with --data-dir, or the servers that keep them with --nats.",
  });
}

/** Opens them for reading, beside a coordinator that may be at work. */
export async function readJournals<Result>(
  options: Options,
  use: (store: JournalStore) => Promise<Result>,
): Promise<Result> {
  const nats = natsOf(options);
  if (nats !== null) return withNats(nats, use);
  return withStore(new SqliteJournalStore(journalFolder(options)), use);
}

/** Does something to them that no coordinator may see. Throws `conflict` while one uses the folder. */
export async function ownJournals<Result>(
  options: Options,
  use: (store: JournalStore, replace: ReplaceJournal) => Promise<Result>,
): Promise<Result> {
  const nats = natsOf(options);
  if (nats !== null) return withNats(nats, (store) => use(store, replaceInStore(store)));
  const folder = journalFolder(options);
  const owned = await openDataFolder(coordinatorFolder(options));
  try {
    const replace = replaceInFolder(folder, (place) => new SqliteJournalStore(place));
    return await withStore(new SqliteJournalStore(folder), (store) => use(store, replace));
  } finally {
    await owned.close();
  }
}

async function withNats<Result>(options: NatsOptions, use: (store: JournalStore) => Promise<Result>): Promise<Result> {
  const connection = await NatsConnection.open(options);
  try {
    return await withStore(new NatsJournalStore(connection), use);
  } finally {
    await connection.close();
  }
}

async function withStore<Result>(store: JournalStore, use: (store: JournalStore) => Promise<Result>): Promise<Result> {
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
