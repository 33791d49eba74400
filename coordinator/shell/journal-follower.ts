import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import type { CopiedJournal, CopiedJournals } from "../ports/journal.ts";
import { decodeEvents } from "./event-encoding.ts";
import { CLUSTER_JOURNAL, runJournal } from "./frame-writer.ts";

/** A run's journal that is being followed. */
interface Followed {
  readonly journal: CopiedJournal;
  readonly stop: AbortController;
}

/** Keeps the copies of all journals as long as the journals are, so that this coordinator can lead at once. */
export class JournalFollower {
  /** The last epoch that began, as far as this coordinator has read. */
  epoch = 0;
  readonly #journals: CopiedJournals;
  readonly #log: Logger;
  readonly #open = new Map<string, Followed>();
  readonly #work = new Set<Promise<void>>();
  #cluster: CopiedJournal | null = null;

  constructor(journals: CopiedJournals, log: Logger) {
    this.#journals = journals;
    this.#log = log;
  }

  /** Follows until stopped. Throws `badData` where a journal is broken or has lost frames. */
  async follow(stop: AbortSignal): Promise<void> {
    const cluster = await this.#journals.open(CLUSTER_JOURNAL);
    this.#cluster = cluster;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const begin = (work: Promise<void>): void => {
      this.#work.add(work);
      work.catch(failed.reject).finally(() => this.#work.delete(work));
    };
    try {
      await Promise.race([this.#followCluster(cluster, begin, stop), failed.promise]);
    } finally {
      this.#cluster = null;
      for (const { stop: end } of this.#open.values()) end.abort();
      await Promise.allSettled(this.#work);
      await cluster.close();
    }
  }

  /** Frames that the journals of open runs and the cluster's hold and the copies do not. */
  async framesBehind(): Promise<number> {
    const journals = [this.#cluster, ...Array.from(this.#open.values(), ({ journal }) => journal)];
    const behind = journals.map(async (journal) => {
      if (journal === null) return 0;
      const [length, copied] = [await journal.length(), await journal.copiedLength()];
      return Math.max(0, length - copied);
    });
    return (await Promise.all(behind)).reduce((sum, frames) => sum + frames, 0);
  }

  async #followCluster(cluster: CopiedJournal, begin: (work: Promise<void>) => void, stop: AbortSignal): Promise<void> {
    let index = 0;
    const closed = new Set<string>();
    const listed = new Set<string>();
    const read = (payload: Uint8Array): void => {
      for (const event of decodeEvents(payload, `journal ${CLUSTER_JOURNAL}, frame ${index}`)) {
        if (event.kind === "EpochStarted") this.epoch = event.epoch;
        else if (event.kind === "RunListed") listed.add(event.run.runId);
        else if (event.kind === "RunClosed") closed.add(event.runId);
        else if (event.kind === "RunReopened") closed.delete(event.runId);
      }
      index += 1;
    };
    const update = (): void => {
      for (const runId of listed) if (!closed.has(runId)) begin(this.#followRun(runId, stop));
      for (const runId of closed) this.#open.get(runId)?.stop.abort();
      listed.clear();
    };
    for await (const { payload } of cluster.read(0)) read(payload);
    const ended = [...closed];
    update();
    begin(this.#catchUp(ended, stop));
    for await (const { payload } of cluster.watch(index, stop)) {
      read(payload);
      update();
    }
  }

  async #followRun(runId: string, stop: AbortSignal): Promise<void> {
    if (this.#open.has(runId)) return;
    const end = new AbortController();
    const journal = await this.#journals.open(runJournal(runId));
    this.#open.set(runId, { journal, stop: end });
    const signal = AbortSignal.any([stop, end.signal]);
    try {
      for await (const _ of journal.watch(await journal.copiedLength(), signal));
    } finally {
      this.#open.delete(runId);
      await journal.close();
    }
    // It was closed while its last frames were on their way.
    if (!stop.aborted) await this.#catchUp([runId], stop);
  }

  /** Copies what is missing of journals that nobody writes to any more. */
  async #catchUp(runIds: readonly string[], stop: AbortSignal): Promise<void> {
    for (const runId of runIds) {
      if (stop.aborted) return;
      const journal = await this.#journals.open(runJournal(runId));
      try {
        for await (const _ of journal.read(await journal.copiedLength())) if (stop.aborted) break;
      } catch (error) {
        // A run that has ended keeps nobody from leading.
        this.#log.error({ run: runId, error: MusterError.from(error).message }, "an ended run's journal is broken");
      } finally {
        await journal.close();
      }
    }
  }
}
