import { fromBinary } from "@bufbuild/protobuf";
import { runJournal } from "../../coordinator/shell/frame-writer.ts";
import { readEvents } from "../../coordinator/shell/recovery.ts";
import { readResponses } from "../../proto/codec/response-columns.ts";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import type { Place } from "./places.ts";

/** Requests of a run whose answers are there: counted in the journal, and in the blob that it names. */
export async function countDurable(place: Place, runId: string): Promise<number> {
  const stores = await place.open();
  const counted = new Set<number>();
  try {
    for await (const event of readEvents(stores.journals, runJournal(runId))) {
      if (event.kind !== "ResponsesAccepted") continue;
      const bytes = await stores.blobs.get(event.digest);
      const there = new Set(readResponses(fromBinary(ResponseColumnsSchema, bytes)).requestIndex);
      for (const request of event.requestIndexes) if (there.has(request)) counted.add(request);
    }
  } finally {
    await stores.close();
  }
  return counted.size;
}
