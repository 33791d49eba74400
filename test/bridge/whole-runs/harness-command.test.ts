// The harness's own command with Muster for a model, in an environment that the bridge was installed into with pip:
// what one machine gives alone.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import nodeSettings from "../../../bin/node-settings.json" with { type: "json" };
import { BRIDGE_FOLDER, readHarnessOutput, runPython } from "../../support/harness-output.ts";
import { harnessPython } from "../../support/harness-python.ts";
import { MusterProcesses } from "../../support/muster-processes.ts";
import { sharedFolder } from "../../support/shared-folder.ts";

const TASKS = ["gsm8k", "commonsense_qa"];
const MAIN = join(import.meta.dirname, "..", "..", "..", "cli", "main.ts");

const python = sharedFolder === null ? null : harnessPython();
const muster = new MusterProcesses();
const environment = join(muster.home, "venv");
const venvPython = join(environment, "bin", "python");

interface Golden {
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** An environment of its own that also sees the harness's packages, so that the shared one stays as it is. */
async function makeEnvironment(): Promise<void> {
  await runPython(python!, ["-m", "venv", "--without-pip", environment]);
  const where = "import sysconfig; print(sysconfig.get_path('purelib'), end='')";
  const [harness, own] = [await runPython(python!, ["-c", where]), await runPython(venvPython, ["-c", where])];
  writeFileSync(join(own, "harness.pth"), `${harness}\n`);
  const install = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", BRIDGE_FOLDER];
  await runPython(python!, ["-m", "pip", "--python", venvPython, ...install]);
}

beforeAll(async () => {
  if (python === null) return;
  await makeEnvironment();
  await muster.startCoordinator();
  for (const name of ["a0", "a1"]) await muster.startAgent(name, ["--engine", "hash", "--model", "hash"]);
});
afterAll(() => muster.stop());

/** `lm_eval` as anyone types it; all of Muster is in its model's arguments. */
function evaluate(output: string, more: readonly string[]): Promise<string> {
  const map = join(sharedFolder!, "parity", "dataset-map.json");
  const words = ["-m", "lm_eval", "--model", "muster", "--model_args"];
  words.push(`coordinator=${muster.grpcAddress},dataset_map=${map}`, "--tasks", TASKS.join(","));
  return runPython(venvPython, [...words, "--output_path", output, "--log_samples", ...more], {
    PYTHONPATH: "",
    MUSTER_BRIDGE_COMMAND: JSON.stringify([process.execPath, ...nodeSettings.flags, MAIN]),
  });
}

test.skipIf(python === null)("lm_eval --model muster gives the results that the harness gave alone", async () => {
  const output = join(muster.home, "out");
  await evaluate(output, []);
  const golden = JSON.parse(readFileSync(join(sharedFolder!, "parity", "golden", "core.json"), "utf8")) as Golden;
  const results = readHarnessOutput(output).scores["results"] as Golden["results"];
  for (const task of TASKS) expect(results[task], task).toEqual(golden.results[task]);
  const runs = JSON.parse(await muster.output(["runs", "--json", "--coordinator", muster.grpcAddress])) as {
    readonly requestsDone: string;
    readonly agents: readonly { readonly requestsDone: string }[];
  }[];
  expect(runs.map(({ requestsDone }) => Number(requestsDone)).toSorted((a, b) => a - b)).toEqual([1319, 1221 * 5]);
  for (const { agents } of runs) expect(agents.every(({ requestsDone }) => Number(requestsDone) > 0)).toBe(true);
});

test.skipIf(python === null)(
  "what is wrong is told when the model is made, before any prompt, with the way out",
  async () => {
    const program = "from muster_bridge.model import MusterLM; MusterLM(coordinator='127.0.0.1:1')";
    const environmentOfMuster = {
      PYTHONPATH: "",
      MUSTER_BRIDGE_COMMAND: JSON.stringify([process.execPath, ...nodeSettings.flags, MAIN]),
    };
    await expect(runPython(venvPython, ["-c", program], environmentOfMuster)).rejects.toThrow(
      /MusterError: cannot reach the coordinator at 127\.0\.0\.1:1.*\n.*`muster coordinator` starts one\.\n$/,
    );
  },
);
