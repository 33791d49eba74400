// The Python process dies in the middle of a run, or the Muster process that it asks: what was answered stays, the
// command says so, and the same command goes on from there to the harness's own numbers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

const alone = join(muster.home, "alone");

function bridgeWords(output: string, seed: number): string[] {
  return [
    ...["bridge", "run", "--tasks", TASKS, "--include-path", TASKS_FOLDER, "--output", output],
    ...["--bridge-python", python!, "--local-agents", "2", ...SLOW_ENGINE],
    // Each victim's command has a folder of its own.
    ...["--price-per-hour", String(seed)],
  ];
}

/** The child of a process whose command holds a word. */
function childOf(pid: number, word: string): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes(word));
  if (found === undefined) throw new Error(`nothing like ${word} among ${children.join(", ")}`);
  return found;
}

const pythonOf = (pid: number): number => childOf(pid, "muster_bridge");
const GOES_ON = "\n  What was answered is kept; the same command goes on from there.\n";

describe.skipIf(python === null)("a bridge that loses a process in mid-run", () => {
  beforeAll(async () => {
    const words = [join(BRIDGE_FOLDER, "tests", "harness_alone.py"), join(sharedFolder!, "parity")];
    words.push("--tasks", TASKS, "--include_path", TASKS_FOLDER, "--output_path", alone, "--log_samples");
    await runPython(python!, words);
  });

  test.each([
    { victim: "its Python", find: pythonOf, message: "the Python bridge died (SIGKILL)" },
    {
      victim: "the Muster process beside it",
      find: (pid: number) => childOf(pythonOf(pid), "requests"),
      message: "the Muster process beside the harness ended (-9) before it had answered",
    },
  ])("keeps its work and is resumed: $victim", async ({ victim, find, message }) => {
    const seed = victim.length;
    const resumed = join(muster.home, `resumed ${seed}`);
    const first = muster.begin(bridgeWords(join(muster.home, `killed ${seed}`), seed));
    // Its progress lines say how many requests are answered.
    await new Promise<void>((resolve, reject) => {
      let errors = "";
      first.child.stderr!.on("data", (bytes: Buffer) => {
        errors += bytes.toString();
        if (/bridge-\S+: [1-9]\d*\/\d+ requests/.test(errors)) resolve();
      });
      first.child.once("close", () => reject(new Error(`ended before the kill:\n${errors}`)));
    });
    process.kill(find(first.child.pid!), "SIGKILL");
    const killed = await first.ended;
    expect(killed.code).toBe(130);
    expect(killed.stderr).toContain(`muster: ${message}${GOES_ON}`);

    const second = await muster.run(bridgeWords(resumed, seed));
    if (second.code !== 0) throw new Error(`ended with ${second.code}:\n${second.stderr}`);
    // Agents went on with the run while Python was starting, so that it may be over when it is asked for.
    const runId = /(bridge-\S+): [1-9]/.exec(killed.stderr)![1]!;
    expect(second.stderr).toMatch(
      new RegExp(
        `run ${runId} was begun before, with [1-9]\\d* of \\d+ requests|answers of hash found in run ${runId};`,
      ),
    );
    expect(readHarnessOutput(resumed)).toEqual(readHarnessOutput(alone));
  });
});
