import { MusterError } from "../../../base/muster-error.ts";
import type { AppendResult, Frame, Journal, JournalStore } from "../../ports/journal.ts";
import { AppendSignal } from "./append-signal.ts";
import { checkJournalName, FIRST_HASH, hashFrame } from "./frame-hash.ts";
import { brokenFrame, readFrom, readOn, type ReadPosition } from "./read-position.ts";

interface StoredFrame {
  readonly frame: Frame;
  /** What the frame's hash was when it was stored. */
  readonly hash: string;
}

/** A journal in memory, for tests. */
class MemoryJournal implements Journal {
  readonly #name: string;
  readonly #stored: StoredFrame[] = [];
  readonly #faults: MemoryJournalFaults;
  readonly #appended = new AppendSignal();

  constructor(name: string, faults: MemoryJournalFaults) {
    this.#name = name;
    this.#faults = faults;
  }

  async append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult> {
    const { full, bytesMax } = this.#faults;
    const bytes = this.#stored.reduce((sum, { frame }) => sum + frame.payload.length, payload.length);
    if (full || bytes > bytesMax) return { kind: "noSpace", message: "memory journal: no space (injected)" };
    const index = this.#stored.length;
    const last = this.#stored.at(-1);
    if (expectedIndex !== index || epoch < (last?.frame.epoch ?? 0)) return { kind: "conflict", nextIndex: index };
    const frame = { index, epoch, previousHash: last?.hash ?? FIRST_HASH, payload: payload.slice() };
    const hash = hashFrame(frame);
    this.plant(frame, hash);
    return { kind: "durable", index, hash };
  }

  async *read(fromIndex: number, epochMax?: number): AsyncGenerator<Frame> {
    yield* this.#readOn(readFrom(fromIndex, epochMax));
  }

  async *watch(fromIndex: number, signal: AbortSignal): AsyncGenerator<Frame> {
    for (let position = readFrom(fromIndex); !signal.aborted;) {
      const seen = this.#appended.count;
      position = yield* this.#readOn(position, signal);
      if (!(await this.#appended.after(seen, signal))) return;
    }
  }

  async length(): Promise<number> {
    return this.#stored.length;
  }

  async close(): Promise<void> {}

  plant(frame: Frame, hash: string): void {
    this.#stored.push({ frame, hash });
    this.#appended.notify();
  }

  endWatches(): void {
    this.#appended.close();
  }

  *#readOn(from: ReadPosition, signal?: AbortSignal): Generator<Frame, ReadPosition> {
    let position = from;
    for (const { frame, hash } of this.#stored.slice(from.index)) {
      if (signal?.aborted === true) break;
      if (hashFrame(frame) !== hash) throw brokenFrame(this.#name, position.index, "its bytes are damaged");
      position = readOn(position, frame, this.#name);
      yield frame;
    }
    return position;
  }
}

/** Faults that a test may switch on while the store is in use. */
export interface MemoryJournalFaults {
  /** Appends are refused as on a full disk. */
  full: boolean;
  /** As where a journal's payloads would be more than this. */
  bytesMax: number;
}

/** Journals in memory; they live as long as the store. */
export class MemoryJournalStore implements JournalStore {
  readonly faults: MemoryJournalFaults = { full: false, bytesMax: Number.POSITIVE_INFINITY };
  readonly #journals = new Map<string, MemoryJournal>();
  #closed = false;

  async open(name: string): Promise<Journal> {
    return this.#open(name);
  }

  async list(): Promise<readonly string[]> {
    return [...this.#journals.keys()].toSorted();
  }

  async remove(name: string): Promise<void> {
    this.#journals.get(name)?.endWatches();
    this.#journals.delete(name);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const journal of this.#journals.values()) journal.endWatches();
  }

  /** Puts a frame at the end as it is, whether it belongs there or not; `hash` is what its hash should be. */
  plant(name: string, frame: Frame, hash = hashFrame(frame)): void {
    this.#open(name).plant(frame, hash);
  }

  #open(name: string): MemoryJournal {
    checkJournalName(name);
    if (this.#closed) throw new MusterError("internal", "the journal store is closed");
    let journal = this.#journals.get(name);
    if (journal === undefined) {
      journal = new MemoryJournal(name, this.faults);
      this.#journals.set(name, journal);
    }
    return journal;
  }
}
