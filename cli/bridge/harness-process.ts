// The harness as a child of this command: `python -m muster_bridge run …`, with Muster as its model.
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type ErrorKind, EXIT_CODES, MusterError } from "../../base/muster-error.ts";
import { BRIDGE_SOURCES } from "../../frontend/bridge/bridge-folder.ts";
import type { OptionRow } from "../option-row.ts";
import { OPTIONS } from "../options.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");

/** The file descriptor that the harness's process writes its error to. */
const ERRORS = 3;

/** How the harness is started. */
export interface HarnessStart {
  readonly python: string;
  /** Arguments of the harness's own command. */
  readonly words: readonly string[];
  readonly datasetMap: string | null;
  readonly bootstrapIterations: number;
  /** Whether the harness's table may go to standard output. */
  readonly printsTable: boolean;
  /** Whether the engines say which weights they hold; else only the word of `--resume` leads back to their answers. */
  readonly tellsDigests: boolean;
  readonly signal: AbortSignal;
}

/** Runs the harness to its end. Throws its error as one of ours, and `interrupted` where it was killed. */
export async function runHarness(start: HarnessStart): Promise<void> {
  const { how, said } = await runToEnd(start);
  if (how === 0) return;
  throw readError(said) ?? deathOf(how, start);
}

/** How a harness ended, and what it wrote down of its error. */
interface HarnessEnd {
  readonly how: number | NodeJS.Signals;
  readonly said: string;
}

async function runToEnd(start: HarnessStart): Promise<HarnessEnd> {
  const { python, words, printsTable, signal } = start;
  const child = spawn(python, ["-m", "muster_bridge", ...words], {
    env: environmentOf(start),
    stdio: ["ignore", printsTable ? "inherit" : 2, "inherit", "pipe"],
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  const errors = child.stdio[ERRORS] as Readable;
  // A pipe that breaks says nothing; the exit code does.
  const said = text(errors).catch(() => "");
  try {
    const how = await exitOf(child, python);
    // Processes that a killed one has left behind may hold the pipe open; it had no time to say anything.
    return { how, said: typeof how === "number" && how !== 0 ? await said : "" };
  } finally {
    errors.destroy();
    signal.removeEventListener("abort", stop);
  }
}

function exitOf(child: ChildProcess, python: string): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      reject(new MusterError("notFound", `cannot run the Python of the bridge, ${python}: ${error.message}`));
    });
    child.once("exit", (code, killer) => resolve(code ?? killer!));
  });
}

function environmentOf({ datasetMap, bootstrapIterations }: HarnessStart): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  // The words of the process beside the harness say what this command's options said.
  for (const row of Object.values(OPTIONS) as OptionRow[]) {
    if (row.commands.includes("bridge requests")) delete environment[row.env];
  }
  return {
    ...environment,
    PYTHONPATH: [BRIDGE_SOURCES, ...(environment["PYTHONPATH"]?.split(delimiter) ?? [])].join(delimiter),
    MUSTER_BRIDGE_COMMAND: JSON.stringify([process.execPath, ...process.execArgv, MAIN]),
    MUSTER_BRIDGE_ERRORS: String(ERRORS),
    MUSTER_BRIDGE_BOOTSTRAP: String(bootstrapIterations),
    ...(datasetMap === null ? {} : { MUSTER_BRIDGE_DATASET_MAP: datasetMap }),
  };
}

/** What the harness's process wrote down before it ended; null where it wrote nothing. */
function readError(said: string): MusterError | null {
  if (said === "") return null;
  const { kind, message, wayOut } = JSON.parse(said) as { kind: string; message: string; wayOut: string };
  const known = kind in EXIT_CODES ? (kind as ErrorKind) : "internal";
  return new MusterError(known, message, wayOut === "" ? {} : { wayOut });
}

function deathOf(how: number | string, { signal, tellsDigests }: HarnessStart): MusterError {
  const word = tellsDigests ? "" : " with --resume and the word that was told above";
  const goesOn = `What was answered is kept; the same command${word} goes on from there.`;
  if (signal.aborted || how === EXIT_CODES.interrupted) {
    return new MusterError("interrupted", "the harness was stopped", { wayOut: goesOn });
  }
  if (typeof how === "string") {
    return new MusterError("interrupted", `the Python bridge died (${how})`, { wayOut: goesOn });
  }
  return new MusterError("badData", `the harness stopped with exit code ${how}; its own words are above`, {
    wayOut: `Correct what it complains about. ${goesOn}`,
  });
}
