import { createWriteStream, rmSync, type WriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { finished } from "node:stream/promises";
import { MusterError } from "../base/muster-error.ts";
import type { CoordinatorClient } from "./coordinator-client.ts";

/**
 * Writes a run's output files into a folder that exists; each has its name only once it is whole. Returns their names.
 * Throws `noSpace` with what the disk says.
 */
export async function exportRun(client: CoordinatorClient, runId: string, folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  let file: OpenFile | null = null;
  try {
    for await (const { fileName, bytes } of client.exportRun(runId)) {
      if (fileName !== "") {
        await file?.close();
        names.push(basename(fileName));
        file = new OpenFile(join(folder, basename(fileName)));
      }
      await file?.write(bytes);
    }
    await file?.close();
    return names;
  } catch (error) {
    file?.discard();
    throw error;
  }
}

class OpenFile {
  readonly #path: string;
  readonly #stream: WriteStream;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(`${path}.partial`);
    // Told by the next write or by close; without a listener it would end the process.
    this.#stream.on("error", () => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
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
