// Where a benchmark's coordinator keeps its journals and blobs: its own folder, or three NATS servers.
import { join } from "node:path";
import { FolderBlobStore } from "../../coordinator/adapters/blobs/folder-blob-store.ts";
import { SqliteJournalStore } from "../../coordinator/adapters/journals/sqlite-journal-store.ts";
import { NatsBlobStore } from "../../coordinator/adapters/nats/nats-blob-store.ts";
import { NatsJournalStore } from "../../coordinator/adapters/nats/nats-journal-store.ts";
import type { BlobStore } from "../../coordinator/ports/blob-store.ts";
import type { JournalStore } from "../../coordinator/ports/journal.ts";
import type { NatsServer } from "../../test/support/nats-server.ts";
import { connectNats, natsWords } from "../../test/support/nats-stores.ts";

/** Journals and blobs, opened. */
export interface OpenStores {
  readonly journals: JournalStore;
  readonly blobs: BlobStore;
  close(): Promise<void>;
}

export interface Place {
  /** What a coordinator is started with to use it. */
  readonly coordinatorWords: readonly string[];
  open(): Promise<OpenStores>;
}

/** A data folder. */
export function folderPlace(dataFolder: string): Place {
  return {
    coordinatorWords: ["--data-dir", dataFolder],
    async open() {
      const journals = new SqliteJournalStore(join(dataFolder, "journals"));
      const blobs = new FolderBlobStore(join(dataFolder, "blobs"));
      return {
        ...{ journals, blobs },
        async close() {
          await blobs.close();
          await journals.close();
        },
      };
    },
  };
}

/** NATS servers, and a data folder for the copies. */
export function natsPlace(servers: readonly NatsServer[], dataFolder: string): Place {
  return {
    coordinatorWords: ["--data-dir", dataFolder, ...natsWords(servers)],
    async open() {
      const connection = await connectNats(servers);
      const journals = new NatsJournalStore(connection);
      const blobs = await NatsBlobStore.open(connection);
      return {
        ...{ journals, blobs },
        async close() {
          await blobs.close();
          await journals.close();
          await connection.close();
        },
      };
    },
  };
}
