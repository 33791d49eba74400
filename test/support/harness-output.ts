import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

/** The bridge's package and its tests, as they lie in the repository. */
export const BRIDGE_FOLDER: string = join(ROOT, "bridge");

/** What the harness wrote: what its scores are, and each samples file whole. */
export interface HarnessOutput {
  /** `results`, groups, counts and versions. */
  readonly scores: Readonly<Record<string, unknown>>;
  /** Text of each samples file, by task. */
  readonly samples: Readonly<Record<string, string>>;
}

const COMPARED = ["results", "groups", "group_subtasks", "n-samples", "versions", "n-shot", "higher_is_better"];

/** Reads what the harness wrote anywhere below a folder. */
export function readHarnessOutput(folder: string): HarnessOutput {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const results = files.find((name) => basename(name).startsWith("results_"));
  if (results === undefined) throw new Error(`no results below ${folder}: ${files.join(", ")}`);
  const all = JSON.parse(read(results)) as Record<string, unknown>;
  const samples = files.flatMap((name) => {
    const task = /^samples_(.*)_\d{4}-[^_]*\.jsonl$/.exec(basename(name))?.[1];
    return task === undefined ? [] : [[task, read(name)] as const];
  });
  return {
    scores: Object.fromEntries(COMPARED.map((key) => [key, all[key]])),
    samples: Object.fromEntries(samples),
  };
}

/** Runs a Python program to its end. Throws with its last words where it fails. */
export async function runPython(
  python: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const env = { ...process.env, PYTHONPATH: BRIDGE_FOLDER, PYTHONDONTWRITEBYTECODE: "1", ...environment };
  const child = spawn(python, words, { env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (stderr = (stderr + bytes.toString()).slice(-8_000)));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${python} ${words.join(" ")} ended with ${String(code)}:\n${stderr}`);
  return stdout + stderr;
}
