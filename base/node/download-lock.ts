import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../muster-error.ts";
import { lockFolder } from "./folder-lock.ts";

const LOOK_INTERVAL_MS = 200;

/**
 * Does the work while no other process downloads into the same cache; waits for its turn. `work` looks first whether
 * what it would fetch is there by now. `folder` is where partial files go.
 */
export async function withDownloadLock<Value>(
  cacheFolder: string,
  signal: AbortSignal,
  work: (folder: string) => Promise<Value>,
): Promise<Value> {
  const folder = join(cacheFolder, "downloads");
  for (;;) {
    if (signal.aborted) throw new MusterError("interrupted", "interrupted before the download began");
    const lock = lockFolder(folder, "XDG_CACHE_HOME");
    if (lock !== null) {
      try {
        return await work(folder);
      } finally {
        lock.close();
      }
    }
    await sleep(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}
