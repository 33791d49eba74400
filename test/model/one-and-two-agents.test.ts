// A real language model on one agent and on two: the same scores and the same answers. Fetches the model once (94 MB).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testCacheFolder } from "../support/harness-python.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { readRunOutput } from "../support/run-output.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const muster = new MusterProcesses();
const environment = { XDG_CACHE_HOME: join(testCacheFolder(), "cache") };

beforeAll(async () => {
  const { code, stderr } = await muster.run(["tasks", "install", "lm-eval@0.4.13"], environment);
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => muster.stop());

async function runWith(agents: number): Promise<string> {
  const output = join(muster.home, `out-${agents}`);
  const { code, stdout, stderr } = await muster.run(
    [
      ..."run --tasks commonsense_qa --limit 50 --model smollm2-135m --yes --json --no-cache".split(" "),
      ...["--dataset-map", join(sharedFolder!, "parity", "dataset-map.json")],
      ...["--local-agents", String(agents), "--output", output],
    ],
    environment,
  );
  if (code !== 0) throw new Error(`ended with ${code}:\n${stderr}`);
  const { run } = JSON.parse(stdout) as { run: { agents: { requestsDone: string }[] } };
  console.log(`${agents} agents answered ${run.agents.map((agent) => agent.requestsDone).join(" and ")} requests`);
  expect(run.agents.filter((agent) => Number(agent.requestsDone) > 0)).toHaveLength(agents);
  return output;
}

test.skipIf(sharedFolder === null)("one agent and two give the same scores and the same responses", async () => {
  const [one, two] = [await runWith(1), await runWith(2)];
  expect(readRunOutput(two)).toEqual(readRunOutput(one));
  const samples = readdirSync(one).find((name) => name.startsWith("samples_commonsense_qa"))!;
  expect(readFileSync(join(one, samples), "utf8").trimEnd().split("\n")).toHaveLength(50);
});
