/** Batches of responses on this agent's disk, from the moment they are made until the coordinator has them. */
export interface Spool {
  /** Numbers of the batches that are here, ascending. */
  numbers(): readonly number[];
  /** The first number that no batch of this spool ever had; numbers are never used twice, also after a restart. */
  nextNumber(): number;
  /** Writes batches and returns once they are durable. Throws `noSpace` where the disk takes no more; then none is kept. */
  put(batches: readonly { readonly batchNumber: number; readonly bytes: Uint8Array }[]): void;
  /** A batch's bytes. Throws `notFound` for one that is not here. */
  get(batchNumber: number): Uint8Array;
  /** Forgets batches. Need not be durable: one that comes back is sent again, and counted once. */
  remove(batchNumbers: readonly number[]): void;
  close(): void;
}
