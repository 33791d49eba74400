import type { PlanSample } from "../../plan.ts";
import { PythonFloat, type PythonValue } from "../python/value.ts";

/** Computes one document's metrics from what a filter pipeline left. Throws `PythonError` where the harness would stop. */
export interface SampleMetrics {
  /** Metrics in the order in which the harness's `process_results` gives them. */
  readonly names: readonly string[];
  /** `results`: filtered responses, one a request. Returns values aligned with `names`. */
  compute(sample: PlanSample, results: readonly PythonValue[]): readonly PythonValue[];
}

const ONE = new PythonFloat(1);
const ZERO = new PythonFloat(0);

/** Python's `1.0 if condition else 0.0`. */
export function floatOf(condition: boolean): PythonFloat {
  return condition ? ONE : ZERO;
}
