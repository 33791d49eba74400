/** A batch of events as it lies in the journal: opaque bytes plus what makes a silent loss visible. */
export interface Frame {
  /** Position in the journal, from 0, without gaps. */
  readonly index: number;
  /** The coordinator's fencing number when it wrote the frame; never decreases. */
  readonly epoch: number;
  /** Hex SHA-256 of the previous frame's hash input; 64 zeros for the first. */
  readonly previousHash: string;
  /** The events, encoded. At most 16 MiB. */
  readonly payload: Uint8Array;
}

/** What became of an append. `conflict`: another writer was there first; the caller is fenced and must stop. */
export type AppendResult =
  | { readonly kind: "durable"; readonly index: number; readonly hash: string }
  | { readonly kind: "conflict"; readonly nextIndex: number }
  | { readonly kind: "noSpace"; readonly message: string };

/** The append-only list of frames of one journal (the cluster's, or one run's). */
export interface Journal {
  /** Appends one frame if the journal holds exactly `expectedIndex` frames. Resolves when it is durable. */
  append(payload: Uint8Array, epoch: number, expectedIndex: number): Promise<AppendResult>;
  /**
   * Frames from `fromIndex` on. Throws `badData` naming the place at a gap, damaged bytes, a wrong hash, a falling epoch
   * or, for a reader that knows which epoch began last, one after `epochMax`. What is whole before it is read.
   */
  read(fromIndex: number, epochMax?: number): AsyncIterable<Frame>;
  /** As `read`, then each frame as it becomes durable, until aborted or closed. */
  watch(fromIndex: number, signal: AbortSignal): AsyncIterable<Frame>;
  /** Number of frames. */
  length(): Promise<number>;
  close(): Promise<void>;
}

/** A journal whose frames, as far as they were written or read here, also lie on this machine. */
export interface CopiedJournal extends Journal {
  /** Number of frames that lie here. */
  copiedLength(): Promise<number>;
}

/** All journals: `cluster` and one for each run. */
export interface JournalStore {
  /** Opens or creates a journal; `name` matches [a-z0-9-]{1,80}. */
  open(name: string): Promise<Journal>;
  list(): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Journals with a copy on this machine. */
export interface CopiedJournals extends JournalStore {
  open(name: string): Promise<CopiedJournal>;
}
