import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeFolder } from "./make-folder.ts";
import { MusterError } from "../muster-error.ts";
import { withDownloadLock } from "./download-lock.ts";
import { type DownloadProgress, digestFile, fetchFile } from "./fetch-file.ts";
import { findWheel, pipDownload } from "./find-wheel.ts";

export type { DownloadProgress } from "./fetch-file.ts";

/** A wheel of the Python package index. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** Hex; null: what the index says. */
  readonly sha256: string | null;
}

/** Where what is fetched goes, and who hears of it. */
export interface WheelOptions {
  /** Muster's cache folder; the wheel goes below `downloads`. */
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/** A wheel on this disk. */
export interface FetchedWheel {
  readonly file: string;
  readonly sha256: string;
}

/**
 * Fetches a wheel through pip's own configuration (mirrors, proxies), hands it to `unpack` and removes it. One process
 * at a time does so: who waited for another finds with `find` what that one unpacked. Throws what `findWheel` and
 * `fetchFile` throw.
 */
export function fetchWheel<Value>(
  wheel: Wheel,
  options: WheelOptions,
  steps: { find(): Value | null; unpack(fetched: FetchedWheel): Value },
): Promise<Value> {
  return withDownloadLock(options.cacheFolder, options.signal, async (folder) => {
    const there = steps.find();
    if (there !== null) return there;
    const fetched = await fetch(wheel, folder, options);
    const value = steps.unpack(fetched);
    rmSync(fetched.file, { force: true });
    return value;
  });
}

async function fetch(wheel: Wheel, folder: string, { onProgress, signal }: WheelOptions): Promise<FetchedWheel> {
  const subject = `${wheel.name} ${wheel.version}`;
  const found = await findWheel(wheel.name, wheel.version, signal);
  const sha256 = wheel.sha256 ?? found.sha256;
  const target = join(folder, basename(new URL(found.url).pathname));
  if (sha256 !== null && existsSync(target) && (await digestFile(target)) === sha256) return { file: target, sha256 };
  try {
    if (new URL(found.url).username !== "") throw new MusterError("permission", "only pip knows how to log in");
    const wish = { subject, url: found.url, target, sha256, onProgress, signal };
    return { file: target, sha256: await fetchFile(wish) };
  } catch (error) {
    const { kind } = MusterError.from(error);
    if (found.url.startsWith("file:") || !["permission", "notFound", "connection"].includes(kind)) throw error;
  }
  // The index wants credentials, a client's certificate or a way around that only pip knows.
  const url = pathToFileURL(await downloadByPip(wheel, folder, signal)).href;
  try {
    return { file: target, sha256: await fetchFile({ subject, url, target, sha256, onProgress, signal }) };
  } finally {
    rmSync(pipFolder(folder), { recursive: true, force: true });
  }
}

async function downloadByPip(wheel: Wheel, folder: string, signal: AbortSignal): Promise<string> {
  const own = pipFolder(folder);
  rmSync(own, { recursive: true, force: true });
  makeFolder(own);
  await pipDownload(wheel.name, wheel.version, { folder: own, signal });
  const [name] = readdirSync(own);
  if (name === undefined) throw new MusterError("notFound", `pip did not download ${wheel.name} ${wheel.version}`);
  return join(own, name);
}

function pipFolder(folder: string): string {
  return join(folder, "by-pip");
}
