/** Batches of responses on this agent's disk, from the moment they are made until the coordinator has them. */
export interface Spool {
  /** Numbers of the batches that are here, ascending. */
  numbers(): readonly number[];
  /** Size of the batches that are here, bytes. */
  bytes(): number;
  /** The first number that no batch of this spool ever had; numbers are never used twice, also after a restart. */
  nextNumber(): number;
  /**
   * Writes batches and returns once they are durable. Throws `noSpace` where the disk takes no more, `badData` where the
   * spool is damaged; then none is kept.
   */
  put(batches: readonly { readonly batchNumber: number; readonly bytes: Uint8Array }[]): void;
  /** A batch's bytes. Throws `notFound` for one that is not here, `badData` for one that is not as it was put. */
  get(batchNumber: number): Uint8Array;
  /** Forgets batches. Need not be durable: one that comes back is sent again, and counted once. */
  remove(batchNumbers: readonly number[]): void;
  /** Keeps a damaged batch where it can be looked at; it is not one of the batches any more. */
  setAside(batchNumber: number): void;
  /** Moves a damaged spool aside, all that is in it, and begins an empty one whose numbers go on; the old one's name. */
  startOver(): string;
  close(): void;
}
