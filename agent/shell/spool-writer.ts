import type { Logger } from "pino";
import type { Cancel, Clock } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import type { Input } from "../core/input.ts";
import type { Spool } from "../ports/spool.ts";
import type { ResponseBatch } from "../../proto/gen/muster/v1/agent_pb.js";
import { readSpooledBatch } from "./batch-maker.ts";

const RETRY_MS = 1_000;
/** Batches kept in memory until they are sent; those above it are read back from the disk. */
const FRESH_MAX = 64;
/** Acknowledged batches that are removed together. */
const REMOVED_AT_ONCE = 64;

/** Writes batches to the spool, all that were closed in one turn of the event loop with one commit. */
export class SpoolWriter {
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #take: (input: Input) => void;
  /** Not durable yet. */
  #waiting: { readonly batchNumber: number; readonly bytes: Uint8Array }[] = [];
  /** Durable, about to be sent for the first time: read back from memory instead of the disk. */
  readonly #fresh = new Map<number, Uint8Array>();
  #acknowledged: number[] = [];
  /** Batches in the spool. */
  #held: number;
  #lost = 0;
  #scheduled = false;
  #blocked = false;
  #closed = false;
  #cancelRetry: Cancel = () => {};

  constructor(parts: {
    readonly spool: Spool;
    readonly clock: Clock;
    readonly log: Logger;
    readonly take: (input: Input) => void;
  }) {
    this.#spool = parts.spool;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#take = parts.take;
    this.#held = parts.spool.numbers().length;
  }

  /** Adds a batch; that it is durable arrives at the core as an input. */
  add(batchNumber: number, bytes: Uint8Array): void {
    this.#waiting.push({ batchNumber, bytes });
    this.#schedule();
  }

  /** A batch to send, or null where the disk has lost it: that is told, and the core forgets it. */
  read(batchNumber: number): ResponseBatch | null {
    const fresh = this.#fresh.get(batchNumber);
    this.#fresh.delete(batchNumber);
    try {
      return readSpooledBatch(batchNumber, fresh ?? this.#spool.get(batchNumber));
    } catch (thrown) {
      this.#lose(batchNumber, MusterError.from(thrown));
      return null;
    }
  }

  #lose(batchNumber: number, error: MusterError): void {
    this.#lost += 1;
    const lost = { batchNumber, error: error.message, lostSoFar: this.#lost };
    this.#log.error(lost, `batch ${batchNumber} cannot be read from the spool; its requests are leased again`);
    this.#take({ kind: "BatchLost", batchNumber });
    if (error.kind === "notFound") return;
    this.#held -= 1;
    try {
      this.#spool.setAside(batchNumber);
    } catch (thrown) {
      this.#log.error({ batchNumber, error: MusterError.from(thrown).message }, "the damaged batch stays in its place");
    }
  }

  /** Forgets a batch, soon: many are removed with one commit, and one that is sent again costs nothing. */
  remove(batchNumber: number): void {
    this.#fresh.delete(batchNumber);
    this.#acknowledged.push(batchNumber);
    if (this.#areRemovable()) this.#schedule();
  }

  /** Enough for one commit, or all that there is: an idle agent's spool is empty. */
  #areRemovable(): boolean {
    return this.#acknowledged.length >= Math.min(REMOVED_AT_ONCE, this.#held);
  }

  /** Writes what is left. */
  close(): void {
    this.#flush(true);
    this.#closed = true;
    this.#cancelRetry();
    this.#spool.close();
  }

  #schedule(): void {
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    this.#clock.soon(() => this.#flush(false));
  }

  #flush(everything: boolean): void {
    this.#scheduled = false;
    if (this.#closed) return;
    const [batches, removed] = [this.#waiting, this.#acknowledged];
    try {
      if (removed.length > 0 && (everything || this.#areRemovable())) {
        this.#spool.remove(removed);
        this.#held -= removed.length;
        this.#acknowledged = [];
      }
      if (batches.length > 0) this.#spool.put(batches);
    } catch (thrown) {
      const error = MusterError.from(thrown);
      if (error.kind === "badData") this.#startOver(error);
      return this.#block(error);
    }
    this.#waiting = [];
    this.#held += batches.length;
    this.#setBlocked(false);
    for (const { batchNumber, bytes } of batches) {
      if (this.#fresh.size < FRESH_MAX) this.#fresh.set(batchNumber, bytes);
      this.#take({ kind: "BatchSpooled", batchNumber });
    }
  }

  /** The file is damaged: an empty one takes what comes; what only the old one has is told when it is to be sent. */
  #startOver(error: MusterError): void {
    try {
      const aside = this.#spool.startOver();
      this.#held = 0;
      this.#acknowledged = [];
      this.#log.error(
        { error: error.message, aside },
        "the spool is damaged; it was moved aside, an empty one goes on",
      );
    } catch (thrown) {
      this.#log.error({ error: MusterError.from(thrown).message }, "the damaged spool cannot be moved aside");
    }
  }

  /** Nothing is started until the disk takes what is waiting; nothing of it is lost meanwhile. */
  #block(error: MusterError): void {
    if (!this.#blocked) this.#log.error({ error: error.message }, "the spool cannot be written; no new work is begun");
    this.#setBlocked(true);
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.#flush(true));
  }

  #setBlocked(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    if (!blocked) this.#log.info("the spool can be written again");
    this.#take({ kind: "SpoolBlocked", blocked });
  }
}
