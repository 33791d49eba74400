import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { readBlob } from "../../coordinator/adapters/blobs/folder-blob-store.ts";
import { SqliteJournalStore } from "../../coordinator/adapters/journals/sqlite-journal-store.ts";
import { runJournal } from "../../coordinator/shell/frame-writer.ts";
import { readEvents } from "../../coordinator/shell/recovery.ts";
import { readResponses } from "../../proto/codec/response-columns.ts";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";

/** Requests of a run whose answers a data folder holds: counted in the journal, and there in the blob that it names. */
export async function countDurable(dataFolder: string, runId: string): Promise<number> {
  const store = new SqliteJournalStore(join(dataFolder, "journals"));
  const counted = new Set<number>();
  try {
    for await (const event of readEvents(store, runJournal(runId))) {
      if (event.kind !== "ResponsesAccepted") continue;
      const bytes = await readBlob(join(dataFolder, "blobs"), event.digest);
      const there = new Set(readResponses(fromBinary(ResponseColumnsSchema, bytes)).requestIndex);
      for (const request of event.requestIndexes) if (there.has(request)) counted.add(request);
    }
  } finally {
    await store.close();
  }
  return counted.size;
}
