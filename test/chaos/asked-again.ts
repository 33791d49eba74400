import { evolve } from "../../coordinator/core/evolve.ts";
import { emptyState } from "../../coordinator/core/state.ts";
import type { JournalStore } from "../../coordinator/ports/journal.ts";
import { runJournal } from "../../coordinator/shell/frame-writer.ts";
import { readEvents } from "../../coordinator/shell/recovery.ts";

/** Samples that were leased although all their responses were durable, as the run's journal tells. */
export async function countAskedAgain(store: JournalStore, runId: string): Promise<number> {
  const state = emptyState();
  let again = 0;
  for await (const event of readEvents(store, runJournal(runId))) {
    if (event.kind === "LeaseGranted") {
      const run = state.runs.get(runId)!;
      for (const sample of event.samples) if (run.openRequests[sample] === 0) again += 1;
    }
    evolve(state, event, 0);
  }
  return again;
}
