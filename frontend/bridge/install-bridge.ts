// The Python bridge's own environment: made by the machine's Python, filled by its pip with pip's own settings.
import { execFile, spawn } from "node:child_process";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { withDownloadLock } from "../../base/node/download-lock.ts";
import { checkPython, pipProblem, pythonProgram } from "../../base/node/find-wheel.ts";
import { makeFolder } from "../../base/node/make-folder.ts";
import { MusterError } from "../../base/muster-error.ts";
import {
  BRIDGE_HARNESS,
  BRIDGE_SOURCES,
  bridgeEnvironment,
  type BridgeNote,
  digestBridgeSources,
  noteFile,
  pythonOf,
  readBridgeNote,
} from "./bridge-folder.ts";

/** How the bridge is installed. */
export interface InstallBridgeOptions {
  readonly cacheFolder: string;
  /** Packages that some tasks need besides, as pip names them. */
  readonly extras: readonly string[];
  /** The words that start Muster. */
  readonly command: readonly string[];
  readonly signal: AbortSignal;
  /** Called with what is being done. */
  onProgress(sentence: string): void;
}

/**
 * Makes the environment, or brings it up to date: the harness is fetched once. Returns its folder. Throws `unsupported`
 * without Python 3.11 and pip, `connection` and `notFound` as pip says, `interrupted`.
 */
export function installBridge(options: InstallBridgeOptions): Promise<string> {
  const { cacheFolder, signal } = options;
  return withDownloadLock(cacheFolder, signal, async () => {
    const folder = bridgeEnvironment(cacheFolder);
    if (readBridgeNote(folder) === null) await makeEnvironment(folder, options);
    if (options.extras.length > 0) await pip(folder, ["install", ...options.extras], options);
    const own = ["install", "--no-index", "--no-deps", "--no-build-isolation", "--force-reinstall", BRIDGE_SOURCES];
    await pip(folder, own, options);
    const note: BridgeNote = { harness: BRIDGE_HARNESS, package: digestBridgeSources(), command: options.command };
    const file = noteFile(folder);
    writeFileSync(`${file}.partial`, `${JSON.stringify(note)}\n`);
    renameSync(`${file}.partial`, file);
    return folder;
  });
}

/** An environment that an earlier try left behind is taken up where its pip works, else made anew. */
async function makeEnvironment(folder: string, options: InstallBridgeOptions): Promise<void> {
  await checkPython(options.signal);
  if (!(await hasPip(folder))) {
    options.onProgress("making a Python environment …");
    rmSync(folder, { recursive: true, force: true });
    makeFolder(dirname(folder));
    await run(pythonProgram(), ["-m", "venv", folder], options);
    if (!(await hasPip(folder))) {
      throw new MusterError("unsupported", `${pythonProgram()} made no environment with pip in ${folder}`, {
        wayOut: "Install Python's venv module (Debian: python3-venv), or name another Python with MUSTER_PYTHON.",
      });
    }
  }
  await pip(folder, ["install", BRIDGE_HARNESS], options);
}

function hasPip(folder: string): Promise<boolean> {
  return promisify(execFile)(pythonOf(folder), ["-m", "pip", "--version"]).then(
    () => true,
    () => false,
  );
}

async function pip(folder: string, words: readonly string[], options: InstallBridgeOptions): Promise<void> {
  const [verb, ...rest] = words;
  const quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
  await run(pythonOf(folder), ["-m", "pip", verb!, ...quiet, ...rest], options);
}

/** Runs a program to its end, telling what pip does; its last words make the error. */
async function run(program: string, words: readonly string[], options: InstallBridgeOptions): Promise<void> {
  const { signal } = options;
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], signal });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  let errors = "";
  child.stderr.on("data", (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-20_000)));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const done = /^\s*(Collecting|Downloading|Installing|Building) .*/.exec(line);
    if (done !== null) options.onProgress(line.trim().slice(0, 200));
  });
  try {
    if ((await ended) === 0) return;
  } catch (cause) {
    if (!signal.aborted) throw new MusterError("unsupported", `cannot run ${program}: ${(cause as Error).message}`);
  }
  if (signal.aborted) {
    throw new MusterError("interrupted", "the installation was stopped", { wayOut: "The same command begins again." });
  }
  throw pipProblem(Object.assign(new Error(`${program} failed`), { stderr: errors }), BRIDGE_HARNESS);
}
