import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { MusterError } from "../muster-error.ts";
import { type DownloadProgress, fetchFile } from "./fetch-file.ts";

export type { DownloadProgress } from "./fetch-file.ts";

const run = promisify(execFile);

/** A wheel of the Python package index. */
export interface WheelWish {
  readonly name: string;
  readonly version: string;
  /** Hex; null: what the index says. */
  readonly sha256: string | null;
  /** Muster's cache folder; the wheel goes below `downloads`. */
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Fetches a wheel through pip's own configuration (mirrors, proxies) and returns its path. pip is asked only where it
 * lies, for pip cannot resume. Throws `unsupported` without Python 3.11 and pip, `notFound` for an unknown package.
 */
export async function fetchWheel(wish: WheelWish): Promise<string> {
  const { name, version, cacheFolder, onProgress, signal } = wish;
  const target = join(cacheFolder, "downloads", `${name}-${version}.whl`);
  if (existsSync(target)) return target;
  const found = await locate(wish);
  const sha256 = wish.sha256 ?? found.sha256;
  await fetchFile({ subject: `${name} ${version}`, url: found.url, target, sha256, onProgress, signal });
  return target;
}

interface PipReport {
  readonly install: readonly {
    readonly download_info: { readonly url: string; readonly archive_info?: { readonly hashes?: { sha256?: string } } };
  }[];
}

/** Where pip would fetch a wheel from, and its digest. */
async function locate({ name, version, signal }: WheelWish): Promise<{ url: string; sha256: string | null }> {
  const python = process.env["MUSTER_PYTHON"] || "python3";
  const words = ["install", "--dry-run", "--no-deps", "--ignore-installed", "--ignore-requires-python"];
  const options = ["--only-binary", ":all:", "--quiet", "--disable-pip-version-check", "--report", "-"];
  try {
    const command = ["-m", "pip", ...words, ...options, `${name}==${version}`];
    const { stdout } = await run(python, command, { signal, maxBuffer: 2 ** 26, encoding: "utf8" });
    const [found] = (JSON.parse(stdout.slice(stdout.indexOf("{"))) as PipReport).install;
    if (found === undefined) throw new Error("pip names no file");
    const { url, archive_info } = found.download_info;
    return { url, sha256: archive_info?.hashes?.sha256 ?? null };
  } catch (thrown) {
    throw explain(thrown, { python, package: `${name}==${version}`, isAborted: signal.aborted });
  }
}

function explain(
  thrown: unknown,
  { python, package: wanted, isAborted }: { python: string; package: string; isAborted: boolean },
): MusterError {
  const { code, stderr = "", message } = thrown as { code?: number | string; stderr?: string; message: string };
  if (isAborted) return new MusterError("interrupted", `looking for ${wanted} was stopped`);
  if (code === "ENOENT" || /No module named pip/.test(stderr)) {
    return new MusterError(
      "unsupported",
      `${wanted} is fetched with pip, and ${python} ${code === "ENOENT" ? "is not installed" : "has no pip"}`,
      {
        wayOut: "Install Python 3.11 or newer with pip, or name one with MUSTER_PYTHON.",
      },
    );
  }
  const lines = stderr
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("ERROR"));
  if (
    /No matching distribution|Could not find a version/.test(stderr) &&
    !/connection|timed out|resolve/i.test(stderr)
  ) {
    return new MusterError("notFound", `the Python package index has no ${wanted}`, {
      wayOut: "Check the name and the version; `pip config list` shows which index is asked.",
    });
  }
  return new MusterError(
    "connection",
    `pip cannot find ${wanted}: ${lines.at(-1)?.replace(/^ERROR: /, "") ?? message}`,
    {
      wayOut: "Check the network, and pip's own settings with `pip config list`.",
      cause: thrown,
    },
  );
}
