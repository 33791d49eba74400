import { SqliteJournalStore } from "../../coordinator/adapters/journals/sqlite-journal-store.ts";
import { evolve } from "../../coordinator/core/evolve.ts";
import { emptyState } from "../../coordinator/core/state.ts";
import { runJournal } from "../../coordinator/shell/frame-writer.ts";
import { readEvents } from "../../coordinator/shell/recovery.ts";

/** Samples that were leased although all their responses were durable, as the run's journal in a folder tells. */
export async function countAskedAgain(journalFolder: string, runId: string): Promise<number> {
  const store = new SqliteJournalStore(journalFolder);
  const state = emptyState();
  let again = 0;
  for await (const event of readEvents(store, runJournal(runId))) {
    if (event.kind === "LeaseGranted") {
      const run = state.runs.get(runId)!;
      for (const sample of event.samples) if (run.openRequests[sample] === 0) again += 1;
    }
    evolve(state, event, 0);
  }
  await store.close();
  return again;
}
