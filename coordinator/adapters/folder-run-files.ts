import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDiskFull } from "../../base/node/disk-full.ts";
import { MusterError } from "../../base/muster-error.ts";
import type { RunFileName, RunFiles } from "../ports/run-files.ts";

/** A folder with a folder for each run. */
export class FolderRunFiles implements RunFiles {
  readonly #folder: string;

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, "runs");
  }

  outputFolder(runId: string): string {
    return join(this.#folder, runId, "output");
  }

  async read(runId: string, name: RunFileName): Promise<string | null> {
    try {
      return await readFile(join(this.#folder, runId, name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async write(runId: string, name: RunFileName, text: string): Promise<void> {
    const path = join(this.#folder, runId, name);
    const partial = `${path}.partial`;
    try {
      await mkdir(join(this.#folder, runId), { recursive: true });
      await writeFile(partial, text, { flush: true });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      if (!isDiskFull(error)) throw error;
      throw new MusterError("noSpace", `no space to write ${path}`, {
        wayOut: "Free some space on its disk.",
        cause: error,
      });
    }
  }
}
