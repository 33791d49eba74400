import { basename, join } from "node:path";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { PartialFile } from "./partial-file.ts";

/**
 * Writes a run's output files into a folder that exists; each has its name only once it is whole. Returns their names.
 * Throws `noSpace` with what the disk says.
 */
export async function exportRun(client: CoordinatorClient, runId: string, folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  let file: PartialFile | null = null;
  try {
    for await (const { fileName, bytes } of client.exportRun(runId)) {
      if (fileName !== "") {
        await file?.close();
        names.push(basename(fileName));
        file = new PartialFile(join(folder, basename(fileName)));
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
