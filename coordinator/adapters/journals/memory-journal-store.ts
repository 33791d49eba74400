import { MusterError } from "../../../base/muster-error.ts";
import type { AppendResult, Frame, Journal, JournalStore } from "../../ports/journal.ts";
import { checkJournalName, FIRST_HASH, hashFrame } from "./frame-hash.ts";

/** A journal in memory, for tests. */
class MemoryJournal implements Journal {
  readonly #frames: Frame[] = [];
  readonly #faults: MemoryJournalFaults;
  #lastHash = FIRST_HASH;

  constructor(faults: MemoryJournalFaults) {
    this.#faults = faults;
  }

  async append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult> {
    if (this.#faults.full) return { kind: "noSpace", message: "memory journal: no space (injected)" };
    const index = this.#frames.length;
    if (expectedIndex !== index) return { kind: "conflict", nextIndex: index };
    const frame = { index, epoch, previousHash: this.#lastHash, payload: payload.slice() };
    this.#frames.push(frame);
    this.#lastHash = hashFrame(frame);
    return { kind: "durable", index, hash: this.#lastHash };
  }

  async *read(fromIndex: number): AsyncGenerator<Frame> {
    yield* this.#frames.slice(fromIndex);
  }

  async length(): Promise<number> {
    return this.#frames.length;
  }

  async close(): Promise<void> {}
}

/** Faults that a test may switch on while the store is in use. */
export interface MemoryJournalFaults {
  /** Appends are refused as on a full disk. */
  full: boolean;
}

/** Journals in memory; they live as long as the store. */
export class MemoryJournalStore implements JournalStore {
  readonly faults: MemoryJournalFaults = { full: false };
  readonly #journals = new Map<string, MemoryJournal>();
  #closed = false;

  async open(name: string): Promise<Journal> {
    checkJournalName(name);
    if (this.#closed) throw new MusterError("internal", "the journal store is closed");
    let journal = this.#journals.get(name);
    if (journal === undefined) {
      journal = new MemoryJournal(this.faults);
      this.#journals.set(name, journal);
    }
    return journal;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#journals.keys()].toSorted();
  }

  async remove(name: string): Promise<void> {
    this.#journals.delete(name);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
