import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "0.4.13";

let found: string | null | undefined;

/**
 * A Python that can import the reference harness at the version of the profile, or null (said once on stderr) where
 * there is none. MUSTER_HARNESS_PYTHON names it; else the environment that test/support/install-harness.sh builds.
 */
export function harnessPython(): string | null {
  if (found === undefined) found = findHarnessPython();
  return found;
}

/** The folder where this repository's test scripts install what they need (XDG_CACHE_HOME, else ~/.cache). */
export function testCacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "muster", "test");
}

function findHarnessPython(): string | null {
  const named = process.env["MUSTER_HARNESS_PYTHON"];
  const python = named || join(testCacheFolder(), "harness-venv", "bin", "python");
  const problem = named || existsSync(python) ? problemOf(python) : "it is not installed";
  if (problem === null) return python;
  console.error(
    `SKIPPED: tests that compare with the reference harness ${VERSION}: ${problem} (${python}). ` +
      `Install it with: test/support/install-harness.sh`,
  );
  return null;
}

/** What keeps this Python from being used, or null. Reads the version only: importing the harness takes seconds. */
function problemOf(python: string): string | null {
  const program = "import importlib.metadata; print(importlib.metadata.version('lm_eval'))";
  try {
    const version = execFileSync(python, ["-c", program], { encoding: "utf8", timeout: 30_000, stdio: "pipe" }).trim();
    return version === VERSION ? null : `it is version ${version}`;
  } catch (thrown) {
    const lines = (thrown instanceof Error ? thrown.message : String(thrown)).trim().split("\n");
    return lines.at(-1) ?? "it does not run";
  }
}

/** The folder of the tasks that this Python's harness has. */
export function harnessTree(python: string): string {
  const program = "import importlib.util; print(importlib.util.find_spec('lm_eval').submodule_search_locations[0])";
  return join(execFileSync(python, ["-c", program], { encoding: "utf8" }).trim(), "tasks");
}
