import { MusterError } from "../../base/muster-error.ts";
import { evolve } from "../core/evolve.ts";
import type { Event } from "../core/event.ts";
import type { RunDescription } from "../core/input.ts";
import type { CoordinatorState } from "../core/state.ts";
import type { JournalStore } from "../ports/journal.ts";
import { decodeEvents } from "./event-encoding.ts";
import { CLUSTER_JOURNAL, runJournal } from "./frame-writer.ts";

/** What the journals say. */
export interface Recovered {
  /** The last epoch that began. */
  readonly epoch: number;
  /** The runs in the order of their arrival. */
  readonly listed: readonly RunDescription[];
  /** Runs whose journal was begun and that the cluster's does not list: a crash came between. */
  readonly unlisted: readonly string[];
  /** Frames of each journal that was read, by its name. */
  readonly lengths: ReadonlyMap<string, number>;
}

/**
 * Reads the cluster's journal, then folds the journals of the runs that are not closed into the state. Throws `badData`
 * where a journal is broken.
 */
export async function recover(store: JournalStore, state: CoordinatorState, nowMs: number): Promise<Recovered> {
  const lengths = new Map<string, number>();
  const read = async (name: string, onEvent: (event: Event) => void, epochMax?: number): Promise<void> => {
    let length = 0;
    for await (const events of readFrames(store, name, epochMax)) {
      events.forEach(onEvent);
      length += 1;
    }
    lengths.set(name, length);
  };
  const listed: RunDescription[] = [];
  const closed = new Set<string>();
  await read(CLUSTER_JOURNAL, (event) => {
    if (event.kind === "EpochStarted") state.epoch = event.epoch;
    else if (event.kind === "RunListed") listed.push(event.run);
    else if (event.kind === "RunClosed") closed.add(event.runId);
    else if (event.kind === "RunReopened") closed.delete(event.runId);
  });
  const known = new Set([CLUSTER_JOURNAL, ...listed.map(({ runId }) => runJournal(runId))]);
  const fold = async (name: string): Promise<void> => {
    try {
      await read(name, (event) => evolve(state, event, nowMs), state.epoch);
    } catch (error) {
      // A frame of a later epoch is damage, unless that epoch began while this was reading.
      if ((await lengthOf(store, CLUSTER_JOURNAL)) === lengths.get(CLUSTER_JOURNAL)) throw error;
      throw new MusterError("conflict", "another coordinator began while this one read the journals");
    }
  };
  for (const { runId } of listed) if (!closed.has(runId)) await fold(runJournal(runId));
  for (const name of await store.list()) if (!known.has(name)) await fold(name);
  const unlisted = [...state.runs.keys()].filter((runId) => !known.has(runJournal(runId)));
  return { epoch: state.epoch, listed, unlisted, lengths };
}

/** The events of each frame of a journal, in order. Closes the journal at the end. */
export async function* readFrames(
  store: JournalStore,
  name: string,
  epochMax?: number,
): AsyncGenerator<readonly Event[]> {
  const journal = await store.open(name);
  try {
    for await (const { payload, index } of journal.read(0, epochMax)) {
      yield decodeEvents(payload, `journal ${name}, frame ${index}`);
    }
  } finally {
    await journal.close();
  }
}

async function lengthOf(store: JournalStore, name: string): Promise<number> {
  const journal = await store.open(name);
  try {
    return await journal.length();
  } finally {
    await journal.close();
  }
}

/** All events of one journal, in order. */
export async function* readEvents(store: JournalStore, name: string): AsyncGenerator<Event> {
  for await (const events of readFrames(store, name)) yield* events;
}
