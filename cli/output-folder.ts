import { accessSync, constants, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";

/** Makes the folder for a run's results and checks that it can be written, before anything is computed. */
export function prepareOutputFolder(given: string | undefined, runId: string): string {
  const folder = resolve(given ?? `muster-results/${runId}`);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new MusterError("usage", `the output folder ${folder} cannot be written: ${(error as Error).message}`, {
      wayOut: "Choose another with --output.",
      cause: error,
    });
  }
  return folder;
}
