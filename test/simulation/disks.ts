// What survives a process: its journals, blobs, run files and spool. Each life of a process reaches them through adapters
// of its own, which take virtual time and stop with it.
import { crc32 } from "node:zlib";
import { MusterError } from "../../base/muster-error.ts";
import type { Spool } from "../../agent/ports/spool.ts";
import { FIRST_HASH, hashFrame } from "../../coordinator/adapters/journals/frame-hash.ts";
import type { AppendResult, Frame, Journal, JournalStore } from "../../coordinator/ports/journal.ts";
import type { RunFileName, RunFiles } from "../../coordinator/ports/run-files.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { StoredBlobs, WRITE_MAX_MS } from "./blobs.ts";
import { pause, type ProcessLife } from "./process-life.ts";

/** Slowest everyday append of a frame, and read, milliseconds. */
const APPEND_MAX_MS = 30;
const READ_MAX_MS = 4;

/** What may be wrong with a disk at the moment. */
export interface DiskTrouble {
  full: boolean;
  /** Milliseconds that each sync takes on top. */
  slowMs: number;
}

/** What became of a write that its process did not live to see. */
export type CutWrite = "kept" | "lost" | "torn";

interface StoredJournal {
  readonly frames: Frame[];
  /** Of each frame's payload. */
  readonly checksums: number[];
  lastHash: string;
  lastEpoch: number;
}

/** What one life wants to append. */
interface Append {
  readonly payload: Uint8Array;
  readonly epoch: number;
  readonly expectedIndex: number;
  readonly life: ProcessLife;
}

/** Hears of every frame that becomes durable. */
export type FrameListener = (journal: string, frame: Frame, life: ProcessLife) => void;

/** The coordinators' disk; several coordinators may share it, as they share a cluster's store. */
export class CoordinatorDisk {
  readonly trouble: DiskTrouble = { full: false, slowMs: 0 };
  readonly journals = new Map<string, StoredJournal>();
  readonly blobs = new StoredBlobs();
  readonly files = new Map<string, string>();
  /** Appends under way, by the life that waits for them. */
  readonly writing = new Map<ProcessLife, Set<() => CutWrite>>();
  readonly random: SeededRandom;
  readonly #onFrame: FrameListener;
  #flipped: { readonly journal: StoredJournal; readonly index: number; readonly frame: Frame } | null = null;

  constructor(random: SeededRandom, onFrame: FrameListener) {
    this.random = random;
    this.#onFrame = onFrame;
  }

  /** Whether nothing of a life is on its way to the disk. */
  isIdle(life: ProcessLife): boolean {
    return (this.writing.get(life)?.size ?? 0) === 0;
  }

  /** The process died: what it was writing is kept, lost, or torn and thrown away by the next one that opens it. */
  cutOff(life: ProcessLife): CutWrite[] {
    const writes = [...(this.writing.get(life) ?? [])].map((settle) => settle());
    this.writing.delete(life);
    return writes;
  }

  /** Flips a bit of a frame in one of some journals, if there is any. */
  flipBit(isMeant: (journal: string) => boolean): void {
    const names = [...this.journals.keys()].filter(
      (name) => isMeant(name) && this.journals.get(name)!.frames.length > 0,
    );
    if (names.length === 0 || this.#flipped !== null) return;
    const journal = this.journals.get(this.random.pick(names))!;
    const index = this.random.below(journal.frames.length);
    const frame = journal.frames[index]!;
    const payload = Uint8Array.from(frame.payload);
    payload[this.random.below(payload.length)]! ^= 1 << this.random.below(8);
    this.#flipped = { journal, index, frame };
    journal.frames[index] = { ...frame, payload };
  }

  get isFlipped(): boolean {
    return this.#flipped !== null;
  }

  /** An operator brings the frame back from a copy. */
  repair(): void {
    if (this.#flipped !== null) this.#flipped.journal.frames[this.#flipped.index] = this.#flipped.frame;
    this.#flipped = null;
  }

  journal(name: string): StoredJournal {
    let journal = this.journals.get(name);
    if (journal === undefined) {
      journal = { frames: [], checksums: [], lastHash: FIRST_HASH, lastEpoch: 0 };
      this.journals.set(name, journal);
    }
    return journal;
  }

  /** Appends in one moment, as the disk does in the end. */
  keep(name: string, { payload, epoch, expectedIndex, life }: Append): AppendResult {
    const journal = this.journal(name);
    const index = journal.frames.length;
    if (expectedIndex !== index || epoch < journal.lastEpoch) return { kind: "conflict", nextIndex: index };
    const frame: Frame = { index, epoch, previousHash: journal.lastHash, payload };
    journal.frames.push(frame);
    journal.checksums.push(crc32(payload));
    journal.lastHash = hashFrame(frame);
    journal.lastEpoch = epoch;
    this.#onFrame(name, frame, life);
    return { kind: "durable", index, hash: journal.lastHash };
  }
}

/** The journals as one life of a coordinator reaches them. */
export class LifeJournals implements JournalStore {
  readonly #disk: CoordinatorDisk;
  readonly #life: ProcessLife;

  constructor(disk: CoordinatorDisk, life: ProcessLife) {
    this.#disk = disk;
    this.#life = life;
  }

  async open(name: string): Promise<Journal> {
    const disk = this.#disk;
    const life = this.#life;
    disk.journal(name);
    return {
      append: (payload, epoch, expectedIndex) => this.#append(name, { payload, epoch, expectedIndex, life }),
      async *read(fromIndex) {
        await pause(life, disk.random.below(READ_MAX_MS));
        yield* verified(name, disk.journal(name), fromIndex);
      },
      watch: () => {
        throw new Error("nobody watches here");
      },
      length: () => Promise.resolve(disk.journal(name).frames.length),
      close: () => Promise.resolve(),
    };
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#disk.journals.keys()].toSorted());
  }

  remove(name: string): Promise<void> {
    this.#disk.journals.delete(name);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #append(name: string, append: Append): Promise<AppendResult> {
    const disk = this.#disk;
    const life = this.#life;
    const writing = disk.writing.get(life) ?? new Set();
    disk.writing.set(life, writing);
    return new Promise((resolve) => {
      let isOpen = true;
      const cut = (): CutWrite => {
        if (!isOpen) return "kept";
        isOpen = false;
        const became = disk.random.pick<CutWrite>(["kept", "lost", "torn"]);
        if (became === "kept") disk.keep(name, append);
        return became;
      };
      writing.add(cut);
      // The disk does not wait for a process that stands still.
      life.outside(disk.random.below(APPEND_MAX_MS) + disk.trouble.slowMs, () => {
        if (!isOpen) return;
        isOpen = false;
        const result: AppendResult = disk.trouble.full
          ? { kind: "noSpace", message: "the disk is full" }
          : disk.keep(name, append);
        life.now(() => {
          writing.delete(cut);
          resolve(result);
        });
      });
    });
  }
}

function* verified(name: string, journal: StoredJournal, fromIndex: number): Generator<Frame> {
  for (const frame of journal.frames.slice(fromIndex)) {
    if (crc32(frame.payload) !== journal.checksums[frame.index]) throw broken(name, frame.index);
    yield frame;
  }
}

function broken(name: string, index: number): MusterError {
  return new MusterError("badData", `journal ${name}, frame ${index}: its bytes are damaged`);
}

/** The files beside the journals. */
export class LifeRunFiles implements RunFiles {
  readonly #disk: CoordinatorDisk;
  readonly #life: ProcessLife;

  constructor(disk: CoordinatorDisk, life: ProcessLife) {
    this.#disk = disk;
    this.#life = life;
  }

  outputFolder(runId: string): string {
    return runId;
  }

  read(runId: string, name: RunFileName): Promise<string | null> {
    return Promise.resolve(this.#disk.files.get(`${runId}/${name}`) ?? null);
  }

  async write(runId: string, name: RunFileName, text: string): Promise<void> {
    await pause(this.#life, this.#disk.random.below(WRITE_MAX_MS));
    if (this.#disk.trouble.full) throw new MusterError("noSpace", "no space to write a file");
    this.#disk.files.set(`${runId}/${name}`, text);
  }
}

/** An agent's disk. */
export class AgentDisk {
  readonly name: string;
  readonly trouble: DiskTrouble = { full: false, slowMs: 0 };
  readonly batches = new Map<number, Uint8Array>();
  /** The process dies while it writes next. */
  killOnPut: (() => void) | null = null;
  highest = 0;
  /** What the process has removed, and the disk not yet: back after a crash, perhaps. */
  readonly removing = new Set<number>();

  /** Batches that a coordinator said it has. An agent removes them in its own time. */
  readonly acknowledged = new Set<number>();

  constructor(name: string) {
    this.name = name;
  }

  /** Batches that nobody else has. */
  get held(): number {
    let held = 0;
    for (const batchNumber of this.batches.keys()) if (!this.acknowledged.has(batchNumber)) held += 1;
    return held;
  }

  /** The process died: removals that were not synced may not have happened. */
  cutOff(random: SeededRandom): void {
    for (const batchNumber of this.removing) if (random.below(2) === 0) this.batches.delete(batchNumber);
    this.removing.clear();
  }
}

/** The spool as one life of an agent reaches it; writes are durable when they return, as SQLite's are. */
export class LifeSpool implements Spool {
  readonly #disk: AgentDisk;
  readonly #random: SeededRandom;

  constructor(disk: AgentDisk, random: SeededRandom) {
    this.#disk = disk;
    this.#random = random;
  }

  numbers(): readonly number[] {
    return [...this.#disk.batches.keys()].toSorted((left, right) => left - right);
  }

  bytes(): number {
    let bytes = 0;
    for (const batch of this.#disk.batches.values()) bytes += batch.length;
    return bytes;
  }

  nextNumber(): number {
    return this.#disk.highest + 1;
  }

  put(batches: readonly { readonly batchNumber: number; readonly bytes: Uint8Array }[]): void {
    if (this.#disk.trouble.full) throw new MusterError("noSpace", "the spool's disk is full");
    const { killOnPut } = this.#disk;
    this.#disk.killOnPut = null;
    killOnPut?.();
    if (killOnPut !== null && this.#random.below(2) === 0) return;
    for (const { batchNumber, bytes } of batches) {
      if (batchNumber <= this.#disk.highest) throw new Error(`bug: batch ${batchNumber} was written before`);
      this.#disk.batches.set(batchNumber, bytes);
      this.#disk.highest = Math.max(this.#disk.highest, batchNumber);
    }
  }

  get(batchNumber: number): Uint8Array {
    const bytes = this.#disk.batches.get(batchNumber);
    if (bytes === undefined) throw new MusterError("notFound", `batch ${batchNumber} is not in the spool`);
    return bytes;
  }

  remove(batchNumbers: readonly number[]): void {
    for (const batchNumber of batchNumbers) this.#disk.removing.add(batchNumber);
  }

  setAside(batchNumber: number): void {
    this.#disk.batches.delete(batchNumber);
  }

  startOver(): string {
    this.#disk.batches.clear();
    return "aside";
  }

  close(): void {}
}
