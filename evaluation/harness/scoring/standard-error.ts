// The harness's standard errors (`api/metrics.py`): a formula for means, the bootstrap for what has none.
import type { ColumnData } from "../../task-scorer.ts";
import { PythonRandom } from "../python/random.ts";
import { type Aggregation, mean } from "./aggregation.ts";
import { pythonSquare } from "./elementary.ts";

const CHUNK_ITERATIONS = 1000;

/**
 * The standard error of an aggregation. `"N/A"` for one sample, for no iterations, and where the harness has none.
 * `iterations`: replicates of the bootstrap; the harness draws whole chunks of 1000 and drops the rest.
 */
export function standardError(aggregation: Aggregation, values: ColumnData, iterations: number): number | "N/A" {
  const { width } = aggregation;
  if (width === null || !(values instanceof Float64Array)) return "N/A";
  const samples = values.length / width;
  if (samples <= 1 || iterations <= 0 || aggregation.standardError === "none") return "N/A";
  if (aggregation.standardError === "formula") return sampleDeviation(values) / Math.sqrt(values.length);
  return sampleDeviation(bootstrap({ compute: (drawn) => aggregation.compute(drawn), width }, values, iterations));
}

/** Python's sample standard deviation as the harness writes it, over n − 1. */
function sampleDeviation(values: Float64Array): number {
  const center = mean(values);
  let sum = 0;
  for (const value of values) sum += pythonSquare(value - center);
  return Math.sqrt(sum / (values.length - 1));
}

/** Replicates of the aggregation over samples drawn with replacement; chunk i is drawn by `random.Random(i)`. */
function bootstrap(
  { compute, width }: { readonly compute: (values: Float64Array) => number; readonly width: 1 | 2 },
  values: Float64Array,
  iterations: number,
): Float64Array {
  const samples = values.length / width;
  const chunkLength = Math.min(CHUNK_ITERATIONS, iterations);
  const chunks = Math.floor(iterations / chunkLength);
  const replicates = new Float64Array(chunks * chunkLength);
  const indices = new Uint32Array(samples);
  const drawn = new Float64Array(values.length);
  for (let replicate = 0, random = new PythonRandom(0); replicate < replicates.length; replicate += 1) {
    if (replicate % chunkLength === 0) random = new PythonRandom(replicate / chunkLength);
    random.fillChoiceIndices(indices, samples);
    for (let sample = 0; sample < samples; sample += 1) {
      const from = indices[sample]! * width;
      for (let part = 0; part < width; part += 1) drawn[sample * width + part] = values[from + part]!;
    }
    replicates[replicate] = compute(drawn);
  }
  return replicates;
}
