// The harness's standard errors (`api/metrics.py`): a formula for means, the bootstrap for what has none.
import { assert } from "../../../base/assert.ts";
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
  const samples = values.length / (aggregation.width ?? 1);
  if (samples <= 1 || iterations <= 0 || aggregation.standardError === "none") return "N/A";
  if (aggregation.standardError === "bootstrap") {
    return sampleDeviation(bootstrap(replicator(aggregation, values), samples, iterations));
  }
  assert(values instanceof Float64Array, "there is a formula for numbers alone");
  return sampleDeviation(values) / Math.sqrt(values.length);
}

/** Python's sample standard deviation as the harness writes it, over n − 1. */
function sampleDeviation(values: Float64Array): number {
  const center = mean(values);
  let sum = 0;
  for (const value of values) sum += pythonSquare(value - center);
  return Math.sqrt(sum / (values.length - 1));
}

/** Computes the aggregation of the samples drawn. */
function replicator(aggregation: Aggregation, values: ColumnData): (drawn: Uint32Array) => number {
  if (aggregation.resample !== undefined) return aggregation.resample(values);
  assert(values instanceof Float64Array && aggregation.width !== null, "only numbers are drawn as they are");
  const { width } = aggregation;
  const replicate = new Float64Array(values.length);
  return (drawn) => {
    for (let sample = 0; sample < drawn.length; sample += 1) {
      const from = drawn[sample]! * width;
      for (let part = 0; part < width; part += 1) replicate[sample * width + part] = values[from + part]!;
    }
    return aggregation.compute(replicate);
  };
}

/** Replicates over samples drawn with replacement; chunk i is drawn by `random.Random(i)`. */
function bootstrap(replicate: (drawn: Uint32Array) => number, samples: number, iterations: number): Float64Array {
  const chunkLength = Math.min(CHUNK_ITERATIONS, iterations);
  const chunks = Math.floor(iterations / chunkLength);
  const replicates = new Float64Array(chunks * chunkLength);
  const drawn = new Uint32Array(samples);
  for (let index = 0, random = new PythonRandom(0); index < replicates.length; index += 1) {
    if (index % chunkLength === 0) random = new PythonRandom(index / chunkLength);
    random.fillChoiceIndices(drawn, samples);
    replicates[index] = replicate(drawn);
  }
  return replicates;
}
