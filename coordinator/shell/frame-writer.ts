import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../base/muster-error.ts";
import { type Event, journalOf } from "../core/event.ts";
import type { Journal, JournalStore } from "../ports/journal.ts";
import { encodeEvents } from "./event-encoding.ts";

/** Name of the journal that lists the runs. */
export const CLUSTER_JOURNAL = "cluster";

/** Name of a run's journal. */
export function runJournal(runId: string): string {
  return `run-${runId}`;
}

const FULL_DISK_RETRY_MS = 2_000;

interface OpenJournal {
  readonly journal: Journal;
  length: number;
}

/** Appends batches of events to the journals they belong to, one frame a journal and batch. */
export class FrameWriter {
  readonly #store: JournalStore;
  readonly #open = new Map<string, Promise<OpenJournal>>();
  readonly #onFull: (message: string | null) => void;

  /** `onFull` hears the reason while the disk is full, and null when it is no longer. */
  constructor(store: JournalStore, onFull: (message: string | null) => void) {
    this.#store = store;
    this.#onFull = onFull;
  }

  /**
   * Resolves when all events are durable: those of runs first, then the cluster's, so that the cluster's journal never
   * says that a run was listed or closed which its own journal does not know. Rejects with `conflict` when another
   * coordinator wrote: stop at once.
   */
  async append(events: readonly Event[], epoch: number): Promise<void> {
    const byJournal = new Map<string, Event[]>();
    for (const event of events) {
      const runId = journalOf(event);
      const name = runId === null ? CLUSTER_JOURNAL : runJournal(runId);
      const batch = byJournal.get(name);
      if (batch === undefined) byJournal.set(name, [event]);
      else batch.push(event);
    }
    const cluster = byJournal.get(CLUSTER_JOURNAL);
    byJournal.delete(CLUSTER_JOURNAL);
    await Promise.all([...byJournal].map(([name, batch]) => this.#appendTo(name, encodeEvents(batch), epoch)));
    if (cluster !== undefined) await this.#appendTo(CLUSTER_JOURNAL, encodeEvents(cluster), epoch);
  }

  /** Closes a journal that will not be written again. */
  async closeRun(runId: string): Promise<void> {
    const name = runJournal(runId);
    const opened = this.#open.get(name);
    this.#open.delete(name);
    await (await opened)?.journal.close();
  }

  async #appendTo(name: string, payload: Uint8Array, epoch: number): Promise<void> {
    let opened = this.#open.get(name);
    if (opened === undefined) {
      opened = this.#store.open(name).then(async (journal) => ({ journal, length: await journal.length() }));
      this.#open.set(name, opened);
    }
    const target = await opened;
    for (let full = false; ; full = true) {
      const result = await target.journal.append(payload, epoch, target.length);
      if (result.kind === "durable") {
        target.length += 1;
        if (full) this.#onFull(null);
        return;
      }
      if (result.kind === "conflict") {
        throw new MusterError("conflict", `another coordinator wrote to journal ${name}: this one stops`);
      }
      this.#onFull(result.message);
      await sleep(FULL_DISK_RETRY_MS);
    }
  }
}
