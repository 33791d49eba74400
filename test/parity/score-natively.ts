import { createHash } from "node:crypto";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { toFloatNumber } from "../../evaluation/harness/python/number-text.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import { ColumnValues } from "../../evaluation/harness/scoring/column-values.ts";
import { createTaskScorer } from "../../evaluation/harness/scoring/task-scorer.ts";
import type { PlanSample, PlanTask } from "../../evaluation/plan.ts";
import type { ResultRow } from "../../evaluation/report/group-results.ts";
import { SampleLinePrinter } from "../../evaluation/report/sample-lines.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import type { RandomTask } from "./random-tasks.ts";
import type { HarnessOutcome } from "./scored-by-harness.ts";

/** A task's results and samples file, by Muster's own code. */
export interface NativeOutcome {
  readonly task: PlanTask;
  readonly row: ResultRow;
  readonly samples: string;
  readonly taskHash: string;
  readonly documents: number;
}

const cost = { promptTokens: 0, completionTokens: 0, truncatedTokens: 0, latencyUs: 0 };

/** Scores a task from its documents as the harness printed them, with its configuration as the harness printed it. */
export function scoreNatively(given: RandomTask, harness: HarnessOutcome, iterations: number): NativeOutcome {
  const { config, version, multipleTargets, higherIsBetter, samples } = harness.tasks[given.config.task]!;
  const task: PlanTask = {
    name: given.config.task,
    alias: given.config.task,
    version,
    outputKind: given.config.output_type as PlanTask["outputKind"],
    numFewshot: 0,
    multipleTargets,
    config,
    higherIsBetter,
  };
  const docs = firstLines(samples, given.docs.length).map((line) => line.get("doc") as PythonDict);
  return score(task, planSamples(task, docs), { given, iterations });
}

function score(
  task: PlanTask,
  samples: readonly { readonly sample: PlanSample; readonly requests: readonly EvaluationRequest[] }[],
  { given, iterations }: { given: RandomTask; iterations: number },
): NativeOutcome {
  const scorer = createTaskScorer(task);
  const printer = new SampleLinePrinter(task, scorer, sha256);
  const columns = scorer.columns.map(({ width }) => new ColumnValues(width));
  const files: string[][] = [];
  const hashes: string[] = [];
  for (const { sample, requests } of samples) {
    const responses = requests.map(({ index }) => responseOf(given.responses[index]!));
    const scored = scorer.scoreSample(sample, responses);
    scored.values.forEach((value, column) => columns[column]!.push(value));
    const printed = printer.print({ sample, requests, responses, score: scored });
    printed.lines.forEach((line, filter) => (files[filter] ??= []).push(`${line}\n`));
    hashes.push(printed.hashes);
  }
  const results = scorer.aggregate(
    columns.map((column) => column.values()),
    iterations,
  );
  const { name, alias } = task;
  return {
    task,
    row: { name, alias, sampleCount: samples.length, columns: results, columnSamples: null },
    samples: files.map((lines) => lines.join("")).join(""),
    taskHash: sha256(hashes.join("").repeat(files.length)),
    documents: samples.length,
  };
}

/** What the frontend would plan: here documents name their fields plainly. */
function planSamples(task: PlanTask, docs: readonly PythonDict[]) {
  const config = parsePythonJson(task.config) as PythonDict;
  const repeats = Number(config.get("repeats") ?? 1);
  const isMutual = task.config.includes("acc_mutual_info");
  let next = 0;
  return docs.map((doc, position) => {
    const context = doc.get("q") as string;
    const choices = config.has("doc_to_choice") ? (doc.get("choices") as string[]) : null;
    const asked = contexts(task, { context, choices, isMutual, target: doc.get("answer")! });
    const requests = asked.flatMap((request) =>
      Array.from({ length: repeats }, (): EvaluationRequest => ({ ...request, index: next++ })),
    );
    const sample: PlanSample = {
      index: position,
      task: 0,
      docId: position,
      doc: json(doc),
      firstRequest: requests[0]!.index,
      requestCount: requests.length,
      target: json(doc.get("answer")!),
      ...(choices === null ? {} : { choices }),
    };
    return { sample, requests };
  });
}

function contexts(
  task: PlanTask,
  of: {
    readonly context: string;
    readonly choices: readonly string[] | null;
    readonly isMutual: boolean;
    readonly target: PythonValue;
  },
): Omit<EvaluationRequest, "index">[] {
  const { context, choices, isMutual, target } = of;
  const score = (before: string, continuation: string) =>
    ({ kind: "loglikelihood", context: before, continuation }) as const;
  switch (task.outputKind) {
    case "multiple_choice": {
      const plain = choices!.map((choice) => score(context, choice));
      return isMutual ? [...plain, ...choices!.map((choice) => score("", choice))] : plain;
    }
    case "loglikelihood":
      return [score(context, target as string)];
    case "loglikelihood_rolling":
      return [{ kind: "loglikelihood_rolling", context: target as string, continuation: "" }];
    case "generate_until":
      return [{ kind: "generate_until", context, continuation: "" }];
  }
}

function responseOf(answer: RandomTask["responses"][number]): EvaluationResponse {
  if (typeof answer === "string") return { kind: "text", text: answer, ...cost };
  const [logprob, isGreedy] = typeof answer === "number" ? [answer, false] : answer;
  return { kind: "logprob", logprob: toFloatNumber(logprob), isGreedy, ...cost };
}

function firstLines(samples: string, count: number): PythonDict[] {
  const lines = samples.split("\n").slice(0, count).map(parsePythonJson);
  if (!isList(lines) || !lines.every(isDict)) throw new Error("bug: a samples file without objects");
  return lines;
}

function json(value: PythonValue): string {
  return formatPythonJson(value, { ensureAscii: false });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
