// The harness's aggregations (`api/metrics.py`): from a task's values, samples in document order, to one number.
import type { ColumnData } from "../../task-scorer.ts";
import { pythonExp } from "./elementary.ts";
import { MusterError } from "../../../base/muster-error.ts";
import { pairwiseSum } from "../python/pairwise-sum.ts";

/** One aggregation. `values` holds `width` numbers a sample, or the samples' values where the width is null. */
export interface Aggregation {
  readonly name: string;
  readonly width: 1 | 2 | null;
  /** How the harness finds its standard error: by formula, by bootstrap, or not at all. */
  readonly standardError: "formula" | "bootstrap" | "none";
  compute(values: ColumnData): number;
  /** Makes the bootstrap's replicates from samples drawn, where drawing their numbers is not all there is to it. */
  readonly resample?: (values: ColumnData) => (drawn: Uint32Array) => number;
  /** Whether what it computes of these values is an int in Python; absent where it never is. */
  readonly givesInt?: (values: ColumnData) => boolean;
  /** The same from sums of the columns, where sums are enough: for numbers of a run in progress. */
  readonly fromSums?: (sums: readonly number[], samples: number) => number;
}

/** Python's `sum(values) / len(values)` (CPython 3.11: left to right, no compensation). */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** An aggregation of numbers alone. */
type NumberAggregation = Omit<Aggregation, "compute"> & { compute(values: Float64Array): number };

const AGGREGATIONS: readonly NumberAggregation[] = [
  { name: "mean", width: 1, standardError: "formula", compute: mean, fromSums: ([sum], samples) => sum! / samples },
  { name: "nanmean", width: 1, standardError: "bootstrap", compute: meanOfNumbers },
  { name: "median", width: 1, standardError: "bootstrap", compute: upperMedian },
  {
    name: "perplexity",
    width: 1,
    standardError: "bootstrap",
    compute: (values) => pythonExp(-mean(values)),
    fromSums: ([sum], samples) => Math.exp(-sum! / samples),
  },
  {
    name: "weighted_perplexity",
    width: 2,
    standardError: "none",
    compute: (values) => pythonExp(-weightedMean(values)),
    fromSums: ([sum, weight]) => Math.exp(-sum! / weight!),
  },
  {
    name: "bits_per_byte",
    width: 2,
    standardError: "none",
    compute: (values) => -weightedMean(values) / Math.LN2,
    fromSums: ([sum, weight]) => -sum! / weight! / Math.LN2,
  },
  { name: "f1", width: 2, standardError: "bootstrap", compute: binaryF1 },
  { name: "matthews_corrcoef", width: 2, standardError: "bootstrap", compute: matthewsCorrelation },
];

/** The aggregation of numbers that has that name. */
export function findNumberAggregation(name: string): Aggregation | undefined {
  return AGGREGATIONS.find((aggregation) => aggregation.name === name);
}

function weightedMean(pairs: Float64Array): number {
  let sum = 0;
  let weight = 0;
  for (let index = 0; index < pairs.length; index += 2) {
    sum += pairs[index]!;
    weight += pairs[index + 1]!;
  }
  return sum / weight;
}

/** Python's `sorted(values)[len(values) // 2]`. */
function upperMedian(values: Float64Array): number {
  return values.toSorted()[Math.floor(values.length / 2)]!;
}

/** numpy's `nanmean`: numbers that are none count as 0, and not among the samples. */
function meanOfNumbers(values: Float64Array): number {
  let count = 0;
  const numbers = values.map((value) => {
    if (Number.isNaN(value)) return 0;
    count += 1;
    return value;
  });
  return count === 0 ? Number.NaN : pairwiseSum(numbers) / count;
}

/** scikit-learn's `f1_score` of (right, predicted) labels, positive label 1. Throws where it does. */
function binaryF1(pairs: Float64Array): number {
  let right = 0;
  let positives = 0;
  let negatives = 0;
  for (let index = 0; index < pairs.length; index += 2) {
    const [gold, predicted] = [pairs[index]!, pairs[index + 1]!];
    if (gold === 1 && predicted === 1) right += 1;
    positives += (gold === 1 ? 1 : 0) + (predicted === 1 ? 1 : 0);
    negatives += (gold === 0 ? 1 : 0) + (predicted === 0 ? 1 : 0);
  }
  if (positives + negatives < pairs.length) refuseLabels(new Set(pairs));
  return positives === 0 ? 0 : (2 * right) / positives;
}

/** Two labels without 1, or three, have no binary F1. */
function refuseLabels(labels: ReadonlySet<number>): void {
  if (labels.size === 1 || (labels.size === 2 && labels.has(1))) return;
  const shown = [...labels].sort((left, right) => left - right).join(", ");
  throw new MusterError("badData", `f1 needs the labels 0 and 1, and the answers have ${shown}`);
}

/** scikit-learn's `matthews_corrcoef` of (right, predicted) labels. All counts are exact. */
function matthewsCorrelation(pairs: Float64Array): number {
  const { gold, predicted, right } = countLabels(pairs);
  const samples = pairs.length / 2;
  let [overlap, goldSquares, predictedSquares] = [0, 0, 0];
  gold.forEach((count, label) => {
    const other = predicted[label]!;
    overlap += count * other;
    goldSquares += count * count;
    predictedSquares += other * other;
  });
  const spread = (samples * samples - predictedSquares) * (samples * samples - goldSquares);
  return spread === 0 ? 0 : (right * samples - overlap) / Math.sqrt(spread);
}

/** How often each label is right and predicted; labels numbered as they come. */
function countLabels(pairs: Float64Array): { gold: number[]; predicted: number[]; right: number } {
  const labels: number[] = [];
  const counts: [number[], number[]] = [[], []];
  let right = 0;
  for (let index = 0; index < pairs.length; index += 1) {
    // A task has a handful of labels: looking through them is faster than a map.
    let label = labels.indexOf(pairs[index]!);
    if (label < 0) {
      label = labels.push(pairs[index]!) - 1;
      counts[0].push(0);
      counts[1].push(0);
    }
    counts[index % 2]![label]! += 1;
    if (index % 2 === 1 && pairs[index] === pairs[index - 1]) right += 1;
  }
  return { gold: counts[0], predicted: counts[1], right };
}
