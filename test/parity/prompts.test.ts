// Tasks made at test time with every way of writing a prompt: the same requests, documents and targets as the harness
// makes, and where the harness stops, a refusal.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MusterError } from "../../base/muster-error.ts";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import type { PlanPack, PlanSample } from "../../evaluation/plan.ts";
import { openDatasetLoader } from "../../frontend/data/dataset-loader.ts";
import { materialisePlan } from "../../frontend/materialise.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { harnessPython } from "../support/harness-python.ts";
import { writeRandomTasks } from "../support/random-prompts.ts";

interface PlannedTask {
  readonly requests: [number, string, ...string[]][];
  readonly docs: Record<string, unknown>;
  readonly targets: Record<string, unknown>;
}

type Rendered = Partial<PlannedTask> & { readonly task: string; readonly error?: string };

const TASKS = 80;
const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 20);

describe.skipIf(python === null).each([
  { numFewshot: null, limit: null },
  { numFewshot: 3, limit: 0.4 },
])(`prompts of random tasks (MUSTER_TEST_SEED=${seed}), --num-fewshot $numFewshot, --limit $limit`, (options) => {
  let folder: string;
  let rendered: readonly Rendered[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-prompts-"));
    writeRandomTasks(folder, seed + (options.numFewshot ?? 0), TASKS);
    const words = [folder, String(options.numFewshot ?? "-"), String(options.limit ?? "-")];
    const text = execFileSync(python!, [join(import.meta.dirname, "render_tasks.py"), ...words], {
      encoding: "utf8",
      maxBuffer: 1 << 30,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, HF_HOME: join(folder, "hf") },
    });
    rendered = text
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Rendered);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test("each task gives the harness's requests, documents and targets", async () => {
    expect(rendered).toHaveLength(TASKS);
    const made = rendered.filter((task) => task.error === undefined);
    expect(made.length).toBeGreaterThan(TASKS / 3);
    const planned = await plan(made.map(({ task }) => task));
    for (const task of made) {
      const { requests, docs, targets } = planned.get(task.task)!;
      expect(requests, task.task).toEqual(task.requests);
      expect(docs, task.task).toEqual(task.docs);
      expect(targets, task.task).toEqual(task.targets);
    }
  });

  test("each task at which the harness stops is refused, with a sentence that names it", async () => {
    const refused = rendered.filter(({ error }) => error !== undefined);
    for (const { task, error: reason } of refused) {
      const thrown = await plan([task]).then(
        () => null,
        (error: unknown) => error,
      );
      expect(thrown, `${task}: ${reason}`).toBeInstanceOf(MusterError);
      expect((thrown as MusterError).kind, String(thrown)).not.toBe("internal");
      expect((thrown as MusterError).message).toContain(task);
    }
  });

  async function plan(tasks: readonly string[]): Promise<ReadonlyMap<string, PlannedTask>> {
    const request: PlanRequest = {
      tasks,
      includePaths: [folder],
      datasetMap: join(folder, "map.json"),
      ...options,
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      generationOverrides: null,
      bootstrapIterations: 0,
      cacheFolder: join(folder, "cache"),
    };
    const planned = tasks.map((): PlannedTask => ({ requests: [], docs: {}, targets: {} }));
    const names: string[] = [];
    const { datasetMap, cacheFolder } = request;
    const ignore = (): void => undefined;
    const openLoader = () => openDatasetLoader({ datasetMap, cacheFolder, onProgress: ignore });
    for await (const piece of materialisePlan(request, { openLoader, onProgress: ignore })) {
      if (piece.kind === "header") names.push(...piece.header.tasks.map(({ name }) => name));
      if (piece.kind === "pack")
        for (const sample of piece.pack.samples) keep(planned[sample.task]!, piece.pack, sample);
    }
    return new Map(names.map((name, index) => [name, planned[index]!]));
  }
});

function keep(task: PlannedTask, pack: PlanPack, sample: PlanSample): void {
  task.docs[sample.docId] = plainJson(sample.doc);
  task.targets[sample.docId] = plainJson(sample.target);
  const first = sample.firstRequest - pack.requests[0]!.index;
  for (const { kind, context, continuation } of pack.requests.slice(first, first + sample.requestCount)) {
    task.requests.push([sample.docId, kind, context, ...(kind === "loglikelihood" ? [continuation] : [])]);
  }
}

function plainJson(text: string): unknown {
  return JSON.parse(formatPythonJson(parsePythonJson(text)));
}
