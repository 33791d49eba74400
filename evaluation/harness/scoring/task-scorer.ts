// Scores one task as the harness does: filters the responses of each document, computes its metrics (`process_results`)
// and aggregates them with their standard errors (`evaluator_utils.py`).
import { assert } from "../../../base/assert.ts";
import { MusterError } from "../../../base/muster-error.ts";
import type { PlanSample, PlanTask } from "../../plan.ts";
import type { EvaluationResponse } from "../../response.ts";
import type { ColumnData, ColumnResult, MetricColumn, SampleScore, TaskScorer } from "../../task-scorer.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import { PythonError } from "../python/python-error.ts";
import { isDict, type PythonDict, type PythonValue } from "../python/value.ts";
import type { Aggregation } from "./aggregation.ts";
import { choiceMetrics } from "./choice-metrics.ts";
import { generationMetrics } from "./generation-metrics.ts";
import { likelihoodMetrics, rollingMetrics } from "./likelihood-metrics.ts";
import { requestResponses } from "./request-responses.ts";
import type { SampleMetrics } from "./sample-metrics.ts";
import { pythonMetrics } from "./scoring-functions.ts";
import { standardError } from "./standard-error.ts";
import { type FilterPipeline, readTaskSettings, type TaskSettings } from "./task-settings.ts";

/** Metrics whose bootstrap the harness cuts short, by their names. */
const CORPUS_METRICS: ReadonlySet<string> = new Set(["bleu", "chrf", "chrf++", "ter"]);

/** The scorer of a task. Throws `unsupported`, naming the task and the reason, where its scores could not be exact. */
export function createTaskScorer(task: PlanTask): TaskScorer {
  const settings = readTaskSettings(task);
  const metrics = metricsOf(task, settings);
  const columns = settings.pipelines.flatMap(({ name: filter }) =>
    metrics.names.map((metric) => ({ metric, filter, ...aggregationOf(settings, metric) })),
  );
  return {
    columns,
    scoreSample: (sample, responses) => {
      try {
        return scoreSample({ task, settings, metrics }, sample, responses);
      } catch (error) {
        throw located(error, `task ${task.name}, document ${sample.docId}`);
      }
    },
    aggregate: (values, iterations) =>
      columns.map((column, index) => {
        try {
          return aggregate(column, values[index]!, iterations);
        } catch (error) {
          throw located(error, `task ${task.name}, metric ${column.metric}`);
        }
      }),
    runningValue: (index, sums, samples) => {
      const { aggregation } = columns[index]!;
      return samples === 0 || aggregation.fromSums === undefined ? null : aggregation.fromSums(sums, samples);
    },
  };
}

function metricsOf(task: PlanTask, settings: TaskSettings): SampleMetrics {
  const wanted = new Set(settings.metrics.map((metric) => metric.name));
  if (settings.processResults !== null) {
    const averaged = settings.metrics.filter(({ aggregation }) => aggregation.width === 1).map(({ name }) => name);
    return pythonMetrics(settings.processResults, [...wanted], new Set(averaged));
  }
  switch (task.outputKind) {
    case "multiple_choice":
      return choiceMetrics(task, wanted);
    case "loglikelihood":
      return likelihoodMetrics(wanted);
    case "loglikelihood_rolling":
      return rollingMetrics(wanted);
    case "generate_until":
      try {
        return generationMetrics(task, settings);
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        throw new MusterError("unsupported", `task ${task.name} cannot be scored exactly: ${error.message}`, {
          wayOut: "Leave the task out, or run it with the harness itself.",
        });
      }
  }
}

function aggregationOf(settings: TaskSettings, metric: string): { aggregation: Aggregation; width: 1 | 2 | null } {
  const { aggregation } = settings.metrics.find(({ name }) => name === metric)!;
  return { aggregation, width: aggregation.width };
}

function scoreSample(
  { task, settings, metrics }: { task: PlanTask; settings: TaskSettings; metrics: SampleMetrics },
  sample: PlanSample,
  responses: readonly EvaluationResponse[],
): SampleScore {
  assert(responses.length === sample.requestCount, `sample ${sample.index} has ${responses.length} responses`);
  const doc = lazily(() => readDoc(sample));
  const requests = requestResponses(task, settings.repeats, responses);
  const filtered = settings.pipelines.map((pipeline) => ({
    filter: pipeline.name,
    responses: requests.map((request) => applyFilters(pipeline, request, doc)),
  }));
  return { values: filtered.flatMap(({ responses: results }) => metrics.compute(sample, results)), filtered };
}

function applyFilters(pipeline: FilterPipeline, responses: PythonValue, doc: () => PythonDict): PythonValue {
  return pipeline.filters.reduce((current, filter) => filter({ responses: current, doc }), responses);
}

function readDoc(sample: PlanSample): PythonDict {
  const doc = parsePythonJson(sample.doc);
  if (!isDict(doc)) throw new PythonError("TypeError", "the document is not a mapping");
  return doc;
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function aggregate(
  column: MetricColumn & { readonly aggregation: Aggregation },
  values: ColumnData,
  iterations: number,
): ColumnResult {
  const { metric, filter, aggregation } = column;
  return {
    metric,
    filter,
    value: aggregation.compute(values),
    ...(aggregation.givesInt?.(values) === true ? { isInt: true } : {}),
    standardError: standardError(
      aggregation,
      values,
      CORPUS_METRICS.has(metric) ? Math.min(iterations, 100) : iterations,
    ),
  };
}

function located(error: unknown, place: string): unknown {
  if (!(error instanceof PythonError)) return error;
  const reason =
    error.type === "Unsupported"
      ? `cannot be scored exactly: ${error.message}`
      : `the harness would stop while scoring (${error.type}: ${error.message})`;
  return new MusterError("badData", `${place}: ${reason}`, { cause: error });
}
