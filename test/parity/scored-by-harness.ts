import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RandomTask } from "./random-tasks.ts";

/** What the harness made of tasks that were scored together. */
export interface HarnessOutcome {
  /** Why the harness stopped; the rest is missing then. */
  readonly error?: string;
  /** Text of its results file. */
  readonly results: string;
  readonly tasks: {
    readonly [task: string]: {
      readonly config: string;
      readonly version: string;
      readonly multipleTargets: boolean;
      readonly higherIsBetter: { readonly [metric: string]: boolean };
      /** Text of its samples file. */
      readonly samples: string;
    };
  };
}

/** Lets the installed harness score tasks: each alone, or all together where there are groups. */
export function scoreWithHarness(
  python: string,
  input: {
    readonly tasks: readonly RandomTask[];
    readonly bootstrap_iters: number;
    /** Python module that holds the filter classes. */
    readonly helpers?: string;
    readonly groups?: readonly object[];
  },
): HarnessOutcome[] {
  const folder = mkdtempSync(join(tmpdir(), "muster-harness-"));
  try {
    const [given, got] = [join(folder, "in.json"), join(folder, "out.json")];
    writeFileSync(given, JSON.stringify(input));
    execFileSync(python, [join(import.meta.dirname, "score_with_harness.py"), given, got], { stdio: "pipe" });
    return JSON.parse(readFileSync(got, "utf8")) as HarnessOutcome[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
