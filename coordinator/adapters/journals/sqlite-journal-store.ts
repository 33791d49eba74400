import { Worker } from "node:worker_threads";
import { type ErrorKind, MusterError } from "../../../base/muster-error.ts";
import type { AppendResult, Frame, Journal, JournalStore } from "../../ports/journal.ts";
import { AppendSignal } from "./append-signal.ts";
import { checkJournalName } from "./frame-hash.ts";
import { readFrom, type ReadPosition } from "./read-position.ts";

/** What the thread is asked; names are checked before. */
export type JournalCall =
  | { readonly kind: "open" | "length" | "remove" | "setAside" | "close"; readonly name: string }
  | { readonly kind: "list" }
  | {
      readonly kind: "append";
      readonly name: string;
      readonly payload: Uint8Array;
      readonly epoch: number;
      readonly expectedIndex: number;
    }
  | {
      readonly kind: "read";
      readonly name: string;
      readonly position: ReadPosition;
      readonly countMax: number;
    };

/** What the thread answers. */
export interface JournalReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly kind: ErrorKind; readonly message: string; readonly wayOut: string | undefined };
}

/** Some frames of a journal. */
export interface ReadPart {
  readonly frames: readonly Frame[];
  /** After the last of them. */
  readonly position: ReadPosition;
  /** Whether no frame follows. */
  readonly isEnd: boolean;
}

/** The most that SQLite knows. */
const PAGE_COUNT_MAX = 4_294_967_294;
/** Frames fetched from the thread at once. */
const READ_FRAMES = 64;

/** Journals as SQLite files in one folder (WAL, synchronous=FULL), owned by one worker thread. */
export class SqliteJournalStore implements JournalStore {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  /** Open handles by name: a reader that closes must not close the file under a writer. */
  readonly #handles = new Map<string, number>();
  readonly #signals = new Map<string, AppendSignal>();
  #nextId = 1;

  /** `pageCountMax`: how many pages of 4 KiB a journal may have (default: what the disk holds). */
  constructor(folder: string, { pageCountMax = PAGE_COUNT_MAX }: { readonly pageCountMax?: number } = {}) {
    this.#thread = new Worker(new URL("./sqlite-journal-thread.ts", import.meta.url), {
      workerData: { folder, pageCountMax },
      // It holds one frame at a time; a large young generation would only delay its garbage.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#thread.on("message", (reply: JournalReply) => this.#settle(reply));
    this.#thread.on("error", (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  async open(name: string): Promise<Journal> {
    checkJournalName(name);
    await this.ask({ kind: "open", name });
    this.#handles.set(name, (this.#handles.get(name) ?? 0) + 1);
    return new SqliteJournal(this, name);
  }

  async list(): Promise<readonly string[]> {
    return (await this.ask({ kind: "list" })) as string[];
  }

  async remove(name: string): Promise<void> {
    checkJournalName(name);
    this.#signals.get(name)?.close();
    this.#signals.delete(name);
    await this.ask({ kind: "remove", name });
  }

  /** Moves a journal's file out of the way, with its bytes as they are; its new path. The next frame begins another. */
  async setAside(name: string): Promise<string> {
    checkJournalName(name);
    return (await this.ask({ kind: "setAside", name })) as string;
  }

  async close(): Promise<void> {
    for (const signal of this.#signals.values()) signal.close();
    for (const name of this.#handles.keys()) await this.ask({ kind: "close", name });
    await this.#thread.terminate();
  }

  /** For this store's journals. */
  async release(name: string): Promise<void> {
    const handles = (this.#handles.get(name) ?? 1) - 1;
    if (handles > 0) this.#handles.set(name, handles);
    else {
      this.#handles.delete(name);
      await this.ask({ kind: "close", name });
    }
  }

  /** For this store's journals: what tells of the appends to one of them. */
  signalOf(name: string): AppendSignal {
    const known = this.#signals.get(name);
    if (known !== undefined) return known;
    const made = new AppendSignal();
    this.#signals.set(name, made);
    return made;
  }

  /** For this store's journals. */
  ask(call: JournalCall): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#thread.postMessage({ id, call });
    });
  }

  #settle({ id, value, error }: JournalReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else
      waiting?.reject(
        new MusterError(error.kind, error.message, error.wayOut === undefined ? {} : { wayOut: error.wayOut }),
      );
  }
}

class SqliteJournal implements Journal {
  readonly #store: SqliteJournalStore;
  readonly #name: string;
  readonly #appended: AppendSignal;
  #closed = false;

  constructor(store: SqliteJournalStore, name: string) {
    this.#store = store;
    this.#name = name;
    this.#appended = store.signalOf(name);
  }

  async append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult> {
    const call = { kind: "append", name: this.#name, payload, epoch, expectedIndex } as const;
    const result = (await this.#store.ask(call)) as AppendResult;
    if (result.kind === "durable") this.#appended.notify();
    return result;
  }

  read(fromIndex: number, epochMax?: number): AsyncIterable<Frame> {
    return this.#readOn(readFrom(fromIndex, epochMax));
  }

  async *watch(fromIndex: number, signal: AbortSignal): AsyncGenerator<Frame> {
    let position = readFrom(fromIndex);
    for (;;) {
      const seen = this.#appended.count;
      position = yield* this.#readOn(position, signal);
      if (!(await this.#appended.after(seen, signal))) return;
    }
  }

  async length(): Promise<number> {
    return (await this.#store.ask({ kind: "length", name: this.#name })) as number;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#store.release(this.#name);
  }

  /** The frames that are there; returns where they end. The thread reads on while the caller is busy with those before. */
  async *#readOn(from: ReadPosition, signal?: AbortSignal): AsyncGenerator<Frame, ReadPosition> {
    for (let reading = this.#readPart(from); ;) {
      const { frames, position, isEnd } = await reading;
      if (!isEnd) {
        reading = this.#readPart(position);
        // Awaited in its turn; a caller that wants no more must not hear of it.
        reading.catch(() => undefined);
      }
      for (const frame of frames) {
        if (signal?.aborted === true) return position;
        yield frame;
      }
      if (isEnd) return position;
    }
  }

  async #readPart(position: ReadPosition): Promise<ReadPart> {
    const call = { kind: "read", name: this.#name, position, countMax: READ_FRAMES } as const;
    return (await this.#store.ask(call)) as ReadPart;
  }
}
