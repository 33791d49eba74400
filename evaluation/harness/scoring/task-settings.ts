// What scoring needs of a task's configuration, read once and refused where it cannot be done exactly.
import { MusterError } from "../../../base/muster-error.ts";
import type { PlanTask } from "../../plan.ts";
import { findFilterPort } from "../ports/filter-ports.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import { PythonError } from "../python/python-error.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import type { Aggregation } from "./aggregation.ts";
import { findAggregation } from "./builtin-aggregations.ts";
import { NamedFilterSettings } from "./filter-settings.ts";
import { findFilter } from "./filters.ts";
import type { ResponseFilter } from "./response-filter.ts";
import { pythonAggregation, type ScoringFunction, ScoringFunctions } from "./scoring-functions.ts";

/** One metric of a task. */
export interface MetricSettings {
  readonly name: string;
  readonly aggregation: Aggregation;
  /** Its arguments in the YAML. */
  readonly options: PythonDict;
}

/** One filter pipeline; its name becomes part of the result's. */
export interface FilterPipeline {
  readonly name: string;
  readonly filters: readonly ResponseFilter[];
}

/** A task's scoring, ready to be used. */
export interface TaskSettings {
  readonly metrics: readonly MetricSettings[];
  readonly pipelines: readonly FilterPipeline[];
  /** Copies of each request. */
  readonly repeats: number;
  readonly hasChoices: boolean;
  /** The task's own scoring of a document's responses, or null where the harness's is used. */
  readonly processResults: ScoringFunction | null;
}

const DEFAULT_METRICS: { readonly [kind in PlanTask["outputKind"]]: readonly string[] } = {
  loglikelihood: ["perplexity", "acc"],
  loglikelihood_rolling: ["word_perplexity", "byte_perplexity", "bits_per_byte"],
  multiple_choice: ["acc", "acc_norm"],
  generate_until: ["exact_match"],
};

const DEFAULT_AGGREGATIONS: { readonly [metric: string]: string } = {
  perplexity: "perplexity",
  word_perplexity: "weighted_perplexity",
  byte_perplexity: "weighted_perplexity",
  bits_per_byte: "bits_per_byte",
  mcc: "matthews_corrcoef",
  f1: "f1",
  bleu: "bleu",
  chrf: "chrf",
  "chrf++": "chrf++",
  ter: "ter",
  brier_score: "brier_score",
  bypass: "bypass",
};

/** Numbers that a metric gives a sample; null where it gives what an aggregation must make sense of. */
type Width = 1 | 2 | null;

/** Metrics that the harness knows and that give of a generated text the text itself, with the right one. */
const KEPT_TEXTS = [
  ...["bleu", "chrf", "chrf++", "ter", "acc", "acc_norm", "acc_bytes", "acc_mutual_info", "f1", "mcc", "brier_score"],
  ...["likelihood", "perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte"],
];

/** Metrics that are computed exactly, for each way of asking. */
const KNOWN_METRICS: { readonly [kind in PlanTask["outputKind"]]: { readonly [metric: string]: Width } } = {
  loglikelihood: { perplexity: 1, acc: 1 },
  loglikelihood_rolling: { word_perplexity: 2, byte_perplexity: 2, bits_per_byte: 2 },
  multiple_choice: {
    ...{ acc: 1, acc_norm: 1, acc_bytes: 1, acc_mutual_info: 1, exact_match: 1 },
    ...{ f1: 2, mcc: 2, brier_score: null, likelihood: null },
  },
  generate_until: { exact_match: 1, bypass: null, ...Object.fromEntries(KEPT_TEXTS.map((name) => [name, null])) },
};

/** Reads a task's metrics and filters. Throws `unsupported`, naming the task and what is in the way. */
export function readTaskSettings(task: PlanTask): TaskSettings {
  const config = parsePythonJson(task.config);
  if (!isDict(config)) throw new MusterError("badData", `the configuration of ${task.name} is not a mapping`);
  const functions = new ScoringFunctions(task.code);
  const processResults = readProcessResults(task, config.get("process_results") ?? null, functions);
  const repeats = config.get("repeats") ?? 1;
  if (typeof repeats !== "number" || repeats < 1) throw refusal(task, "its repeats are not a positive number");
  return {
    metrics: readMetrics({ task, functions, isOwn: processResults !== null }, config.get("metric_list") ?? null),
    pipelines: readPipelines(task, config.get("filter_list") ?? null),
    repeats,
    hasChoices: (config.get("doc_to_choice") ?? null) !== null,
    processResults,
  };
}

function readProcessResults(
  task: PlanTask,
  value: PythonValue,
  functions: ScoringFunctions,
): TaskSettings["processResults"] {
  if (value === null) return null;
  const refuse = (reason: string): MusterError =>
    refusal(task, `it scores with the Python function ${functionName(value)} (process_results)${reason}`);
  return findFunction("process_results", functions, refuse) ?? fail(refuse(""));
}

function findFunction(
  place: string,
  functions: ScoringFunctions,
  refuse: (reason: string) => MusterError,
): ScoringFunction | undefined {
  try {
    return functions.find(place);
  } catch (error) {
    if (error instanceof PythonError) throw refuse(`: ${error.message}`);
    throw error;
  }
}

function fail(error: MusterError): never {
  throw error;
}

/** What reading metrics needs to know. */
interface MetricSurroundings {
  readonly task: PlanTask;
  readonly functions: ScoringFunctions;
  /** Whether the task computes its metrics itself, so that they may have any name. */
  readonly isOwn: boolean;
}

function readMetrics(around: MetricSurroundings, list: PythonValue): MetricSettings[] {
  const { task } = around;
  if (list === null)
    return DEFAULT_METRICS[task.outputKind].map((name) => readMetric(around, new Map([["metric", name]]), 0));
  if (!isList(list)) throw refusal(task, "its metric_list is not a list");
  const metrics = new Map<string, MetricSettings>();
  for (const [index, entry] of list.entries()) {
    if (!isDict(entry)) throw refusal(task, "its metric_list has an entry that is not a mapping");
    const metric = readMetric(around, entry, index);
    metrics.set(metric.name, metric);
  }
  return [...metrics.values()];
}

function readMetric(around: MetricSurroundings, entry: PythonDict, index: number): MetricSettings {
  const { task, functions, isOwn } = around;
  const name = entry.get("metric");
  if (typeof name !== "string") throw refusal(task, "its metric_list has an entry without a metric");
  const width = isOwn ? null : knownWidth(task, name);
  if (!isOwn && task.outputKind === "generate_until" && entry.get("hf_evaluate") === true) {
    throw refusal(task, `its metric ${name} comes from the evaluate package (hf_evaluate)`);
  }
  const aggregationName =
    entry.get("aggregation") ?? DEFAULT_AGGREGATIONS[name] ?? defaultAggregation(task, name, isOwn);
  const run = findFunction(`metric_list.${index}.aggregation`, functions, (reason) =>
    refusal(
      task,
      `the aggregation ${functionName(aggregationName)} of its metric ${name} cannot be run exactly${reason}`,
    ),
  );
  const named = typeof aggregationName === "string" ? findAggregation(aggregationName) : undefined;
  const aggregation = run === undefined ? named : pythonAggregation(run, width);
  if (aggregation === undefined) {
    throw refusal(
      task,
      `the aggregation ${functionName(aggregationName)} of its metric ${name} is not computed natively`,
    );
  }
  if (!isOwn && aggregation.width !== width) {
    throw refusal(task, `the aggregation ${aggregation.name} cannot take the values of its metric ${name}`);
  }
  const options = new Map(entry);
  for (const key of ["metric", "aggregation", "higher_is_better", "hf_evaluate"]) options.delete(key);
  return { name, aggregation, options };
}

/** What the harness averages where the YAML does not say how; metrics of a task's own have no default. */
function defaultAggregation(task: PlanTask, name: string, isOwn: boolean): string {
  if (isOwn && !Object.values(KNOWN_METRICS).some((known) => Object.hasOwn(known, name))) {
    throw refusal(task, `its metric ${name} has no aggregation`);
  }
  return "mean";
}

function knownWidth(task: PlanTask, name: string): Width {
  const known = KNOWN_METRICS[task.outputKind];
  if (Object.hasOwn(known, name)) {
    // Of a text with several targets the harness keeps nothing but whether there is one.
    const isAsked = task.outputKind === "generate_until" && task.multipleTargets;
    return isAsked && name !== "bypass" ? 1 : known[name]!;
  }
  const shown = functionName(name);
  throw refusal(task, `its metric is ${shown}: it is not computed natively for ${task.outputKind} tasks`);
}

function readPipelines(task: PlanTask, list: PythonValue): FilterPipeline[] {
  if (list === null)
    return [{ name: "none", filters: [makeFilter(task, new Map([["function", "take_first"]]), "none")] }];
  if (!isList(list) || list.length === 0) throw refusal(task, "its filter_list is not a list of pipelines");
  const pipelines = new Map<string, FilterPipeline>();
  for (const entry of list) {
    const name = isDict(entry) ? entry.get("name") : undefined;
    const steps = isDict(entry) ? entry.get("filter") : undefined;
    if (typeof name !== "string" || !isList(steps ?? null)) throw refusal(task, "its filter_list is malformed");
    const filters = (steps as readonly PythonValue[]).map((step) => makeFilter(task, step, name));
    pipelines.set(name, { name, filters });
  }
  return [...pipelines.values()];
}

function makeFilter(task: PlanTask, step: PythonValue, pipeline: string): ResponseFilter {
  const name = isDict(step) ? step.get("function") : undefined;
  if (!isDict(step) || typeof name !== "string") throw refusal(task, "its filter_list has a step without a function");
  const shown = functionName(name);
  const isText = task.outputKind === "generate_until";
  const factory = isText || name === "take_first" ? (findFilter(name) ?? findFilterPort(name)) : undefined;
  if (factory === undefined) {
    const reason = isText ? "there is no native port of it" : `it does not fit ${task.outputKind} responses`;
    throw refusal(task, `its filter is ${shown}: ${reason}`);
  }
  try {
    const settings = new NamedFilterSettings(step);
    const filter = factory(settings);
    settings.assertAllTaken();
    return filter;
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const pattern = step.get("regex_pattern");
    const expression = typeof pattern === "string" ? ` with the expression ${JSON.stringify(pattern)}` : "";
    const problem = `its filter ${shown} (${pipeline})${expression} cannot be made: ${error.message}`;
    if (error.type !== "RegexError") throw refusal(task, problem);
    throw new MusterError("badData", `task ${task.name} cannot be scored: ${problem}`, {
      wayOut: "Correct the expression; the harness would stop at it too.",
      cause: error,
    });
  }
}

/** The name in the text of a Python function or class; anything else as it is, if it is short. */
function functionName(value: PythonValue): string {
  if (typeof value !== "string") return "in its YAML";
  const definition = /^\s*(?:async\s+def|def|class)\s+(\w+)/m.exec(value);
  return definition?.[1] ?? (value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function refusal(task: PlanTask, reason: string): MusterError {
  return new MusterError("unsupported", `task ${task.name} cannot be scored exactly: ${reason}`, {
    wayOut: "Leave the task out, or run it with the harness itself.",
  });
}
