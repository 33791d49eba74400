import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { LineReader } from "../../../base/node/line-reader.ts";
import { sharedFolder } from "../../support/shared-folder.ts";
import { GOLDEN_ITERATIONS, type RunReport } from "../golden-runs.ts";
import { readPythonJson } from "../read-python-json.ts";

/** Which task to run, and how. */
export interface HarnessWish {
  readonly task: string;
  /** Holds the task's YAML and `map.json`. */
  readonly folder: string;
  readonly limit: number | null;
  readonly numFewshot: number | null;
}

/** What the harness reports, or why it stops. */
export type HarnessOutcome = RunReport | { readonly error: string };

/** The reference harness in one process, asked for one task after the other. */
export class FuzzHarness {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: LineReader;

  constructor(python: string, homeFolder: string) {
    const words = [join(import.meta.dirname, "run_tasks.py"), join(sharedFolder!, "parity"), String(GOLDEN_ITERATIONS)];
    this.#child = spawn(python, words, {
      stdio: ["pipe", "pipe", process.env["MUSTER_DEBUG"] === undefined ? "ignore" : "inherit"],
      env: { ...process.env, HF_HOME: homeFolder },
    });
    this.#lines = new LineReader(this.#child.stdout);
  }

  async run({ task, folder, limit, numFewshot }: HarnessWish): Promise<HarnessOutcome> {
    this.#child.stdin.write(`${JSON.stringify({ task, folder, limit, num_fewshot: numFewshot })}\n`);
    const line = await this.#lines.next();
    if (line === null) throw new Error(`the harness died on ${task} (MUSTER_DEBUG=1 shows why)`);
    return readPythonJson(line) as HarnessOutcome;
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
