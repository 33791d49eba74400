// What an evaluation costs besides the model: rendering prompts, scoring responses, aggregating with standard errors.
// Side by side with the installed reference harness on the same six tasks, 3,540 documents and hash model, scores compared;
// and the memory that a plan of a million requests takes while it is made.
import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import nodeSettings from "../bin/node-settings.json" with { type: "json" };
import type { PlanRequest } from "../frontend/plan-request.ts";
import { harnessPython, harnessTree } from "../test/support/harness-python.ts";
import { sharedFolder } from "../test/support/shared-folder.ts";
import type { Benchmark, Gate } from "./benchmark.ts";
import type { TimedRun } from "./frontend/timed-run.ts";

const TASKS = [
  "gsm8k",
  "commonsense_qa",
  "bbh_cot_fewshot_hyperbaton",
  "bbh_cot_fewshot_object_counting",
  "bbh_zeroshot_web_of_lies",
  "leaderboard_bbh_ruin_names",
];
const CHOICES = 4;
/** The machine is never quiet: of so many rounds the quickest of each side counts. */
const ROUNDS = 2;

const frontend: Benchmark = {
  title: "prompts, scores and aggregates against the reference harness; a million requests in memory",
  async run({ tiny }) {
    const folder = mkdtempSync(join(tmpdir(), "muster-frontend-"));
    try {
      return [...(await compareWithHarness(folder, tiny)), await measureLongPlan(folder, tiny ? 100 : 250_000)];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
export default frontend;

async function compareWithHarness(folder: string, tiny: boolean): Promise<readonly Gate[]> {
  const python = harnessPython();
  if (python === null || sharedFolder === null) throw new Error("the harness or its data is not here");
  const parity = join(sharedFolder, "parity");
  const limit = tiny ? 5 : null;
  const datasetMap = join(parity, "dataset-map.json");
  const request: PlanRequest = {
    ...plainRequest(folder),
    tasks: TASKS,
    includePaths: [harnessTree(python)],
    datasetMap,
    limit,
    bootstrapIterations: 100_000,
  };
  const script = join(import.meta.dirname, "frontend", "time_harness.py");
  const words = [script, parity, datasetMap, TASKS.join(","), ...(limit === null ? [] : [String(limit)])];
  const [ours, theirs]: [Timed<TimedRun>[], Timed<TimedRun>[]] = [[], []];
  for (let round = 0; round < (tiny ? 1 : ROUNDS); round++) {
    ours.push(await ourChild<TimedRun>("timed-run", request));
    theirs.push(await child<TimedRun>(python, words, { HF_HOME: join(folder, "hf") }));
    report("Muster", ours.at(-1)!);
    report("harness", theirs.at(-1)!);
    assertSame(ours.at(-1)!.answer, theirs.at(-1)!.answer);
  }
  const ratio = (of: (run: Timed<TimedRun>) => number): number => least(theirs.map(of)) / least(ours.map(of));
  console.log(`whole processes: ${ratio(({ wallSeconds }) => wallSeconds).toFixed(1)} times as fast`);
  const value = ratio(({ answer }) => answer.seconds.rest);
  return [{ name: "prompts, scores and aggregates", value, unit: "times as fast", atLeast: 10 }];
}

function report(name: string, { answer, wallSeconds }: Timed<TimedRun>): void {
  const parts = Object.entries({ ...answer.seconds, process: wallSeconds }).map(
    ([part, value]) => `${part} ${value.toFixed(2)} s`,
  );
  console.log(`  ${name.padEnd(8)} ${answer.requests} requests: ${parts.join(", ")}`);
}

function assertSame(ours: TimedRun, theirs: TimedRun): void {
  if (ours.requests !== theirs.requests) throw new Error(`${ours.requests} requests, not ${theirs.requests}`);
  for (const [task, scores] of Object.entries(ours.scores)) {
    const wanted = theirs.scores[task] ?? {};
    const numbers = Object.fromEntries(Object.entries(wanted).filter(([key]) => key.includes(",")));
    if (!isDeepStrictEqual({ ...scores }, numbers)) {
      throw new Error(`${task}: ${JSON.stringify(scores)}, not ${JSON.stringify(numbers)}`);
    }
  }
}

/** What `long-plan-process.ts` says. */
interface LongPlan {
  readonly requests: number;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Choices over documents that exist nowhere else. */
async function measureLongPlan(folder: string, documents: number): Promise<Gate> {
  const data = join(folder, "long.jsonl");
  const file = openSync(data, "w");
  for (let document = 0; document < documents; document++) {
    const choices = Array.from({ length: CHOICES }, (_, choice) => `answer ${document}-${choice}`);
    const question = `${document} ${"what is asked here ".repeat(10)}`;
    writeSync(file, `${JSON.stringify({ question, choices, answer: document % CHOICES })}\n`);
  }
  closeSync(file);
  const task = {
    task: "bench_long",
    dataset_path: "bench_long",
    test_split: "test",
    output_type: "multiple_choice",
    doc_to_text: "Question: {{question}}\nAnswer:",
    doc_to_choice: "choices",
    doc_to_target: "answer",
  };
  // JSON is YAML.
  writeFileSync(join(folder, "bench_long.yaml"), JSON.stringify(task));
  const datasetMap = join(folder, "map.json");
  writeFileSync(datasetMap, JSON.stringify({ bench_long: { test: data } }));
  const request: PlanRequest = { ...plainRequest(folder), tasks: ["bench_long"], includePaths: [folder], datasetMap };
  const { answer: made } = await ourChild<LongPlan>("long-plan", request);
  console.log(`  ${made.requests} requests planned in ${made.seconds.toFixed(1)} s`);
  return {
    name: `largest memory of a process that plans ${made.requests} requests`,
    value: made.peakBytes / 1e6,
    unit: "MB",
    atMost: 500,
  };
}

function plainRequest(folder: string): PlanRequest {
  return {
    tasks: [],
    includePaths: [],
    datasetMap: null,
    limit: null,
    numFewshot: null,
    seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
    generationOverrides: null,
    bootstrapIterations: 0,
    cacheFolder: join(folder, "cache"),
  };
}

/** A program of this folder, started as the shipped program is. */
function ourChild<Answer>(name: string, request: PlanRequest): Promise<Timed<Answer>> {
  const file = join(import.meta.dirname, "frontend", `${name}-process.ts`);
  return child(process.execPath, [...nodeSettings.flags, file, JSON.stringify(request)], nodeSettings.environment);
}

interface Timed<Answer> {
  readonly answer: Answer;
  /** From the spawn to the end. */
  readonly wallSeconds: number;
}

async function child<Answer>(program: string, words: string[], added: NodeJS.ProcessEnv): Promise<Timed<Answer>> {
  const beganMs = performance.now();
  const env = { ...process.env, ...added };
  const { stdout } = await promisify(execFile)(program, words, { env, maxBuffer: 1 << 26 });
  return { answer: JSON.parse(stdout) as Answer, wallSeconds: (performance.now() - beganMs) / 1000 };
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}
