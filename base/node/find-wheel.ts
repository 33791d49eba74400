// pip knows where packages come from (mirrors, proxies, credentials, local folders): it is asked for the address and
// the digest of a wheel, without installing anything. It cannot resume a download, so the fetching is not left to it.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MusterError } from "../muster-error.ts";

const PIP_TIMEOUT_MS = 300_000;
const OLDEST = [3, 11] as const;

/** Where pip finds a wheel. */
export interface FoundWheel {
  /** http:, https: or file:. */
  readonly url: string;
  readonly sha256: string | null;
}

/** Asks pip for a wheel. Throws `unsupported` without Python 3.11 and pip, `notFound`, `connection`, `interrupted`. */
export async function findWheel(name: string, version: string, signal: AbortSignal): Promise<FoundWheel> {
  await checkPython(signal);
  const report = await runPip(
    ["install", "--dry-run", "--ignore-installed", "--report", "-", ...wheelWords(name, version)],
    `${name} ${version}`,
    signal,
  );
  const { install } = JSON.parse(report) as {
    readonly install: readonly {
      readonly download_info: {
        readonly url: string;
        readonly archive_info?: { readonly hash?: string; readonly hashes?: { readonly sha256?: string } };
      };
    }[];
  };
  const found = install[0]?.download_info;
  if (found === undefined) throw new MusterError("notFound", `pip found no wheel of ${name} ${version}`);
  const hash = found.archive_info?.hashes?.sha256 ?? found.archive_info?.hash?.match(/^sha256=(.*)$/)?.[1];
  return { url: found.url, sha256: hash ?? null };
}

/** Has pip itself put the wheel into a folder: for sources that only pip can log in to. */
export async function pipDownload(
  name: string,
  version: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  await runPip(["download", "--dest", folder, ...wheelWords(name, version)], `${name} ${version}`, signal);
}

function wheelWords(name: string, version: string): string[] {
  return ["--no-deps", "--ignore-requires-python", "--quiet", "--only-binary", ":all:", `${name}==${version}`];
}

/** The machine's Python: MUSTER_PYTHON, else python3. */
export function pythonProgram(): string {
  return process.env["MUSTER_PYTHON"] || "python3";
}

const WAY_OUT = "Install Python 3.11 or newer with pip, or name one with MUSTER_PYTHON.";

/** Throws `unsupported` where there is no Python 3.11 with pip. */
export async function checkPython(signal: AbortSignal): Promise<void> {
  let version: string;
  try {
    const program = "import sys; print(*sys.version_info[:2])\ntry: import pip\nexcept ImportError: print('no pip')";
    version = (await promisify(execFile)(pythonProgram(), ["-c", program], { signal })).stdout;
  } catch (error) {
    if (signal.aborted) throw interrupted(error);
    throw new MusterError("unsupported", `cannot run ${pythonProgram()}, whose pip fetches models and tasks`, {
      wayOut: WAY_OUT,
      cause: error,
    });
  }
  const [major = 0, minor = 0] = version.split(/\s+/).map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    const problem = `${pythonProgram()} is Python ${major}.${minor}, too old to fetch models and tasks`;
    throw new MusterError("unsupported", problem, { wayOut: WAY_OUT });
  }
  if (version.includes("no pip")) {
    throw new MusterError("unsupported", `${pythonProgram()} has no pip, which fetches models and tasks`, {
      wayOut: WAY_OUT,
    });
  }
}

async function runPip(words: readonly string[], subject: string, signal: AbortSignal): Promise<string> {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1" };
  const options = { signal, env, timeout: PIP_TIMEOUT_MS, maxBuffer: 64 << 20 };
  try {
    return (await promisify(execFile)(pythonProgram(), ["-m", "pip", ...words], options)).stdout;
  } catch (error) {
    if (signal.aborted) throw interrupted(error);
    throw pipProblem(error as Error & { readonly stderr?: string; readonly killed?: boolean }, subject);
  }
}

/** What went wrong in pip, by its own words. */
export function pipProblem(
  error: Error & { readonly stderr?: string; readonly killed?: boolean },
  subject: string,
): MusterError {
  const lines = (error.stderr ?? error.message).trim().split("\n");
  const reason = lines.findLast((line) => line.startsWith("ERROR")) ?? lines.at(-1) ?? "";
  const wayOut = "Check the network and pip's settings (`pip config list`, PIP_INDEX_URL, HTTPS_PROXY).";
  if (error.killed === true) return new MusterError("timeout", `pip did not find ${subject} in time`, { wayOut });
  const versions = lines.find((line) => line.includes("from versions:"));
  if (versions !== undefined && !versions.includes("from versions: none")) {
    return new MusterError("notFound", `pip finds no wheel of ${subject}: ${versions.replace("ERROR: ", "")}`, {
      wayOut: "Take one of these versions.",
    });
  }
  const isUnreachable = lines.some((line) => /connection|Max retries|timed out|resolve|SSL/i.test(line));
  const kind = isUnreachable ? "connection" : "notFound";
  return new MusterError(kind, `pip cannot find ${subject}: ${reason.replace("ERROR: ", "")}`, {
    wayOut,
    cause: error,
  });
}

function interrupted(cause: unknown): MusterError {
  return new MusterError("interrupted", "the download was interrupted", { cause });
}
