import { evolve } from "../core/evolve.ts";
import type { Event } from "../core/event.ts";
import type { RunDescription } from "../core/input.ts";
import type { CoordinatorState } from "../core/state.ts";
import type { JournalStore } from "../ports/journal.ts";
import { decodeEvents } from "./event-encoding.ts";
import { CLUSTER_JOURNAL, runJournal } from "./frame-writer.ts";

/** What the cluster's journal says: the last epoch, and the runs in the order of their arrival. */
export interface RecoveredCluster {
  readonly epoch: number;
  readonly listed: readonly RunDescription[];
  readonly closed: ReadonlySet<string>;
}

/** Reads the cluster's journal, then folds the journals of the runs that are not closed into the state. */
export async function recover(store: JournalStore, state: CoordinatorState, nowMs: number): Promise<RecoveredCluster> {
  let epoch = 0;
  const listed: RunDescription[] = [];
  const closed = new Set<string>();
  for await (const event of readEvents(store, CLUSTER_JOURNAL)) {
    if (event.kind === "EpochStarted") epoch = event.epoch;
    else if (event.kind === "RunListed") listed.push(event.run);
    else if (event.kind === "RunClosed") closed.add(event.runId);
    else if (event.kind === "RunReopened") closed.delete(event.runId);
  }
  state.epoch = epoch;
  for (const run of listed) {
    if (closed.has(run.runId)) continue;
    for await (const event of readEvents(store, runJournal(run.runId))) evolve(state, event, nowMs);
  }
  return { epoch, listed, closed };
}

/** All events of one journal, in order. Closes the journal at the end. */
export async function* readEvents(store: JournalStore, name: string): AsyncGenerator<Event> {
  const journal = await store.open(name);
  try {
    for await (const frame of journal.read(0))
      yield* decodeEvents(frame.payload, `journal ${name}, frame ${frame.index}`);
  } finally {
    await journal.close();
  }
}
