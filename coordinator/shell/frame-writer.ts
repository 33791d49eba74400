import { MusterError } from "../../base/muster-error.ts";
import { type Event, journalOf } from "../core/event.ts";
import type { Journal, JournalStore } from "../ports/journal.ts";
import type { FullDisk } from "./full-disk.ts";
import { encodeEvents } from "./event-encoding.ts";

/** Name of the journal that lists the runs. */
export const CLUSTER_JOURNAL = "cluster";

/** Name of a run's journal. */
export function runJournal(runId: string): string {
  return `run-${runId}`;
}

interface OpenJournal {
  readonly journal: Journal;
  length: number;
  isAppending: boolean;
}

/** What a writer needs. */
export interface FrameWriterSurroundings {
  readonly store: JournalStore;
  /**
   * Frames of each journal that were folded into the state, by its name. What somebody else wrote since then is not in
   * the state, so the first append must fail on it.
   */
  readonly lengths: ReadonlyMap<string, number>;
  readonly fullDisk: FullDisk;
}

/** Appends batches of events to the journals they belong to, one frame a journal and batch. */
export class FrameWriter {
  readonly #around: FrameWriterSurroundings;
  readonly #open = new Map<string, Promise<OpenJournal>>();
  readonly #lengths: Map<string, number>;

  constructor(surroundings: FrameWriterSurroundings) {
    this.#around = surroundings;
    this.#lengths = new Map(surroundings.lengths);
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
    await Promise.all([...byJournal].map(([name, batch]) => this.#appendTo(name, batch, epoch)));
    if (cluster !== undefined) await this.#appendTo(CLUSTER_JOURNAL, cluster, epoch);
  }

  /**
   * Throws `conflict` where another coordinator has written to the cluster's journal since this one did, and `badData` where
   * the journal has become shorter: a leader that has nothing to write must learn that too.
   */
  async checkLead(): Promise<void> {
    const cluster = await this.#open.get(CLUSTER_JOURNAL);
    if (cluster === undefined || cluster.isAppending) return;
    const known = cluster.length;
    const found = await cluster.journal.length();
    if (cluster.length !== known || cluster.isAppending) return;
    if (found > known) throw fenced(CLUSTER_JOURNAL);
    if (found < known) {
      const what = `it has ${found} frames, and ${known} were acknowledged`;
      throw new MusterError("badData", `journal ${CLUSTER_JOURNAL} has lost what was acknowledged: ${what}`, {
        wayOut: "Start the coordinator again: it compares with its copy, and says how to bring back what is lost.",
      });
    }
  }

  /** An ended run was read anew, to be opened again: the first append must come after just these frames. */
  expect(runId: string, frames: number): void {
    if (!this.#open.has(runJournal(runId))) this.#lengths.set(runJournal(runId), frames);
  }

  /** Closes a journal that will not be written again. */
  async closeRun(runId: string): Promise<void> {
    const name = runJournal(runId);
    const opened = this.#open.get(name);
    this.#open.delete(name);
    this.#lengths.delete(name);
    await (await opened)?.journal.close();
  }

  async #appendTo(name: string, events: readonly Event[], epoch: number): Promise<void> {
    const payload = encodeEvents(events);
    let opened = this.#open.get(name);
    if (opened === undefined) {
      opened = this.#openJournal(name, events[0]!.kind === "RunAccepted");
      this.#open.set(name, opened);
    }
    const target = await opened;
    target.isAppending = true;
    const result = await this.#around.fullDisk.retry(async () => {
      const appended = await target.journal.append(payload, epoch, target.length);
      if (appended.kind === "noSpace") throw new MusterError("noSpace", appended.message);
      return appended;
    });
    if (result.kind === "conflict") throw fenced(name);
    target.length += 1;
    target.isAppending = false;
  }

  /** A run begins its journal. One that was not read, somebody who leads no more began: it is read at the next start. */
  async #openJournal(name: string, isBegun: boolean): Promise<OpenJournal> {
    const journal = await this.#around.store.open(name);
    const length = this.#lengths.get(name) ?? (isBegun ? 0 : await journal.length());
    return { journal, length, isAppending: false };
  }
}

function fenced(name: string): MusterError {
  return new MusterError("conflict", `another coordinator wrote to journal ${name}: this one stops`);
}
