// `muster run` with tasks of both sorts: natively what is exact, with the harness what must be, and a word on it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BRIDGE_FOLDER } from "../support/harness-output.ts";
import { harnessPython } from "../support/harness-python.ts";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";

const PYTHON_TASK = join(BRIDGE_FOLDER, "tests", "tasks", "py_kappa.yaml");
const REFUSAL = /The task py_kappa cannot be run exactly: it needs the Python function choices/;

const python = harnessPython();
const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");

beforeAll(() => makeTasks(tasks, 11, { choiceDocuments: 12, writtenDocuments: 4 }));
afterAll(() => muster.stop());

function run(more: readonly string[]): ReturnType<MusterProcesses["run"]> {
  const words = ["run", "--tasks", `made_choice,${PYTHON_TASK}`, "--include-path", tasks, "--engine", "hash", "--yes"];
  return muster.run([...words, "--json", "--output", join(muster.home, "out"), ...more]);
}

test("without a bridge the refusal says what would run the task", async () => {
  const { code, stderr } = await run([]);
  expect(code).toBe(2);
  const { error } = JSON.parse(stderr) as { error: { message: string; wayOut: string } };
  expect(error.message).toMatch(REFUSAL);
  expect(error.wayOut).toMatch(/`muster bridge install` lets the harness itself run such tasks\.$/);
});

test("a task that shows images is refused by name, bridge or not", async () => {
  const file = join(tasks, "seeing.yaml");
  writeFileSync(
    file,
    "task: seeing\ndataset_path: x\ntest_split: test\ndoc_to_text: t\ndoc_to_target: t\ndoc_to_image: i\n",
  );
  for (const more of [[], ["--bridge-python", process.execPath]]) {
    const words = ["run", "--tasks", `${file},${PYTHON_TASK}`, "--engine", "hash", "--yes", "--json", ...more];
    const { code, stderr } = await muster.run(words);
    expect(code).toBe(2);
    const { error } = JSON.parse(stderr) as { error: { message: string; wayOut: string } };
    expect(error.message).toBe("The task seeing cannot be run exactly: it shows images to the model (doc_to_image).");
    expect(error.wayOut).toBe("Leave the task out: the models of Muster read text, also where the harness asks them.");
  }
});

test("with --bridge never nothing but the native frontend runs", async () => {
  const { code, stderr } = await run(["--bridge", "never", "--bridge-python", process.execPath]);
  expect(code).toBe(2);
  expect(stderr).toMatch(REFUSAL);
  expect(stderr).not.toContain("muster bridge install");
});

test.skipIf(python === null)("each task runs where it is exact, and it is said which and why", async () => {
  const { code, stdout, stderr } = await run(["--bridge-python", python!]);
  if (code !== 0) throw new Error(`ended with ${code}:\n${stderr}`);
  expect(stderr).toMatch(/^Bridge {2}\S*py_kappa\.yaml runs with the harness itself: The task py_kappa cannot/m);
  expect(stderr).toMatch(/^Native {2}made_choice$/m);
  interface Result {
    readonly output: string;
    readonly files: readonly string[];
    readonly scores: readonly { readonly task: string }[];
  }
  const { bridge, ...native } = JSON.parse(stdout) as Result & { readonly bridge: Result };
  expect(new Set(native.scores.map(({ task }) => task))).toEqual(new Set(["made_choice"]));
  expect(new Set(bridge.scores.map(({ task }) => task))).toEqual(new Set(["py_kappa"]));
  expect(bridge.output).toBe(native.output);
  const samples = bridge.files.find((name) => name.includes("samples_py_kappa"))!;
  expect(readFileSync(join(bridge.output, samples), "utf8").trimEnd().split("\n")).toHaveLength(24);
});

test.skipIf(python === null)("what the harness refuses is one sentence, and leaves nothing behind", async () => {
  const words = ["bridge", "run", "--tasks", "no_such_task", "--engine", "hash", "--bridge-python", python!];
  const { code, stderr } = await muster.run([...words, "--output", join(muster.home, "none")]);
  expect(code).toBe(4);
  expect(stderr).toMatch(/^muster: the harness has no such task: no_such_task\n {2}Check --tasks\.\n$/m);
  expect(stderr).not.toContain("Traceback");
  expect(
    readdirSync(join(muster.home, "state", "muster", "local")).filter((name) => name.startsWith("bridge-")),
  ).toEqual([]);
});
