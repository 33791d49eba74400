import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** The folder with benchmark data and golden results beside the checkout, or null where there is none. */
export const sharedFolder: string | null = ((): string | null => {
  const folder = resolve(import.meta.dirname, "..", "..", "..", "shared");
  if (existsSync(folder)) return folder;
  console.warn("SKIPPED: tests that need ../shared (benchmark data and golden results): the folder is not there");
  return null;
})();
