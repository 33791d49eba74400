import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Behind a Parquet file's metadata: their length, and a mark of four bytes. */
export const TAIL_BYTES = 8;

/** How many bytes at the end of a Parquet file are its footer, told by the last ones of it. */
export function footerLength(end: Buffer): number {
  return end.length < TAIL_BYTES ? 0 : end.readUInt32LE(end.length - TAIL_BYTES) + TAIL_BYTES;
}

/** The footer of a Parquet file on this disk; the whole file where it is none. */
export function readFooterBytes(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const end = (length: number): Buffer => {
      const bytes = Buffer.alloc(Math.min(length, size));
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
    };
    return end(footerLength(end(TAIL_BYTES)));
  } finally {
    closeSync(file);
  }
}
