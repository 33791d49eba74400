import type { JsonValue } from "../base/json.ts";
import type { PlanSample } from "./plan.ts";
import type { EvaluationResponse } from "./response.ts";

/** One result column of a task: the harness's `metric,filter`. */
export interface MetricColumn {
  readonly metric: string;
  readonly filter: string;
}

/** A per-sample metric value; tuples (for f1, mcc, bleu, perplexities) are arrays. */
export type MetricValue = number | readonly JsonValue[];

/** What one sample scored. */
export interface SampleScore {
  /** Aligned with the scorer's columns. */
  readonly values: readonly MetricValue[];
  /** For each filter, in order: the filtered responses as the samples file prints them. */
  readonly filtered: readonly { readonly filter: string; readonly responses: readonly JsonValue[] }[];
}

/** A task's final numbers, as the harness's `results[task]` holds them. `"N/A"` where it computes no error. */
export interface ColumnResult extends MetricColumn {
  readonly value: number;
  readonly standardError: number | "N/A";
}

/** Scores samples of one task and aggregates them. Pure: equal responses give equal bits, in any order of arrival. */
export interface TaskScorer {
  readonly columns: readonly MetricColumn[];
  scoreSample(sample: PlanSample, responses: readonly EvaluationResponse[]): SampleScore;
  /** `values[column][sample]`, samples in document order. */
  aggregate(values: readonly (readonly MetricValue[])[], bootstrapIterations: number): readonly ColumnResult[];
}
