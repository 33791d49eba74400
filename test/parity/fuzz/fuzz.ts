import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { MusterError } from "../../../base/muster-error.ts";
import { harnessTree } from "../../support/harness-python.ts";
import { sharedFolder } from "../../support/shared-folder.ts";
import type { GoldenRun } from "../golden-runs.ts";
import { readPythonJson } from "../read-python-json.ts";
import { expectSameRun } from "../same-run.ts";
import { Draws, writeFuzzTasks } from "./fuzz-tasks.ts";
import { readTreeValues } from "./tree-values.ts";

const BATCH_TASKS = 50;
/** As `expectSameRun` scores. */
const BOOTSTRAP_ITERATIONS = 1000;

/** What came of a number of random tasks. */
export interface FuzzReport {
  tasks: number;
  equal: number;
  /** Tasks on which the harness stops, and so does Muster. */
  bothStop: number;
  /** Tasks that Muster refuses by name though the harness runs them. */
  refused: number;
  readonly refusals: Map<string, number>;
  readonly differences: string[];
  readonly draws: Draws;
}

type Outcome = { readonly task: string; readonly error?: string } & Partial<Omit<GoldenRun, "settings">>;

/** Makes tasks, runs them through both, and compares prompts, samples, scores and errors. */
export async function fuzzTasks(options: {
  readonly python: string;
  readonly seed: number;
  readonly tasks: number;
  readonly onProgress: (done: number) => void;
}): Promise<FuzzReport> {
  const folder = mkdtempSync(join(tmpdir(), "muster-fuzz-"));
  const report: FuzzReport = {
    tasks: 0,
    equal: 0,
    bothStop: 0,
    refused: 0,
    refusals: new Map(),
    differences: [],
    draws: new Draws(),
  };
  try {
    const tree = readTreeValues(harnessTree(options.python), join(folder, "index"));
    for (let batch = 0; report.tasks < options.tasks; batch += 1) {
      const place = join(folder, String(batch));
      const count = Math.min(BATCH_TASKS, options.tasks - report.tasks);
      const names = writeFuzzTasks(place, { seed: options.seed + batch, count }, tree, report.draws);
      for await (const outcome of runHarness(options.python, place, names)) {
        report.tasks += 1;
        await compare(outcome, place, report);
        options.onProgress(report.tasks);
      }
      rmSync(place, { recursive: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

async function* runHarness(python: string, folder: string, names: readonly string[]): AsyncGenerator<Outcome> {
  const words = [join(sharedFolder!, "parity"), folder, join(folder, "map.json"), String(BOOTSTRAP_ITERATIONS)];
  const child = spawn(python, [join(import.meta.dirname, "run_tasks.py"), ...words], {
    stdio: ["pipe", "pipe", process.env["MUSTER_DEBUG"] === undefined ? "ignore" : "inherit"],
    env: { ...process.env, HF_HOME: join(folder, "hf") },
  });
  const closed = once(child, "close");
  child.stdin.end(names.map((name) => `${name}\n`).join(""));
  let answered = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    answered += 1;
    yield readPythonJson(line) as Outcome;
  }
  const [code] = (await closed) as [number];
  if (answered !== names.length)
    throw new Error(`the harness ended with ${code} after ${answered} of ${names.length} tasks`);
}

async function compare(outcome: Outcome, folder: string, report: FuzzReport): Promise<void> {
  const { task, error, ...harness } = outcome;
  const wish = {
    tasks: [task],
    limit: null,
    numFewshot: null,
    includePaths: [folder],
    datasetMap: join(folder, "map.json"),
  };
  try {
    await expectSameRun(harness as GoldenRun, wish);
    if (error === undefined) report.equal += 1;
    else report.differences.push(`${task}: the harness stops (${error}) and Muster does not`);
  } catch (thrown) {
    const isRefusal = thrown instanceof MusterError;
    if (error !== undefined && (isRefusal || harness.samples === undefined)) report.bothStop += isRefusal ? 1 : 0;
    if (error !== undefined && isRefusal) return;
    if (isRefusal && thrown.kind === "unsupported") {
      report.refused += 1;
      const reason = thrown.message.replaceAll(task, "T").slice(0, 120);
      report.refusals.set(reason, (report.refusals.get(reason) ?? 0) + 1);
      return;
    }
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    report.differences.push(
      `${task}: ${error === undefined ? text.slice(0, 1500) : `the harness stops (${error}) and Muster does not`}`,
    );
  }
}
