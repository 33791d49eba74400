// A plan, piece by piece: every prompt of every task, in document order, in one pass. Runs in a worker thread.
import { MusterError } from "../base/muster-error.ts";
import { markStep, openStepMark } from "../base/node/step-watch.ts";
import { PythonError } from "../evaluation/harness/python/python-error.ts";
import type { PythonDict } from "../evaluation/harness/python/value.ts";
import { createTaskScorer } from "../evaluation/harness/scoring/task-scorer.ts";
import { type ChatFormat, PLAIN_FORMAT } from "../evaluation/harness/task/chat-messages.ts";
import { createSampler } from "../evaluation/harness/task/fewshot-sampler.ts";
import { DocumentRenderer, inspectFirstDocument, type TaskShape } from "../evaluation/harness/task/render-document.ts";
import type { PlanDataset, PlanHeader, PlanPiece } from "../evaluation/plan.ts";
import type { GenerationSettings } from "../evaluation/request.ts";
import type { EvaluationResponse } from "../evaluation/response.ts";
import type { DatasetLoader } from "./data/dataset-loader.ts";
import { compileChatTemplate } from "./chat-template.ts";
import { noteMissingColumns } from "./missing-columns.ts";
import { Packer } from "./packer.ts";
import type { PlanProgress, PlanRequest } from "./plan-request.ts";
import { PROFILE } from "./profile.ts";
import { planGroup, type PlannedTask, planTasks } from "./plan-tasks.ts";
import { selectTree } from "./select-tree.ts";
import { datasetLabel, loadTaskData, type TaskData } from "./task-data.ts";

/** What a plan is made with. */
export interface MaterialiseOptions {
  openLoader(): Promise<DatasetLoader>;
  onProgress(progress: PlanProgress): void;
  /** Gets what a person should know about the plan: whole sentences. */
  onNote?(note: string): void;
  /** Where the document at hand is noted (`base/node/step-watch.ts`). */
  readonly mark?: Int32Array;
}

interface ReadyTask extends PlannedTask {
  readonly data: TaskData;
  readonly shape: TaskShape;
  /** Documents that are evaluated, a prefix. */
  readonly count: number;
}

/** The pieces of a plan. Throws MusterError where it cannot be made, with all refusals before the header. */
export async function* materialisePlan(request: PlanRequest, options: MaterialiseOptions): AsyncGenerator<PlanPiece> {
  checkRequest(request);
  options.onProgress({ kind: "progress", stage: "index", subject: "tasks", done: 0, total: 0 });
  const tree = selectTree(request, request.tasks);
  for (const note of tree.notes) options.onNote?.(note);
  const planned = planTasks(tree.tasks, request);
  const loader = await options.openLoader();
  const tasks: ReadyTask[] = [];
  for (const [index, task] of planned.entries()) {
    const subject = datasetLabel(task.definition);
    options.onProgress({ kind: "progress", stage: "data", subject, done: index, total: planned.length });
    tasks.push(await readyTask(task, loader, { request, options }));
  }
  const byName = new Map(planned.map((task) => [task.planTask.name, task]));
  const generations = distinctGenerations(tasks);
  const header: PlanHeader = {
    profile: `${PROFILE.name} ${PROFILE.version}`,
    tasks: tasks.map(({ planTask, shape }) => ({ ...planTask, multipleTargets: shape.hasMultipleTargets })),
    groups: tree.groups.map((group) => planGroup(group, byName)),
    generations,
    seeds: request.seeds,
    limit: request.limit,
    numFewshot: request.numFewshot,
    bootstrapIterations: request.bootstrapIterations,
    generationOverrides: request.generationOverrides,
    ...(request.chat === undefined ? {} : { chat: request.chat }),
    ...(tree.otherVersions.length === 0 ? {} : { otherVersions: tree.otherVersions }),
  };
  const chat = chatFormat(request);
  yield { kind: "header", header };
  const packer = new Packer();
  for (const [index, task] of tasks.entries()) yield* renderTask({ task, index, request, chat, options }, packer);
  const last = packer.takeRest();
  if (last !== undefined) yield last;
  yield {
    kind: "end",
    end: {
      requestCount: packer.requestCount,
      sampleCount: packer.sampleCount,
      datasets: distinctDatasets(tasks),
      taskCounts: tasks.map(({ count, data }) => ({ samples: count, originalSamples: data.documents.length })),
    },
  };
}

function chatFormat({ chat }: PlanRequest): ChatFormat {
  if (chat === undefined) return PLAIN_FORMAT;
  const { systemInstruction, isMultiturn, template } = chat;
  return { systemInstruction, isMultiturn, render: template === null ? null : compileChatTemplate(template) };
}

function checkRequest({ limit, numFewshot }: PlanRequest): void {
  if (limit !== null && !(limit > 0)) {
    throw new MusterError("usage", `A limit of ${limit} leaves no samples.`, {
      wayOut: "Give --limit a number of documents, or a share between 0 and 1.",
    });
  }
  if (numFewshot !== null && !(Number.isSafeInteger(numFewshot) && numFewshot >= 0)) {
    throw new MusterError("usage", `${numFewshot} is no number of worked examples.`, {
      wayOut: "Give --num-fewshot a whole number from 0.",
    });
  }
}

async function readyTask(
  task: PlannedTask,
  loader: DatasetLoader,
  { request, options }: { readonly request: PlanRequest; readonly options: MaterialiseOptions },
): Promise<ReadyTask> {
  const data = await loadTaskData(task.definition, loader, task.file);
  const first = data.documents[0]!;
  for (const note of noteMissingColumns(task.definition, first)) options.onNote?.(note);
  options.onProgress({ kind: "progress", stage: "prompts", subject: task.definition.name, done: 0, total: 0 });
  try {
    const shape = markStep(options.mark ?? openStepMark(), 0, () => {
      const found = inspectFirstDocument(task.definition, first);
      probeScoring(task, found, first);
      return found;
    });
    return { ...task, data, shape, count: countDocuments(data.documents.length, request.limit) };
  } catch (error) {
    throw located(error, { definition: task.definition, data }, 0);
  }
}

/**
 * Scores made-up responses to the first document where Python code does it: what that code cannot do exactly is better
 * known before the run than after it.
 */
function probeScoring({ definition, planTask, generation }: PlannedTask, shape: TaskShape, doc: PythonDict): void {
  if (planTask.code?.functions["process_results"] === undefined) return;
  const bare = { ...definition, numFewshot: 0 };
  const renderer = new DocumentRenderer(bare, shape, createSampler("first_n", [], 0), {
    generation,
    chat: PLAIN_FORMAT,
  });
  const { requests, ...rest } = renderer.render(doc);
  const sample = { index: 0, task: 0, docId: 0, firstRequest: 0, requestCount: requests.length, ...rest };
  const cost = { promptTokens: 0, completionTokens: 0, truncatedTokens: 0, latencyUs: 0 };
  const responses = requests.map(({ kind }): EvaluationResponse =>
    kind === "generate_until"
      ? { kind: "text", text: "1", ...cost }
      : { kind: "logprob", logprob: -1, isGreedy: false, ...cost },
  );
  try {
    createTaskScorer(planTask).scoreSample(sample, responses);
  } catch (error) {
    const { cause } = MusterError.from(error);
    // Any other error may lie in the responses, which are none of the model's.
    if (cause instanceof PythonError && cause.type === "Unsupported") throw cause;
  }
}

function countDocuments(available: number, limit: number | null): number {
  if (limit === null) return available;
  return Math.min(available, limit < 1 ? Math.ceil(available * limit) : Math.trunc(limit));
}

function* renderTask(
  work: {
    readonly task: ReadyTask;
    readonly index: number;
    readonly request: PlanRequest;
    readonly chat: ChatFormat;
    readonly options: MaterialiseOptions;
  },
  packer: Packer,
): Generator<PlanPiece> {
  const { task, index, request, options } = work;
  const { definition, data, shape } = task;
  const sampler = createSampler(definition.fewshot.sampler, data.fewshotPool, request.seeds.fewshot);
  const renderer = new DocumentRenderer(definition, shape, sampler, { generation: task.generation, chat: work.chat });
  const report = (done: number) =>
    options.onProgress({ kind: "progress", stage: "prompts", subject: definition.name, done, total: task.count });
  const mark = options.mark ?? openStepMark();
  report(0);
  for (let docId = 0; docId < task.count; docId += 1) {
    const rendered = markStep(mark, docId, () => renderOrLocate(renderer, task, docId));
    const full = packer.add({ task: index, docId }, rendered);
    if (full === undefined) continue;
    report(docId + 1);
    yield full;
  }
  report(task.count);
}

function renderOrLocate(renderer: DocumentRenderer, task: ReadyTask, docId: number) {
  try {
    return renderer.render(task.data.documents[docId]!);
  } catch (error) {
    throw located(error, task, docId);
  }
}

/** What Python would have raised, as a sentence that names the task and the document. */
function located(error: unknown, { definition, data }: Pick<ReadyTask, "definition" | "data">, docId: number): unknown {
  if (!(error instanceof PythonError)) return error;
  const place = `document ${docId} of ${datasetLabel(definition)}, split ${data.split}`;
  if (error.type === "Unsupported") {
    return new MusterError(
      "unsupported",
      `The task ${definition.name} cannot be run exactly: ${error.message} (${place}).`,
      {
        wayOut: "Leave the task out, or run it with the harness itself.",
        cause: error,
      },
    );
  }
  const columns = [...data.documents[docId]!.keys()].map(String).join(", ");
  return new MusterError("badData", `The task ${definition.name} stops at ${place}: ${error.message}.`, {
    wayOut: `The harness would stop there too. The columns are: ${columns}.`,
    cause: error,
  });
}

function distinctGenerations(tasks: readonly ReadyTask[]): readonly GenerationSettings[] {
  const byText = new Map<string, GenerationSettings>();
  for (const { generation } of tasks) if (generation !== null) byText.set(JSON.stringify(generation), generation);
  return [...byText.values()];
}

function distinctDatasets(tasks: readonly ReadyTask[]): readonly PlanDataset[] {
  const byText = new Map<string, PlanDataset>();
  for (const { data } of tasks) for (const used of data.used) byText.set(JSON.stringify(used), used);
  return [...byText.values()];
}
