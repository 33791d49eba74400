// The Python process dies in the middle of a run: what was answered stays, the command says so, and the same command
// goes on from there to the harness's own numbers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BRIDGE_FOLDER, readHarnessOutput, runPython } from "../../support/harness-output.ts";
import { harnessPython } from "../../support/harness-python.ts";
import { MusterProcesses } from "../../support/muster-processes.ts";
import { sharedFolder } from "../../support/shared-folder.ts";

const TASKS_FOLDER = join(BRIDGE_FOLDER, "tests", "tasks");
const TASKS = "py_templated,py_softmax,py_kappa,py_shuffled,py_two_kinds";
const SLOW_ENGINE = "--engine simulated --model hash --concurrency 2 --simulation latencyMs=300".split(" ");

const python = sharedFolder === null ? null : harnessPython();
const muster = new MusterProcesses();

afterAll(() => muster.stop());

function bridgeWords(output: string): string[] {
  return [
    ...["bridge", "run", "--tasks", TASKS, "--include-path", TASKS_FOLDER, "--output", output],
    ...["--bridge-python", python!, "--local-agents", "2", ...SLOW_ENGINE],
  ];
}

/** The Python process that a command has started. */
function pythonChild(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("muster_bridge"));
  if (found === undefined) throw new Error(`no Python among ${children.join(", ")}`);
  return found;
}

test.skipIf(python === null)("a bridge whose Python is killed keeps its work and is resumed", async () => {
  const [alone, resumed] = [join(muster.home, "alone"), join(muster.home, "resumed")];
  const first = muster.begin(bridgeWords(join(muster.home, "killed")));
  // Its progress lines say how many requests are answered.
  await new Promise<void>((resolve, reject) => {
    let errors = "";
    first.child.stderr!.on("data", (bytes: Buffer) => {
      errors += bytes.toString();
      if (/bridge-\S+: [1-9]\d*\/\d+ requests/.test(errors)) resolve();
    });
    first.child.once("close", () => reject(new Error(`ended before the kill:\n${errors}`)));
  });
  process.kill(pythonChild(first.child.pid!), "SIGKILL");
  const killed = await first.ended;
  expect(killed.code).toBe(130);
  expect(killed.stderr).toContain(
    "muster: the Python bridge died (SIGKILL)\n  What was answered is kept; the same command goes on from there.\n",
  );

  const second = await muster.run(bridgeWords(resumed));
  if (second.code !== 0) throw new Error(`ended with ${second.code}:\n${second.stderr}`);
  // Agents went on with the run while Python was starting, so that it may be over when it is asked for.
  const runId = /(bridge-\S+): [1-9]/.exec(killed.stderr)![1]!;
  expect(second.stderr).toMatch(
    new RegExp(`run ${runId} was begun before, with [1-9]\\d* of \\d+ requests|answers of hash found in run ${runId};`),
  );

  const words = [join(BRIDGE_FOLDER, "tests", "harness_alone.py"), join(sharedFolder!, "parity")];
  words.push("--tasks", TASKS, "--include_path", TASKS_FOLDER, "--output_path", alone, "--log_samples");
  await runPython(python!, words);
  expect(readHarnessOutput(resumed)).toEqual(readHarnessOutput(alone));
});
