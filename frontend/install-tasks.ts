import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDiskFull } from "../base/node/disk-full.ts";
import { makeFolder } from "../base/node/make-folder.ts";
import { MusterError } from "../base/muster-error.ts";
import { type DownloadProgress, type FetchedWheel, fetchWheel } from "../base/node/fetch-wheel.ts";
import { ZipFile } from "../base/node/unzip.ts";
import { PROFILE } from "./profile.ts";

/**
 * Fetches the harness's task definitions into the cache and returns their folder; does nothing where they are there.
 * Those of another version than the profile's lie beside it and are used with `--include-path`. Throws `usage` for
 * another package.
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
  if (name !== PROFILE.name || version === undefined || !/^\d+(?:\.\w+)*$/.test(version)) {
    const wanted = `${PROFILE.name}@${PROFILE.version}`;
    throw new MusterError("usage", `cannot install ${spec}: tasks come from ${PROFILE.name} of some version`, {
      wayOut: `muster tasks install ${wanted}`,
    });
  }
  const folder = join(options.cacheFolder, "tasks", `${name}-${version}`);
  const find = (): string | null => (existsSync(folder) ? folder : null);
  return (
    find() ??
    fetchWheel({ name, version, sha256: null }, options, {
      find,
      unpack: (fetched) => unpackTasks(fetched, { folder, name, version }),
    })
  );
}

/** The folder appears whole or not at all; it says of which wheel it is. */
function unpackTasks(
  { file, sha256 }: FetchedWheel,
  { folder, name, version }: { readonly folder: string; readonly name: string; readonly version: string },
): string {
  const partial = `${folder}.${randomUUID()}.partial`;
  const zip = new ZipFile(file);
  const made = new Set<string>();
  try {
    for (const member of zip.members()) {
      if (!member.name.startsWith("lm_eval/tasks/")) continue;
      const path = join(partial, member.name);
      const parent = dirname(path);
      if (!made.has(parent)) makeFolder(parent);
      made.add(parent);
      writeFileSync(path, member.read());
    }
    writeFileSync(join(partial, "wheel.json"), `${JSON.stringify({ name, version, sha256 })}\n`);
    renameSync(partial, folder);
    return folder;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw noSpaceOr(error, folder);
  } finally {
    zip.close();
  }
}

function noSpaceOr(error: unknown, folder: string): unknown {
  if (!isDiskFull(error)) return error;
  return new MusterError("noSpace", `the disk that ${folder} is to lie on is full`, {
    wayOut: "Free some space, or put the cache elsewhere: XDG_CACHE_HOME=/big/disk.",
    cause: error,
  });
}
