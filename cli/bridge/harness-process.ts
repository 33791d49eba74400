// The harness as a child of this command: `python -m muster_bridge run …`, with Muster as its model.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { type ErrorKind, EXIT_CODES, MusterError } from "../../base/muster-error.ts";
import { BRIDGE_SOURCES } from "../../frontend/bridge/bridge-folder.ts";
import type { OptionRow } from "../option-row.ts";
import { OPTIONS } from "../options.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");
const GOES_ON = "What was answered is kept; the same command goes on from there.";

/** How the harness is started. */
export interface HarnessStart {
  readonly python: string;
  /** Arguments of the harness's own command. */
  readonly words: readonly string[];
  readonly datasetMap: string | null;
  readonly bootstrapIterations: number;
  /** Whether the harness's table may go to standard output. */
  readonly printsTable: boolean;
  readonly signal: AbortSignal;
}

/** Runs the harness to its end. Throws its error as one of ours, and `interrupted` where it was killed. */
export async function runHarness(start: HarnessStart): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "muster-bridge-"));
  const errorFile = join(folder, "error.json");
  try {
    const how = await runToEnd(start, environmentOf(start, errorFile));
    if (how === 0) return;
    throw readError(errorFile) ?? deathOf(how, start.signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runToEnd(
  { python, words, printsTable, signal }: HarnessStart,
  env: NodeJS.ProcessEnv,
): Promise<number | NodeJS.Signals> {
  const child = spawn(python, ["-m", "muster_bridge", ...words], {
    env,
    stdio: ["ignore", printsTable ? "inherit" : 2, "inherit"],
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  return new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", (error) => {
      reject(new MusterError("notFound", `cannot run the Python of the bridge, ${python}: ${error.message}`));
    });
    child.once("exit", (code, killer) => resolve(code ?? killer!));
  }).finally(() => signal.removeEventListener("abort", stop));
}

function environmentOf({ datasetMap, bootstrapIterations }: HarnessStart, errorFile: string): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  // The words of the process beside the harness say what this command's options said.
  for (const row of Object.values(OPTIONS) as OptionRow[]) {
    if (row.commands.includes("bridge requests")) delete environment[row.env];
  }
  return {
    ...environment,
    PYTHONPATH: [BRIDGE_SOURCES, ...(environment["PYTHONPATH"]?.split(delimiter) ?? [])].join(delimiter),
    MUSTER_BRIDGE_COMMAND: JSON.stringify([process.execPath, ...process.execArgv, MAIN]),
    MUSTER_BRIDGE_ERROR_FILE: errorFile,
    MUSTER_BRIDGE_BOOTSTRAP: String(bootstrapIterations),
    ...(datasetMap === null ? {} : { MUSTER_BRIDGE_DATASET_MAP: datasetMap }),
  };
}

/** What the harness's process wrote down before it ended; null where it wrote nothing. */
function readError(file: string): MusterError | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const { kind, message, wayOut } = JSON.parse(text) as { kind: string; message: string; wayOut: string };
  const known = kind in EXIT_CODES ? (kind as ErrorKind) : "internal";
  return new MusterError(known, message, wayOut === "" ? {} : { wayOut });
}

function deathOf(how: number | string, signal: AbortSignal): MusterError {
  if (signal.aborted || how === EXIT_CODES.interrupted) {
    return new MusterError("interrupted", "the harness was stopped", { wayOut: GOES_ON });
  }
  if (typeof how === "string") {
    return new MusterError("interrupted", `the Python bridge died (${how})`, { wayOut: GOES_ON });
  }
  return new MusterError("badData", `the harness stopped with exit code ${how}; its own words are above`, {
    wayOut: `Correct what it complains about. ${GOES_ON}`,
  });
}
