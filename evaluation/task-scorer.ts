import type { PythonValue } from "./harness/python/value.ts";
import type { PlanSample } from "./plan.ts";
import type { EvaluationResponse } from "./response.ts";

/** What a column holds of all samples. */
export type ColumnData = Float64Array | readonly PythonValue[];

/** One result column of a task: the harness's `metric,filter`. */
export interface MetricColumn {
  readonly metric: string;
  readonly filter: string;
  /**
   * Numbers that a sample gives it: 1, or 2 where an aggregation needs pairs (f1, mcc, perplexities); null where its
   * aggregation is a Python function, which takes the values themselves.
   */
  readonly width: 1 | 2 | null;
}

/** What one sample scored. */
export interface SampleScore {
  /** Aligned with the scorer's columns; as the samples file prints them (pairs are tuples). */
  readonly values: readonly PythonValue[];
  /** For each filter, in order: what it made of the responses, one entry a request of the harness. */
  readonly filtered: readonly { readonly filter: string; readonly responses: readonly PythonValue[] }[];
}

/** A task's final numbers, as the harness's `results[task]` holds them. `"N/A"` where it computes no error. */
export interface ColumnResult {
  readonly metric: string;
  readonly filter: string;
  readonly value: number;
  /** Whether Python has it as an int, and prints it without a point. */
  readonly isInt?: boolean;
  readonly standardError: number | "N/A";
}

/** Scores samples of one task and aggregates them. Pure: equal responses give equal bits, in any order of arrival. */
export interface TaskScorer {
  readonly columns: readonly MetricColumn[];
  /** Throws `badData` where the harness would stop with an error, naming the task and the document. */
  scoreSample(sample: PlanSample, responses: readonly EvaluationResponse[]): SampleScore;
  /** `values[column]` holds `width` numbers a sample, or the values themselves; samples in document order. */
  aggregate(values: readonly ColumnData[], bootstrapIterations: number): readonly ColumnResult[];
  /** Aggregates as they stand, from sums of a column's numbers; null where that needs all samples. */
  runningValue(column: number, sums: readonly number[], samples: number): number | null;
}
