// A journal as one file, for copies that travel: a line of JSON that names it, then its frames.
//   frame = length u32 | crc u32 | index u64 | epoch u64 | hash of the frame before, 32 bytes | payload
// Numbers are little-endian; length counts what follows the crc, and the crc is over that.
import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { MusterError } from "../../../base/muster-error.ts";
import type { Frame } from "../../ports/journal.ts";
import { checkJournalName, FIRST_HASH, hashFrame } from "./frame-hash.ts";

const FORMAT = "muster-journal/1";
const LEAD_BYTES = 8;
const HEAD_BYTES = 48;
const PAYLOAD_MAX = 16 << 20;

/** The first line of such a file. */
export function frameFileHeader(journal: string): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, journal })}\n`);
}

/** One frame's bytes. */
export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = Buffer.alloc(LEAD_BYTES + HEAD_BYTES + frame.payload.length);
  bytes.writeUInt32LE(bytes.length - LEAD_BYTES, 0);
  bytes.writeBigUInt64LE(BigInt(frame.index), 8);
  bytes.writeBigUInt64LE(BigInt(frame.epoch), 16);
  bytes.write(frame.previousHash, 24, "hex");
  bytes.set(frame.payload, LEAD_BYTES + HEAD_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(LEAD_BYTES)), 4);
  return bytes;
}

/** Reads the name of a file's journal. Throws `badData` for another kind of file. */
export async function readFrameFileName(path: string): Promise<string> {
  for await (const name of readParts(path)) if (typeof name === "string") return name;
  throw broken(path, "it is empty");
}

/** A file's frames. Throws `badData`, naming the place, at a torn end, a flipped bit, a gap or a falling epoch. */
export async function* readFrameFile(path: string): AsyncGenerator<Frame> {
  let [hash, epoch, index] = [FIRST_HASH, 0, 0];
  for await (const part of readParts(path)) {
    if (typeof part === "string") continue;
    if (part.index !== index || part.previousHash !== hash) throw broken(path, `frame ${index} does not follow`);
    if (part.epoch < epoch) throw broken(path, `frame ${index} is of epoch ${part.epoch}, after epoch ${epoch}`);
    yield part;
    [hash, epoch, index] = [hashFrame(part), part.epoch, index + 1];
  }
}

/** The journal's name, then its frames one by one, each whole. */
async function* readParts(path: string): AsyncGenerator<string | Frame> {
  let rest: Buffer = Buffer.alloc(0);
  let index = -1;
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 })) {
    rest = Buffer.concat([rest, bytes as Buffer]);
    if (index < 0) {
      const end = rest.indexOf(10);
      if (end < 0 && rest.length < 1024) continue;
      yield readHeader(path, rest.subarray(0, Math.max(0, end)));
      rest = rest.subarray(end + 1);
      index = 0;
    }
    for (let length = frameLength(path, rest, index); length <= rest.length; length = frameLength(path, rest, index)) {
      yield decodeFrame(path, rest.subarray(0, length), index);
      rest = rest.subarray(length);
      index += 1;
    }
  }
  if (index < 0) throw broken(path, "it does not begin as one");
  if (rest.length > 0) throw broken(path, `it ends in the middle of frame ${index}`);
}

function readHeader(path: string, line: Buffer): string {
  try {
    const { format, journal } = JSON.parse(line.toString()) as { format?: unknown; journal?: unknown };
    if (format === FORMAT && typeof journal === "string") {
      checkJournalName(journal);
      return journal;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw broken(path, "it does not begin as one");
}

/** Bytes of the next frame; infinite while too few are there to tell. */
function frameLength(path: string, rest: Buffer, index: number): number {
  if (rest.length < LEAD_BYTES) return Number.POSITIVE_INFINITY;
  const length = rest.readUInt32LE(0);
  if (length < HEAD_BYTES || length > HEAD_BYTES + PAYLOAD_MAX) throw broken(path, `frame ${index} is damaged`);
  return LEAD_BYTES + length;
}

function decodeFrame(path: string, bytes: Buffer, index: number): Frame {
  if (crc32(bytes.subarray(LEAD_BYTES)) !== bytes.readUInt32LE(4)) throw broken(path, `frame ${index} is damaged`);
  return {
    index: Number(bytes.readBigUInt64LE(8)),
    epoch: Number(bytes.readBigUInt64LE(16)),
    previousHash: bytes.toString("hex", 24, LEAD_BYTES + HEAD_BYTES),
    payload: Uint8Array.from(bytes.subarray(LEAD_BYTES + HEAD_BYTES)),
  };
}

function broken(path: string, what: string): MusterError {
  return new MusterError("badData", `${path} is no whole copy of a journal: ${what}`, {
    wayOut: "Nothing was changed. Take another copy.",
  });
}
