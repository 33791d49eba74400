// Blobs that no journal names: plans whose submission broke off, responses whose frame never became durable. Only what
// an earlier life left can be garbage, and only after every journal was read to its end.
import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { JournalStore } from "../ports/journal.ts";
import { CLUSTER_JOURNAL } from "./frame-writer.ts";
import { isBlobLost, PlanStore } from "./plan-store.ts";
import { readEvents } from "./recovery.ts";

/** What collecting needs. */
export interface GarbageSurroundings {
  readonly journals: JournalStore;
  readonly blobs: BlobStore;
  readonly log: Logger;
  /** Ends it early; what was not looked at stays. */
  readonly signal: AbortSignal;
}

/** Removes blobs that nothing names. Where a journal or a plan cannot be read, nothing is removed, and that is logged. */
export async function collectGarbage(around: GarbageSurroundings): Promise<void> {
  const { blobs, log, signal } = around;
  try {
    const leftovers = await blobs.leftovers();
    const unnamed = new Set(leftovers.digests);
    if (unnamed.size > 0) await strikeNamed(unnamed, around);
    if (signal.aborted) return;
    let removed = 0;
    for (const digest of unnamed) if (await leftovers.remove(digest)) removed += 1;
    if (removed > 0) log.info({ blobs: removed }, "blobs that no journal names were removed");
  } catch (error) {
    const { message } = MusterError.from(error);
    log.warn({ error: message }, "nothing is cleaned up: it cannot be told which blobs are needed");
  }
}

/** Takes out of the set what any journal names, and what the plans that they name are made of. */
async function strikeNamed(unnamed: Set<string>, { journals, blobs, signal }: GarbageSurroundings): Promise<void> {
  const plans = new PlanStore(blobs);
  const listed = new Set<string>();
  for await (const event of readEvents(journals, CLUSTER_JOURNAL)) {
    if (event.kind === "RunListed") listed.add(event.run.runId);
  }
  for (const name of await journals.list()) {
    if (name === CLUSTER_JOURNAL) continue;
    for await (const event of readEvents(journals, name)) {
      if (signal.aborted) return;
      if (event.kind === "ResponsesAccepted") unnamed.delete(event.digest);
      if (event.kind === "RunAccepted")
        await strikePlan(unnamed, event.shape.manifestBlob, plans, listed.has(event.runId));
    }
  }
}

/** A plan that nobody was promised may have been removed. */
async function strikePlan(
  unnamed: Set<string>,
  manifestBlob: string,
  plans: PlanStore,
  isListed: boolean,
): Promise<void> {
  unnamed.delete(manifestBlob);
  try {
    for (const { requestsBlob, samplesBlob } of (await plans.manifest(manifestBlob)).packs) {
      unnamed.delete(requestsBlob);
      unnamed.delete(samplesBlob);
    }
  } catch (error) {
    if (isListed || !isBlobLost(error)) throw error;
  }
}
