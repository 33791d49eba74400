// A frame as messages of a stream: one, or several where it is larger than the server takes at once.
//   crc u32 | compressed u8 | part u16 | parts u16 | index u64 | epoch u64 | hash of the frame before, 32 bytes |
//   writer, 16 bytes | payload, or a part of it
// Numbers are little-endian; the crc is over what follows it. The writer's number tells who wrote a frame where two
// write the same: a lost acknowledgement is looked up by comparing bytes.
import { promisify } from "node:util";
import { crc32, zstdCompress, zstdDecompress } from "node:zlib";
import { ZSTD_OPTIONS } from "../../../base/node/zstd-options.ts";
import type { Frame } from "../../ports/journal.ts";

const HEAD_BYTES = 73;
const WRITER_AT = 57;
/** Payloads above this are compressed. */
const COMPRESS_BYTES = 1024;
/** What the subject and the client's headers may take of a message. */
const RESERVED_BYTES = 1024;
const PART_BYTES_MAX = 1 << 20;
const PAYLOAD_BYTES_MAX = 16 << 20;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** A message's content. */
export interface FramePart {
  readonly part: number;
  readonly parts: number;
  readonly isCompressed: boolean;
  readonly index: number;
  readonly epoch: number;
  readonly previousHash: string;
  readonly bytes: Uint8Array;
}

/** The messages of a frame, each of at most `messageBytesMax` with what the client adds. */
export async function encodeMessages(
  frame: Frame,
  writer: Uint8Array,
  messageBytesMax: number,
): Promise<readonly Uint8Array[]> {
  const isCompressed = frame.payload.length > COMPRESS_BYTES;
  const stored = isCompressed ? await compress(frame.payload, ZSTD_OPTIONS) : frame.payload;
  const partBytes = Math.min(messageBytesMax, PART_BYTES_MAX) - HEAD_BYTES - RESERVED_BYTES;
  const parts = Math.max(1, Math.ceil(stored.length / partBytes));
  return Array.from({ length: parts }, (_, part) => {
    const bytes = stored.subarray(part * partBytes, (part + 1) * partBytes);
    const message = Buffer.alloc(HEAD_BYTES + bytes.length);
    message.writeUInt8(isCompressed ? 1 : 0, 4);
    message.writeUInt16LE(part, 5);
    message.writeUInt16LE(parts, 7);
    message.writeBigUInt64LE(BigInt(frame.index), 9);
    message.writeBigUInt64LE(BigInt(frame.epoch), 17);
    message.write(frame.previousHash, 25, "hex");
    message.set(writer, WRITER_AT);
    message.set(bytes, HEAD_BYTES);
    message.writeUInt32LE(crc32(message.subarray(4)), 0);
    return message;
  });
}

/** Reads one message; null where its bytes are damaged. */
export function decodeMessage(data: Uint8Array): FramePart | null {
  const message = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (message.length < HEAD_BYTES || crc32(message.subarray(4)) !== message.readUInt32LE(0)) return null;
  return {
    isCompressed: message.readUInt8(4) === 1,
    part: message.readUInt16LE(5),
    parts: message.readUInt16LE(7),
    index: Number(message.readBigUInt64LE(9)),
    epoch: Number(message.readBigUInt64LE(17)),
    previousHash: message.toString("hex", 25, WRITER_AT),
    bytes: message.subarray(HEAD_BYTES),
  };
}

/** Puts a frame together; null where the parts are not all those of one frame, in order. */
export async function joinParts(parts: readonly FramePart[]): Promise<Frame | null> {
  const first = parts[0];
  if (first === undefined || first.parts !== parts.length) return null;
  const { index, epoch, previousHash, isCompressed } = first;
  for (const [at, part] of parts.entries()) {
    if (part.part !== at || part.index !== index || part.parts !== first.parts) return null;
  }
  const stored = parts.length === 1 ? first.bytes : Buffer.concat(parts.map(({ bytes }) => bytes));
  try {
    const payload = isCompressed
      ? await decompress(stored, { maxOutputLength: PAYLOAD_BYTES_MAX })
      : Uint8Array.from(stored);
    return { index, epoch, previousHash, payload };
  } catch {
    return null;
  }
}
