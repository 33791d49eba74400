// Tasks that no native frontend can run, from Python to scores, on a cluster of seven agents: the harness's own numbers
// and its own files, byte for byte.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { streamPlan } from "../../../frontend/stream-plan.ts";
import { BRIDGE_FOLDER, readHarnessOutput, runPython } from "../../support/harness-output.ts";
import { harnessPython } from "../../support/harness-python.ts";
import { MusterProcesses } from "../../support/muster-processes.ts";
import { sharedFolder } from "../../support/shared-folder.ts";

const AGENTS = 7;
const TASKS_FOLDER = join(BRIDGE_FOLDER, "tests", "tasks");
/** Two tasks come with their group. */
const TASKS = readdirSync(TASKS_FOLDER)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length))
  .filter((name) => name !== "py_group");
const SELECTED = [...TASKS.filter((name) => name !== "py_heavy" && name !== "py_made_choice"), "py_group"].join(",");
/** Slow enough that all agents are seen at work; the answers are the hash engine's. */
const SLOW_AGENT = "--engine simulated --model hash --concurrency 2 --simulation latencyMs=250".split(" ");

const python = sharedFolder === null ? null : harnessPython();
const muster = new MusterProcesses();

interface ListedAgent {
  readonly agentId: string;
  readonly state: string;
  readonly slots: readonly { readonly runningSamples: number }[];
}

interface ListedRun {
  readonly suite: string;
  readonly state: string;
  readonly agents: readonly { readonly requestsDone: string }[];
}

beforeAll(async () => {
  if (python === null) return;
  await muster.startCoordinator();
  for (let agent = 0; agent < AGENTS; agent++) await muster.startAgent(`a${agent}`, SLOW_AGENT);
});
afterAll(() => muster.stop());

/** Most agents that were seen at work at the same moment while something went on. */
async function mostBusyAtOnce(isOver: () => boolean): Promise<number> {
  let most = 0;
  while (!isOver()) {
    const listed = JSON.parse(
      await muster.output(["agents", "--json", "--coordinator", muster.grpcAddress]),
    ) as ListedAgent[];
    const busy = listed.filter(({ slots }) => slots.some(({ runningSamples }) => runningSamples > 0));
    most = Math.max(most, busy.length);
  }
  return most;
}

test("the native frontend refuses each of these tasks, and they are twenty", async () => {
  expect(TASKS).toHaveLength(20);
  const refusals = TASKS.map(async (task) => {
    const request = {
      tasks: [join(TASKS_FOLDER, `${task}.yaml`)],
      includePaths: [],
      datasetMap: null,
      limit: null,
      numFewshot: null,
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      generationOverrides: null,
      bootstrapIterations: 0,
      cacheFolder: join(muster.home, "no-cache"),
    };
    const pieces = streamPlan(request, { signal: new AbortController().signal, onProgress: () => undefined });
    return pieces.next().then(
      () => `${task} is native`,
      (error: Error & { kind?: string }) => error.kind,
    );
  });
  expect(new Set(await Promise.all(refusals))).toEqual(new Set(["unsupported"]));
});

test.skipIf(python === null)(
  "twenty tasks on seven agents give what the harness alone gives, byte for byte",
  async () => {
    const [alone, together] = [join(muster.home, "alone"), join(muster.home, "together")];
    const words = [join(BRIDGE_FOLDER, "tests", "harness_alone.py"), join(sharedFolder!, "parity")];
    words.push("--tasks", SELECTED, "--include_path", TASKS_FOLDER, "--output_path", alone, "--log_samples");
    await runPython(python!, words);

    const bridge = muster.begin(
      [
        ...["bridge", "run", "--tasks", SELECTED, "--include-path", TASKS_FOLDER, "--output", together, "--json"],
        ...["--coordinator", muster.grpcAddress, "--bridge-python", python!],
      ],
      { PYTHONDONTWRITEBYTECODE: "1" },
    );
    let isOver = false;
    const ended = bridge.ended.finally(() => (isOver = true));
    const busy = await mostBusyAtOnce(() => isOver);
    const { code, stdout, stderr } = await ended;
    if (code !== 0) throw new Error(`ended with ${code}:\n${stderr}`);

    expect(readHarnessOutput(together)).toEqual(readHarnessOutput(alone));
    expect(Object.keys(readHarnessOutput(together).samples).toSorted()).toEqual(TASKS);
    expect((JSON.parse(stdout) as { scores: unknown[] }).scores.length).toBeGreaterThanOrEqual(TASKS.length);
    expect(busy).toBe(AGENTS);
    const runs = JSON.parse(
      await muster.output(["runs", "--json", "--coordinator", muster.grpcAddress]),
    ) as ListedRun[];
    expect(runs.map(({ state, suite }) => `${state} ${suite.split(" of ")[0]}`).toSorted()).toEqual([
      "done lm-eval: generate_until",
      "done lm-eval: loglikelihood",
      "done lm-eval: loglikelihood_rolling",
    ]);
    for (const { agents } of runs) {
      expect(agents.map(({ requestsDone }) => Number(requestsDone) > 0)).toEqual(Array<boolean>(AGENTS).fill(true));
    }
  },
);
