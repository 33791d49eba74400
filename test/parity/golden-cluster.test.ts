// The whole product against the reference harness's own numbers: real processes, the hash engine. Same prompts, same
// samples, same scores and standard errors, to the last bit; and a golden file that says otherwise is noticed.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { sharedFolder } from "../support/shared-folder.ts";
import { GoldenCluster } from "./golden-cluster.ts";
import { type GoldenFile, type GoldenRun, readGoldenFolder, type RunReport } from "./golden-runs.ts";
import { isProof, runGoldenFiles } from "./golden-session.ts";

const SHUFFLED = "bbh_cot_fewshot_tracking_shuffled_objects_three_objects";
const ownMap = join(import.meta.dirname, "golden-tasks", "dataset-map.json");
const own = readGoldenFolder(join(import.meta.dirname, "golden"));

describe.skipIf(sharedFolder === null)("the shared golden runs", () => {
  test.each([1, 2, 7])("with %i agents, prompts, samples, scores and errors are the harness's own", async (agents) => {
    const datasetMap = join(sharedFolder!, "parity", "dataset-map.json");
    const all = readGoldenFolder(join(sharedFolder!, "parity", "golden"));
    const files = [only(all, "core", ["gsm8k", "commonsense_qa"]), only(all, "bbh_cot_fewshot", [SHUFFLED])];
    const { lines, outcome } = await runOn(agents, files, datasetMap);
    expect(lines.at(-1)).toBe("3/3 task runs equal");
    expect(outcome).toEqual({ equal: 3, taskRuns: 3, groupsDiffer: 0, idle: [] });
  });
});

test("with 12 agents in four processes, the golden runs of this repository are equal and no agent is idle", async () => {
  const { lines, outcome } = await runOn(12, own, ownMap);
  expect(isProof(outcome), lines.join("\n")).toBe(true);
});

describe("a golden file that says something else", () => {
  const name = "choices";
  const file = own.find((file) => file.name === name)!;
  const task = Object.keys(file.golden.samples)[0]!;

  test.each<[string, (golden: GoldenRun) => unknown, RegExp]>([
    ["score", ({ results }) => nudge(results[task]!, "acc,none"), /results acc,none: expected .*, got /],
    ["standard error", ({ results }) => nudge(results[task]!, "acc_stderr,none"), /results acc_stderr,none: expected /],
    [
      "prompt",
      ({ samples }) => Object.assign(samples[task]![3]!, { prompts: "0" }),
      /sample 3 .*document 3.* prompts 0/,
    ],
    ["sample's score", ({ samples }) => nudge(samples[task]![2]!.metrics, "acc"), /sample 2 .*document 2, .*"acc"/],
    ["missing sample", ({ samples }) => (samples[task] as unknown[]).pop(), /is not expected/],
    ["sample too many", ({ samples }) => (samples[task] as unknown[]).push(samples[task]![0]), /is missing/],
    ["order of samples", ({ samples }) => (samples[task] as unknown[]).reverse(), /sample 0 .* is expected, here is/],
    ["missing task", ({ samples }) => delete (samples as Record<string, unknown>)[task], /is not expected/],
    ["version", ({ versions }) => Object.assign(versions, { [task]: 77 }), /versions: expected 77/],
  ])("is noticed: %s", async (_what, tamper, sentence) => {
    const golden = structuredClone(file.golden);
    tamper(golden);
    const honest = { run: () => Promise.resolve(file.golden as RunReport), executed: new Map([["agent", 1]]) };
    const lines: string[] = [];
    const say = (line: string): number => lines.push(line);
    const outcome = await runGoldenFiles(honest, [{ name, golden }], { datasetMap: ownMap, say });
    expect(isProof(outcome)).toBe(false);
    expect(lines.join("\n")).toMatch(sentence);
    expect(lines.at(-1)).toMatch(/^(\d+)\/(?!\1 )\d+ task runs equal$/);
  });

  test("fails the command", async () => {
    const folder = mkdtempSync(join(tmpdir(), "muster-tampered-"));
    const golden = structuredClone(file.golden);
    nudge(golden.results[task]!, "acc,none");
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(golden));
    const words = ["--golden", folder, "--map", ownMap, "--agents", "1"];
    const command = promisify(execFile)(process.execPath, [join(import.meta.dirname, "main.ts"), ...words]);
    await expect(command).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining(task) as string });
    rmSync(folder, { recursive: true });
  });

  test("an agent that executed nothing is no proof", async () => {
    const idle = { run: () => Promise.resolve(file.golden as RunReport), executed: new Map([["agent-2", 0]]) };
    const lines: string[] = [];
    const say = (line: string): number => lines.push(line);
    const outcome = await runGoldenFiles(idle, [file], { datasetMap: ownMap, say });
    expect(isProof(outcome)).toBe(false);
    expect(lines).toContain("executed nothing: agent-2");
  });
});

async function runOn(agents: number, files: readonly GoldenFile[], datasetMap: string) {
  const cluster = await GoldenCluster.start(agents);
  const lines: string[] = [];
  try {
    const outcome = await runGoldenFiles(cluster, files, { datasetMap, say: (line) => lines.push(line) });
    return { lines, outcome };
  } finally {
    await cluster.stop();
  }
}

/** A golden file with some of its tasks. */
function only(files: readonly GoldenFile[], name: string, tasks: readonly string[]): GoldenFile {
  const { golden } = files.find((file) => file.name === name)!;
  const pick = <Value>(section: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(section).filter(([task]) => tasks.includes(task)));
  return {
    name,
    golden: {
      settings: { ...golden.settings, tasks },
      results: pick(golden.results),
      "n-samples": pick(golden["n-samples"]),
      "n-shot": pick(golden["n-shot"]),
      versions: pick(golden.versions),
      higher_is_better: pick(golden.higher_is_better),
      samples: pick(golden.samples),
    },
  };
}

/** The next number up: the smallest change that there is. */
function nudge(record: Readonly<Record<string, unknown>>, key: string): void {
  const bits = new Float64Array([Number(record[key])]);
  const words = new BigInt64Array(bits.buffer);
  words[0]! += 1n;
  Object.assign(record, { [key]: bits[0] });
}
