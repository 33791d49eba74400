import { closeSync, openSync, readSync, fstatSync } from "node:fs";
import { crc32, inflateRawSync } from "node:zlib";
import { MusterError } from "../muster-error.ts";

/** One file of an archive. */
export interface ZipMember {
  /** Its path in the archive, with slashes, checked to lead nowhere else. */
  readonly name: string;
  readonly bytes: number;
  /** Reads it. Throws `badData` where its bytes are not what the archive says. */
  read(): Buffer;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_SEARCH_BYTES = 65_557;
/** No file of a wheel that we unpack is larger; a bomb is. */
const MEMBER_BYTES_MAX = 512 * 2 ** 20;

/** A zip file (a wheel is one) that is open until `close`. Reads the central directory; no zip64, no encryption. */
export class ZipFile {
  readonly #file: string;
  readonly #descriptor: number;

  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, "r");
  }

  /** Its files, in the archive's order. Throws `badData` for what is no zip file. */
  members(): ZipMember[] {
    const { size } = fstatSync(this.#descriptor);
    const tail = this.#bytes(Math.max(0, size - END_SEARCH_BYTES), Math.min(size, END_SEARCH_BYTES));
    let at = tail.length - 22;
    while (at >= 0 && tail.readUInt32LE(at) !== END_SIGNATURE) at -= 1;
    if (at < 0) throw this.#damaged("it has no directory");
    const directory = this.#bytes(tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
    const members: ZipMember[] = [];
    for (let position = 0; position + 46 <= directory.length;) {
      if (directory.readUInt32LE(position) !== ENTRY_SIGNATURE) throw this.#damaged("its directory is torn");
      const nameLength = directory.readUInt16LE(position + 28);
      const name = directory.toString("utf8", position + 46, position + 46 + nameLength);
      if (!name.endsWith("/")) members.push(this.#member(directory, position, name));
      position += 46 + nameLength + directory.readUInt16LE(position + 30) + directory.readUInt16LE(position + 32);
    }
    return members;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #member(directory: Buffer, position: number, name: string): ZipMember {
    if (name.startsWith("/") || name.includes("\\") || name.split("/").includes("..")) {
      throw this.#damaged(`it holds a file outside itself, ${JSON.stringify(name)}`);
    }
    const method = directory.readUInt16LE(position + 10);
    const checksum = directory.readUInt32LE(position + 16);
    const [packed, bytes] = [directory.readUInt32LE(position + 20), directory.readUInt32LE(position + 24)];
    const header = directory.readUInt32LE(position + 42);
    if (bytes > MEMBER_BYTES_MAX) throw this.#damaged(`${name} claims ${bytes} bytes`);
    return {
      name,
      bytes,
      read: () => {
        const local = this.#bytes(header, 30);
        const start = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
        const stored = this.#bytes(start, packed);
        const content = method === 0 ? stored : this.#inflate(stored, bytes, name);
        if (content.length !== bytes || crc32(content) !== checksum) throw this.#damaged(`${name} is torn`);
        return content;
      },
    };
  }

  #inflate(stored: Buffer, bytes: number, name: string): Buffer {
    try {
      return inflateRawSync(stored, { maxOutputLength: bytes + 1 });
    } catch (error) {
      throw this.#damaged(`${name} cannot be unpacked: ${(error as Error).message}`);
    }
  }

  #bytes(from: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    if (readSync(this.#descriptor, buffer, 0, length, from) !== length) throw this.#damaged("it is cut off");
    return buffer;
  }

  #damaged(what: string): MusterError {
    return new MusterError("badData", `${this.#file} is damaged: ${what}`, {
      wayOut: "Delete it; it is fetched again.",
    });
  }
}
