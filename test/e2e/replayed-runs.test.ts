// A run that was, once more from its manifest alone: by the real program.
import { appendFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OutcomeComparison } from "../../cli/replay/compare-outcomes.ts";
import type { RunManifest } from "../../evaluation/manifest.ts";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { SmallServer } from "../support/small-server.ts";

const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");
const output = join(muster.home, "output");
const manifest = join(output, "manifest.json");
let server: SmallServer;

interface Replay extends OutcomeComparison {
  readonly code: number | null;
  readonly stderr: string;
  readonly answers: object | null;
  readonly differences: readonly string[];
  readonly notes: readonly string[];
}

beforeAll(async () => {
  server = await SmallServer.start(512);
  makeTasks(tasks, 13, { choiceDocuments: 12, writtenDocuments: 9 });
  const asked = ["--tasks", "made", "--include-path", tasks, "--limit", "7", "--num-fewshot", "1"];
  await muster.output([
    ...["run", ...asked, "--engine", "hash", "--model", "hash", "--bootstrap-iterations", "50"],
    ...["--yes", "--output", output],
  ]);
});

afterAll(async () => {
  await muster.stop();
  await server.stop();
});

let replays = 0;

async function replay(...words: string[]): Promise<Replay> {
  const to = join(muster.home, `replay-${(replays += 1)}`);
  const { code, stdout, stderr } = await muster.run(["replay", ...words, "--json", "--output", to]);
  return { ...(JSON.parse(stdout || "{}") as Replay), code, stderr };
}

test("the same tasks, data and model give the same run to the last bit, on any number of agents", async () => {
  const found = await replay(manifest, "--local-agents", "2");
  expect(found, found.stderr).toMatchObject({
    ...{ code: 0, isEqual: true, isSameDigest: true, differences: [], notes: [] },
    ...{ prompts: { isEqual: true }, samples: { isEqual: true, before: 14, after: 14 } },
    responses: { isEqual: true, compared: 14, different: 0 },
    scores: { isEqual: true, compared: 3, different: [] },
  });
});

test("a coordinator's agents replay what a command's own agents ran", async () => {
  await muster.startCoordinator();
  await muster.startAgent("one", ["--engine", "hash", "--model", "hash"]);
  const found = await replay(manifest, "--coordinator", muster.grpcAddress);
  expect(found, found.stderr).toMatchObject({ code: 0, isEqual: true, notes: [] });
});

test("a score that differs is named with both values", async () => {
  const copy = join(muster.home, "changed");
  cpSync(output, copy, { recursive: true });
  const changed = JSON.parse(readFileSync(manifest, "utf8")) as RunManifest;
  const scores = changed.scores!.map((score) => (score.metric === "acc" ? { ...score, value: 0.125 } : score));
  writeFileSync(join(copy, "manifest.json"), JSON.stringify({ ...changed, scores }));
  const found = await replay(copy);
  expect(found).toMatchObject({ code: 1, isEqual: false, isSameDigest: true });
  const [difference, ...others] = found.scores.different;
  expect(difference).toMatchObject({ task: "made_choice", metric: "acc", before: { value: 0.125 } });
  expect(difference!.after).toEqual(changed.scores!.find(({ metric }) => metric === "acc"));
  expect(others).toEqual([]);
});

test("another model is refused; compared all the same, the first answer that differs is shown", async () => {
  const refused = await replay(manifest, "--engine-url", server.url, "--model", "small");
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("this would be another run: the model is small; it was hash");
  const found = await replay(manifest, "--engine-url", server.url, "--model", "small", "--allow-different");
  expect(found, found.stderr).toMatchObject({ code: 1, isEqual: false, prompts: { isEqual: true } });
  expect(found.differences).toEqual(["the model is small; it was hash"]);
  expect(found.responses).toMatchObject({ compared: 14, first: { task: "made_choice", document: 0 } });
  expect(found.answers).toMatchObject({ before: expect.any(String) as string, after: expect.any(String) as string });
  expect(found.scores.different.length).toBeGreaterThan(0);
});

test("a task or data that has changed is refused by name, and compared only where that is wanted", async () => {
  const files = readdirSync(tasks);
  const [yaml, data] = ["made_choice.yaml", "made_written.test.jsonl"].map((name) => join(tasks, name)) as [
    string,
    string,
  ];
  expect(files).toContain("made_choice.yaml");
  appendFileSync(yaml, "description: another\n");
  appendFileSync(data, "\n");
  const refused = await replay(manifest);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/the task made_choice says something else \(\w{12}; it was \w{12}\)/);
  expect(refused.stderr).toMatch(/the data set json \(test\) has other bytes \(\w{12}; it had \w{12}\)/);
  const compared = await replay(manifest, "--allow-different");
  expect(compared).toMatchObject({ code: 1, isEqual: false, prompts: { isEqual: false } });
  expect(compared.differences).toHaveLength(2);
});

const tests = join(import.meta.dirname, "../..");

test.each([
  ["nowhere", 4, /there is no manifest at nowhere/],
  [join(tests, "package.json"), 2, /is no manifest of a run that can be replayed: format: /],
  [join(tests, "README.md"), 2, /cannot be read as JSON/],
])("%s is refused", async (path, code, sentence) => {
  const found = await replay(path);
  expect(found.code).toBe(code);
  expect(found.stderr).toMatch(sentence);
});
