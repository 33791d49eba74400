import type { Logger } from "pino";
import { MusterError } from "../../../base/muster-error.ts";
import type { AppendResult, CopiedJournal, Frame, Journal } from "../../ports/journal.ts";
import { hashFrame } from "../journals/frame-hash.ts";
import { readOn } from "../journals/read-position.ts";

/** What a mirrored journal is made of. */
export interface MirroredJournalParts {
  readonly name: string;
  readonly journal: Journal;
  readonly copy: Journal;
  readonly log: Logger;
  /** Moves the copy away, for a fresh one; its new name. */
  readonly setAside: () => Promise<string>;
  readonly onClose: () => void;
}

/** A journal and its copy, whose frames are the journal's first ones. A copy that cannot be written falls behind. */
export class MirroredJournal implements CopiedJournal {
  readonly #parts: MirroredJournalParts;
  /** What is being added to the copy. */
  #adding: Promise<void> = Promise.resolve();
  #isBehind = false;

  constructor(parts: MirroredJournalParts) {
    this.#parts = parts;
  }

  /** Resolves when the journal holds the frame; the copy follows. */
  async append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult> {
    const result = await this.#parts.journal.append(payload, epoch, expectedIndex);
    if (result.kind === "durable") void this.#add({ index: result.index, epoch, payload });
    return result;
  }

  async *read(fromIndex: number, epochMax = Number.POSITIVE_INFINITY): AsyncGenerator<Frame> {
    let last: Frame | null = null;
    for await (const frame of this.#readCopy(fromIndex)) {
      // What is wrong with it the journal says.
      if (frame.epoch > epochMax) break;
      yield frame;
      last = frame;
    }
    const next = last === null ? fromIndex : last.index + 1;
    for await (const frame of this.#parts.journal.read(next, epochMax)) {
      if (frame.index === next && last !== null) {
        const seam = { index: next, previousHash: hashFrame(last), epochMin: last.epoch, epochMax };
        readOn(seam, frame, this.#parts.name);
      }
      await this.#add(frame);
      yield frame;
    }
  }

  async *watch(fromIndex: number, signal: AbortSignal): AsyncGenerator<Frame> {
    for await (const frame of this.#parts.journal.watch(fromIndex, signal)) {
      await this.#add(frame);
      yield frame;
    }
  }

  length(): Promise<number> {
    return this.#parts.journal.length();
  }

  async copiedLength(): Promise<number> {
    await this.#adding;
    return this.#parts.copy.length();
  }

  async close(): Promise<void> {
    const { journal, copy, onClose } = this.#parts;
    await this.#adding;
    onClose();
    await copy.close();
    await journal.close();
  }

  /** What the copy holds from there on; less where it is damaged, which is then moved away. */
  async *#readCopy(fromIndex: number): AsyncGenerator<Frame> {
    const { name, copy, log, setAside } = this.#parts;
    try {
      yield* copy.read(fromIndex);
    } catch (error) {
      const aside = await setAside();
      const { message } = MusterError.from(error);
      log.error({ journal: name, error: message, aside }, "the copy of a journal is damaged; it is made anew");
      this.#isBehind = true;
    }
  }

  #add(frame: Pick<Frame, "index" | "epoch" | "payload">): Promise<void> {
    this.#adding = this.#adding.then(() => this.#addNow(frame));
    return this.#adding;
  }

  async #addNow({ index, epoch, payload }: Pick<Frame, "index" | "epoch" | "payload">): Promise<void> {
    const { name, journal, copy, log } = this.#parts;
    try {
      let result = await copy.append(payload, epoch, index);
      if (result.kind === "conflict" && result.nextIndex < index) {
        for await (const missed of journal.read(result.nextIndex)) {
          result = await copy.append(missed.payload, missed.epoch, missed.index);
          if (result.kind !== "durable" || missed.index === index) break;
        }
      }
      if (result.kind === "noSpace") throw new MusterError("noSpace", result.message);
      if (this.#isBehind) log.info({ journal: name }, "the copy of a journal is complete again");
      this.#isBehind = false;
    } catch (error) {
      // The journal itself has it: a copy that lags costs nothing but time at the next start.
      const { message } = MusterError.from(error);
      if (!this.#isBehind) log.warn({ journal: name, error: message }, "the copy of a journal falls behind");
      this.#isBehind = true;
    }
  }
}
