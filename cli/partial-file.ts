import { createWriteStream, rmSync, type WriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { MusterError } from "../base/muster-error.ts";

/** A file that has its name only once it is whole. Its calls throw `noSpace` with what the disk says. */
export class PartialFile {
  readonly #path: string;
  readonly #stream: WriteStream;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(`${path}.partial`);
    // Told by the next write or by close; without a listener it would end the process.
    this.#stream.on("error", () => undefined);
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    const { errored } = this.#stream;
    if (errored !== null) throw this.#failure(errored);
    if (this.#stream.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("drain", resolve);
      this.#stream.once("close", resolve);
    });
  }

  async close(): Promise<void> {
    try {
      this.#stream.end();
      await finished(this.#stream);
      await rename(`${this.#path}.partial`, this.#path);
    } catch (error) {
      throw this.#failure(error as Error);
    }
  }

  discard(): void {
    this.#stream.destroy();
    rmSync(`${this.#path}.partial`, { force: true });
  }

  #failure(error: Error): MusterError {
    return new MusterError("noSpace", `cannot write ${this.#path}: ${error.message}`, { cause: error });
  }
}
