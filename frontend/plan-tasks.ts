// From tasks as their YAML says to tasks of a plan: complete, checked, with what cannot be done exactly refused.
import { MusterError } from "../base/muster-error.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../evaluation/harness/python/value.ts";
import { parsePythonJson } from "../evaluation/harness/python/json-parse.ts";
import { formatPythonJson } from "../evaluation/harness/python/json-format.ts";
import { PythonError } from "../evaluation/harness/python/python-error.ts";
import { str } from "../evaluation/harness/python/represent.ts";
import { isTruthy } from "../evaluation/harness/python/truth.ts";
import { createTaskScorer } from "../evaluation/harness/scoring/task-scorer.ts";
import { readGenerationSettings } from "../evaluation/harness/task/generation-settings.ts";
import { collectScoringCode } from "../evaluation/harness/task/scoring-code.ts";
import { completeConfig, printable, printConfig } from "../evaluation/harness/task/task-config.ts";
import { defineTask, type TaskDefinition } from "../evaluation/harness/task/task-definition.ts";
import type { GroupNode, TaskNode } from "../evaluation/harness/task/task-tree.ts";
import type { PlanGroup, PlanTask } from "../evaluation/plan.ts";
import type { GenerationSettings } from "../evaluation/request.ts";
import type { MetricColumn } from "../evaluation/task-scorer.ts";
import type { PlanRequest } from "./plan-request.ts";
import { leafNames } from "./select-tree.ts";

/** A task that can be rendered and scored. */
export interface PlannedTask {
  readonly definition: TaskDefinition;
  /** Its YAML file, where it has one. */
  readonly file: string | null;
  /** For the plan's header; `multipleTargets` is only known with the first document. */
  readonly planTask: PlanTask;
  readonly generation: GenerationSettings | null;
  readonly columns: readonly MetricColumn[];
}

const SHOWN_REFUSALS = 5;
/** Metrics of which less is better, as the harness registers them. */
const LOWER_IS_BETTER = new Set([
  "brier_score",
  "perplexity",
  "word_perplexity",
  "byte_perplexity",
  "bits_per_byte",
  "ter",
]);
const DEFAULT_METRICS: { readonly [kind in PlanTask["outputKind"]]: readonly string[] } = {
  loglikelihood: ["perplexity", "acc"],
  loglikelihood_rolling: ["word_perplexity", "byte_perplexity", "bits_per_byte"],
  multiple_choice: ["acc", "acc_norm"],
  generate_until: ["exact_match"],
};

/** Completes all tasks. Throws one MusterError that names every task it refuses. */
export function planTasks(nodes: readonly TaskNode[], request: PlanRequest): readonly PlannedTask[] {
  const generation = readOverrides(request);
  const planned: PlannedTask[] = [];
  const refusals: { readonly name: string; readonly error: MusterError }[] = [];
  for (const node of nodes) {
    try {
      const numFewshot = request.numFewshotOf?.get(node.name) ?? request.numFewshot;
      planned.push(planTask(node, { numFewshot, generation }));
    } catch (error) {
      if (error instanceof PythonError) throw located(node, error);
      if (!(error instanceof MusterError)) throw error;
      refusals.push({ name: node.name, error });
    }
  }
  const [first] = refusals;
  if (first === undefined) return planned;
  throw refusals.length === 1 ? first.error : refuseSeveral(refusals, nodes.length);
}

function refuseSeveral(
  refusals: readonly { readonly name: string; readonly error: MusterError }[],
  taskCount: number,
): MusterError {
  const [first] = refusals;
  const names = refusals.slice(0, SHOWN_REFUSALS).map(({ name }) => name);
  const rest = refusals.length - names.length;
  const list = names.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return new MusterError(
    first!.error.kind,
    `${refusals.length} of ${taskCount} tasks cannot be run (${list}); the first: ${first!.error.message}`,
    first!.error.wayOut === undefined ? {} : { wayOut: first!.error.wayOut },
  );
}

function located(node: TaskNode, error: PythonError): MusterError {
  return new MusterError("badData", `The task ${node.name} cannot be read: ${error.message}.`, {
    wayOut: "Correct the task's YAML.",
  });
}

function readOverrides({ generationOverrides }: PlanRequest): PythonDict | null {
  if (generationOverrides === null) return null;
  const value = parsePythonJson(generationOverrides);
  if (isDict(value)) return value;
  throw new MusterError("usage", "The generation settings are not a mapping.", {
    wayOut: "Write --gen-kwargs as key=value,key=value.",
  });
}

function planTask(
  node: TaskNode,
  overrides: { readonly numFewshot: number | null; readonly generation: PythonDict | null },
): PlannedTask {
  const config = completeConfig(node.raw, overrides);
  const definition = defineTask(config);
  const alias = config.get("task_alias") ?? null;
  const metadata = config.get("metadata") ?? null;
  const version = isDict(metadata) ? (metadata.get("version") ?? null) : null;
  const hasVersion = isDict(metadata) && metadata.has("version");
  const task: PlanTask = {
    name: definition.name,
    alias: alias === null ? definition.name : str(alias),
    version: formatPythonJson(hasVersion ? version : "Yaml", { ensureAscii: false }),
    outputKind: definition.outputKind,
    numFewshot: definition.numFewshot,
    multipleTargets: false,
    config: printConfig(config),
    ...scoringCode(config, definition.name),
    higherIsBetter: readDirections(config, definition),
  };
  return {
    definition,
    file: node.file,
    planTask: task,
    generation: readGeneration(definition),
    columns: createTaskScorer(task).columns,
  };
}

function scoringCode(config: PythonDict, name: string): Pick<PlanTask, "code"> {
  try {
    const code = collectScoringCode(config);
    return code === undefined ? {} : { code };
  } catch (error) {
    if (!(error instanceof PythonError) || error.type !== "Unsupported") throw error;
    throw new MusterError("unsupported", `The task ${name} cannot be scored exactly: ${error.message}.`, {
      wayOut: "Leave the task out, or run it with the harness itself.",
      cause: error,
    });
  }
}

function readGeneration({ name, outputKind, generation }: TaskDefinition): GenerationSettings | null {
  return outputKind === "generate_until" && generation !== null ? readGenerationSettings(name, generation) : null;
}

function readDirections(config: PythonDict, definition: TaskDefinition): { readonly [metric: string]: boolean } {
  const list = config.get("metric_list") ?? null;
  const entries: readonly PythonValue[] = isList(list)
    ? list
    : DEFAULT_METRICS[definition.outputKind].map((metric) => new Map([["metric", metric]]));
  const directions: { [metric: string]: boolean } = {};
  for (const entry of entries) {
    const metric = isDict(entry) ? entry.get("metric") : undefined;
    if (!isDict(entry) || typeof metric !== "string") continue;
    const own = entry.get("higher_is_better");
    directions[metric] = own === undefined ? !LOWER_IS_BETTER.has(metric) : isTruthy(own);
  }
  return directions;
}

/** A group for the plan's header; filters that it leaves open are those its tasks have for the metric. */
export function planGroup(group: GroupNode, tasks: ReadonlyMap<string, PlannedTask>): PlanGroup {
  const columns = leafNames(group).flatMap((name) => tasks.get(name)?.columns ?? []);
  const version = group.metadata.get("version");
  return {
    name: group.name,
    alias: group.alias === null || group.alias === "" ? group.name : group.alias,
    version: JSON.stringify(version === undefined ? "N/A" : str(version)),
    members: [...group.members.keys()],
    aggregates: group.aggregates.map(({ metric, filters, weightBySize }) => ({
      metric,
      filters: filters ?? filtersOf(columns, metric),
      weightBySize,
    })),
    config: formatPythonJson(printable(group.config), { ensureAscii: false }),
  };
}

function filtersOf(columns: readonly MetricColumn[], metric: string): readonly string[] {
  return [...new Set(columns.filter((column) => column.metric === metric).map(({ filter }) => filter))].sort();
}
