import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { type DownloadProgress, fetchWheel } from "../base/node/fetch-wheel.ts";
import { ZipFile } from "../base/node/unzip.ts";

/** The harness and version whose tasks the native frontend reproduces. */
const PROFILE = { name: "lm-eval", version: "0.4.13" };

/**
 * Fetches the harness's task definitions into the cache and returns their folder; does nothing where they are there.
 * Throws `usage` for another package or version than the profile's.
 */
export async function installTasks(
  spec: string,
  options: {
    readonly cacheFolder: string;
    readonly onProgress: (progress: DownloadProgress) => void;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const [name, version] = spec.split(/@|==/);
  if (name !== PROFILE.name || version !== PROFILE.version) {
    const wanted = `${PROFILE.name}@${PROFILE.version}`;
    throw new MusterError("usage", `cannot install ${spec}: this Muster reproduces ${wanted} and nothing else`, {
      wayOut: `muster tasks install ${wanted}`,
    });
  }
  const folder = join(options.cacheFolder, "tasks", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const archive = await fetchWheel({ ...PROFILE, sha256: null, ...options });
  unpackTasks(archive, folder);
  rmSync(archive, { force: true });
  return folder;
}

/** The folder appears whole or not at all. */
function unpackTasks(archive: string, folder: string): void {
  const partial = `${folder}.${randomUUID()}.partial`;
  const zip = new ZipFile(archive);
  try {
    for (const member of zip.members()) {
      if (!member.name.startsWith("lm_eval/tasks/")) continue;
      const file = join(partial, member.name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, member.read());
    }
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  } finally {
    zip.close();
  }
}
