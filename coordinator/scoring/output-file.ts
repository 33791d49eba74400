import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isDiskFull } from "../../base/node/disk-full.ts";
import { MusterError } from "../../base/muster-error.ts";

const BUFFER_BYTES = 256 * 1024;
const PARTIAL = /^\.muster-.*\.partial$/;
const OUTPUT = /^(?:results_.*\.json|(?:samples|responses)_.*\.jsonl|manifest\.json)$/;

/** A file of a manifest. */
export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The folder of a run's output files. Files are written under hidden names and get their own all at once in `commit`,
 * so nobody sees half of them. For worker threads: it blocks.
 */
export class OutputFolder {
  readonly #folder: string;
  readonly #files: OutputFile[] = [];
  readonly #scratch: OutputFile[] = [];

  /** Makes the folder; throws `permission` or `noSpace` where that is impossible. */
  constructor(folder: string) {
    this.#folder = folder;
    explained(folder, () => {
      mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(folder)) if (PARTIAL.test(name)) rmSync(join(folder, name));
    });
  }

  /** A file that `commit` will give this name. */
  create(name: string): OutputFile {
    const file = new OutputFile(this.#folder, name);
    this.#files.push(file);
    return file;
  }

  /** A file for the time of writing the others. */
  scratch(): OutputFile {
    const file = new OutputFile(this.#folder, "");
    this.#scratch.push(file);
    return file;
  }

  /** Ends all files but one, and says what is in them. */
  describe(except: OutputFile): WrittenFile[] {
    return explained(this.#folder, () => this.#files.filter((file) => file !== except).map((file) => file.finish()));
  }

  /** Gives all files their names, in the order of their making; those of an earlier attempt go. */
  commit(): void {
    explained(this.#folder, () => {
      for (const file of this.#files) file.finish();
      for (const file of this.#scratch) file.remove();
      for (const name of readdirSync(this.#folder)) if (OUTPUT.test(name)) rmSync(join(this.#folder, name));
      for (const file of this.#files) file.reveal();
      const folder = openSync(this.#folder, "r");
      fsyncSync(folder);
      closeSync(folder);
    });
  }

  /** Removes what was not committed. */
  discard(): void {
    for (const file of [...this.#files, ...this.#scratch]) file.remove();
  }
}

/** A file being written from front to back, that can be read meanwhile. */
export class OutputFile {
  readonly #folder: string;
  readonly #name: string;
  readonly #path: string;
  readonly #hash = createHash("sha256");
  /** Bytes that wait for `flush`; one buffer for the life of the file, so writing makes no garbage. */
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #descriptor: number | null;
  #buffered = 0;
  #bytes = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#path = join(folder, `.muster-${randomUUID()}.partial`);
    this.#descriptor = explained(folder, () => openSync(this.#path, "wx+"));
  }

  /** Bytes written so far: where the next ones will lie. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a text as UTF-8. */
  writeText(text: string): void {
    // A UTF-16 unit becomes three bytes at most.
    if (text.length * 3 > BUFFER_BYTES) {
      this.write(Buffer.from(text, "utf8"));
      return;
    }
    if (text.length * 3 > BUFFER_BYTES - this.#buffered) this.flush();
    const count = this.#buffer.write(text, this.#buffered, "utf8");
    this.#buffered += count;
    this.#bytes += count;
  }

  /** Appends bytes. */
  write(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#buffered) this.flush();
    this.#bytes += bytes.length;
    if (bytes.length > BUFFER_BYTES) {
      this.#put(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Makes all that was written readable. */
  flush(): void {
    this.#put(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  /** Reads bytes of the flushed part into a buffer's beginning. */
  readInto(buffer: Buffer, position: number, length: number): void {
    let done = 0;
    while (done < length) {
      const count = readSync(this.#open(), buffer, done, length - done, position + done);
      if (count === 0) throw new MusterError("badData", `${this.#path} ends early`);
      done += count;
    }
  }

  /** Appends all of another file. */
  append(other: OutputFile): void {
    other.flush();
    const part = Buffer.allocUnsafe(BUFFER_BYTES);
    for (let at = 0; at < other.bytes; at += BUFFER_BYTES) {
      const length = Math.min(BUFFER_BYTES, other.bytes - at);
      other.readInto(part, at, length);
      this.write(part.subarray(0, length));
    }
  }

  /** Makes it durable under its hidden name; nothing can be written any more. */
  finish(): WrittenFile {
    if (this.#descriptor !== null) {
      this.flush();
      fsyncSync(this.#descriptor);
      this.#close();
    }
    return { name: this.#name, bytes: this.#bytes, sha256: this.#hash.copy().digest("hex") };
  }

  reveal(): void {
    renameSync(this.#path, join(this.#folder, this.#name));
  }

  remove(): void {
    this.#close();
    rmSync(this.#path, { force: true });
  }

  #put(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    explained(this.#folder, () => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#open(), bytes, at);
    });
  }

  #open(): number {
    if (this.#descriptor === null) throw new Error("bug: an output file is used after its end");
    return this.#descriptor;
  }

  #close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

function explained<Result>(folder: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isDiskFull(error)) {
      throw new MusterError("noSpace", `no space to write the results to ${folder}`, {
        wayOut: "Free some space on its disk; all responses are safe.",
        cause: error,
      });
    }
    if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || code === "EEXIST") {
      throw new MusterError("permission", `cannot write the results to ${folder} (${code})`, {
        wayOut: "Make it a folder that this user may write to; all responses are safe.",
        cause: error,
      });
    }
    throw error;
  }
}
