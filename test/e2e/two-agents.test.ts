import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { readRunOutput, type RunOutput } from "../support/run-output.ts";

const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");

interface RunReply {
  readonly run: {
    readonly state: string;
    readonly requestCount: string;
    readonly agents: readonly { readonly agentId: string; readonly processId: number; readonly requestsDone: string }[];
  };
}

beforeAll(() => makeTasks(tasks, Date.now() % 100_000, { choiceDocuments: 60, writtenDocuments: 40 }));
afterAll(() => muster.stop());

async function runLocally(agents: number): Promise<{ reply: RunReply; output: RunOutput }> {
  const output = join(muster.home, `out-${agents}`);
  const text = await muster.output([
    ..."run --tasks made --engine hash --yes --json --no-cache".split(" "),
    ...["--include-path", tasks, "--local-agents", String(agents), "--output", output],
  ]);
  return { reply: JSON.parse(text) as RunReply, output: readRunOutput(output) };
}

test("every agent is a process of its own and does a share of the run", async () => {
  const { reply } = await runLocally(2);
  expect(reply.run.state).toBe("done");
  expect(new Set(reply.run.agents.map((agent) => agent.processId)).size).toBe(2);
  const done = reply.run.agents.map((agent) => Number(agent.requestsDone));
  expect(Math.min(...done)).toBeGreaterThan(0);
  expect(done.reduce((sum, count) => sum + count, 0)).toBe(60 * 4 + 40);
});

test("scores, samples and certificate do not depend on the number of agents", { timeout: 180_000 }, async () => {
  const [one, two, seven] = [await runLocally(1), await runLocally(2), await runLocally(7)];
  expect(two.output).toEqual(one.output);
  expect(seven.output).toEqual(one.output);
  expect(Object.keys(one.output.samples).toSorted()).toEqual(["made_choice", "made_written"]);
});
