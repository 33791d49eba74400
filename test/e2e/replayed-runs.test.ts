// A run that was, once more from its manifest alone: by the real program.
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";

const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");
const output = join(muster.home, "output");
const manifest = join(output, "manifest.json");

interface Replay {
  readonly isEqual: boolean;
  readonly differences: readonly string[];
}

beforeAll(async () => {
  makeTasks(tasks, 13, { choiceDocuments: 12, writtenDocuments: 9 });
  const asked = ["--tasks", "made", "--include-path", tasks, "--limit", "7", "--num-fewshot", "1"];
  await muster.output([
    ...["run", ...asked, "--engine", "hash", "--model", "hash", "--bootstrap-iterations", "50"],
    ...["--yes", "--output", output],
  ]);
});

afterAll(() => muster.stop());

async function replay(...words: string[]): Promise<Replay & { code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await muster.run(["replay", ...words, "--json"]);
  const found = stdout === "" ? { isEqual: false, differences: [] } : (JSON.parse(stdout) as Replay);
  return { ...found, code, stderr };
}

test("the same tasks, data and model give the same run to the last bit, on any number of agents", async () => {
  const found = await replay(manifest, "--local-agents", "2", "--output", join(muster.home, "again"));
  expect(found, found.stderr).toMatchObject({ code: 0, isEqual: true, differences: [] });
});

test("scores that differ are named with both values", async () => {
  const copy = join(muster.home, "changed");
  await muster.run(["replay", output, "--output", copy]);
  const results = readdirSync(copy).find((name) => name.startsWith("results_"))!;
  const text = readFileSync(join(copy, results), "utf8");
  writeFileSync(join(copy, results), text.replace(/"acc,none": [0-9.]+/, '"acc,none": 0.125'));
  const changed = readFileSync(join(copy, "manifest.json"), "utf8");
  writeFileSync(join(copy, "manifest.json"), changed.replace(/"scoresDigest": "\w{8}/, '"scoresDigest": "00000000'));
  const found = await replay(join(copy, "manifest.json"), "--output", join(muster.home, "third"));
  expect(found.code).toBe(1);
  expect(found.differences).toEqual([expect.stringMatching(/^acc \(none\) of \S+ is [0-9.]+; it was 0\.125$/)]);
});

test("data that has changed is refused by name, and compared only where that is wanted", async () => {
  const again = ["--output", join(muster.home, "fourth")];
  const data = readdirSync(tasks).find((name) => name.endsWith(".jsonl"))!;
  appendFileSync(join(tasks, data), "\n");
  const refused = await replay(manifest, ...again);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/this would be another run: the data set \S+ \(\w+\) has other bytes/);
  const compared = await replay(manifest, ...again, "--allow-different");
  expect(compared.code).toBe(1);
  expect(compared.differences).toEqual(["the plan is another one: prompts, documents or settings differ"]);
});

test.each([
  ["nowhere", 4, /there is no manifest at nowhere/],
  [join(import.meta.dirname, "../../package.json"), 2, /is no manifest of a run that can be replayed/],
])("%s is refused", async (path, code, sentence) => {
  const found = await replay(path);
  expect(found.code).toBe(code);
  expect(found.stderr).toMatch(sentence);
});
