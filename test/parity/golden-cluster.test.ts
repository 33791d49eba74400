// The whole product against the reference harness's own numbers: real processes, one, two and seven agents, the hash
// engine. Same prompts, same samples, same scores and standard errors, to the last bit.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testCacheFolder } from "../support/harness-python.ts";
import { MusterProcesses } from "../support/muster-processes.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const SHUFFLED = "bbh_cot_fewshot_tracking_shuffled_objects_three_objects";
const TASKS = { gsm8k: "core", commonsense_qa: "core", [SHUFFLED]: "bbh_cot_fewshot" };

interface Golden {
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly samples: Readonly<Record<string, readonly GoldenSample[]>>;
}

interface GoldenSample {
  readonly doc_id: number;
  readonly filter: string;
  readonly prompts: string;
  readonly metrics: Readonly<Record<string, unknown>>;
}

interface SampleRow {
  readonly doc_id: number;
  readonly filter: string;
  readonly arguments: Readonly<Record<string, { readonly arg_0: string }>>;
  readonly metrics: readonly string[];
  readonly [metric: string]: unknown;
}

const muster = new MusterProcesses();
/** Kept between runs of the tests: the harness's task definitions. */
const environment = { XDG_CACHE_HOME: join(testCacheFolder(), "cache") };

afterAll(() => muster.stop());

function golden(task: string): Golden {
  const name = TASKS[task as keyof typeof TASKS];
  return JSON.parse(readFileSync(join(sharedFolder!, "parity", "golden", `${name}.json`), "utf8")) as Golden;
}

/** The digest that the golden files hold of a sample's prompts. */
function digestPrompts(row: SampleRow): string {
  const prompts = Object.values(row.arguments).map(({ arg_0 }) => `[${JSON.stringify(arg_0)}]`);
  return createHash("sha256")
    .update(`[${prompts.join(", ")}]`)
    .digest("hex")
    .slice(0, 16);
}

function readSamples(folder: string, task: string): GoldenSample[] {
  const name = readdirSync(folder).find((file) => file.startsWith(`samples_${task}_2`))!;
  const lines = readFileSync(join(folder, name), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const row = JSON.parse(line) as SampleRow;
    const metrics = Object.fromEntries(row.metrics.map((metric) => [metric, row[metric]]));
    return { doc_id: row.doc_id, filter: row.filter, prompts: digestPrompts(row), metrics };
  });
}

function inOrder(samples: readonly GoldenSample[]): GoldenSample[] {
  return samples.toSorted((first, second) => first.filter.localeCompare(second.filter) || first.doc_id - second.doc_id);
}

async function runSuite(agents: number): Promise<string> {
  const output = join(muster.home, `out-${agents}`);
  const { code, stdout, stderr } = await muster.run(
    [
      ...["run", "--tasks", Object.keys(TASKS).join(","), "--engine", "hash", "--yes", "--json", "--no-cache"],
      ...["--dataset-map", join(sharedFolder!, "parity", "dataset-map.json")],
      ...["--local-agents", String(agents), "--output", output],
    ],
    environment,
  );
  if (code !== 0) throw new Error(`ended with ${code}:\n${stderr}`);
  const { run } = JSON.parse(stdout) as { run: { agents: { requestsDone: string }[] } };
  expect(run.agents.map((agent) => Number(agent.requestsDone) > 0)).toEqual(Array<boolean>(agents).fill(true));
  return output;
}

beforeAll(async () => {
  if (sharedFolder === null) return;
  const { code, stderr } = await muster.run(["tasks", "install", "lm-eval@0.4.13"], environment);
  if (code !== 0) throw new Error(stderr);
});

test.skipIf(sharedFolder === null).each([1, 2, 7])(
  "with %i agents, prompts, samples, scores and errors are the harness's own",
  async (agents) => {
    const output = await runSuite(agents);
    const resultsName = readdirSync(output).find((name) => name.startsWith("results_"))!;
    const { results } = JSON.parse(readFileSync(join(output, resultsName), "utf8")) as Golden;
    for (const task of Object.keys(TASKS)) {
      const reference = golden(task);
      expect(inOrder(readSamples(output, task))).toEqual(inOrder(reference.samples[task]!));
      expect(results[task]).toMatchObject(reference.results[task]!);
    }
  },
);
