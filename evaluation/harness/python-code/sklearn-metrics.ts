// scikit-learn's label metrics, as far as task helpers use them.
import { contains, equals } from "../python/equality.ts";
import { sortValues } from "../python/order.ts";
import { pairwiseSum } from "../python/pairwise-sum.ts";
import { unsupported } from "../python/python-error.ts";
import { makeFloat, type PythonValue } from "../python/value.ts";

/** `accuracy_score(right, predicted)`. */
export function accuracyScore(right: readonly PythonValue[], predicted: readonly PythonValue[]): PythonValue {
  checkLengths(right, predicted);
  return makeFloat(right.filter((label, index) => equals(label, predicted[index]!)).length / right.length);
}

/** `f1_score(right, predicted, average=...)`; a label that is neither right nor predicted counts nothing. */
export function f1Score(
  right: readonly PythonValue[],
  predicted: readonly PythonValue[],
  average: "binary" | "macro" | "micro" | "weighted",
): PythonValue {
  checkLengths(right, predicted);
  const labels = labelsOf([...right, ...predicted]);
  const counts = labels.map((label) => countLabel(label, right, predicted));
  if (average === "binary") {
    if (labels.some((label) => !equals(label, 0) && !equals(label, 1)))
      throw unsupported("a binary f1 of other labels than 0 and 1");
    const one = counts[labels.findIndex((label) => equals(label, 1))];
    return makeFloat(one === undefined ? 0 : scoreOf(one));
  }
  if (average === "micro") {
    const total = (part: "both" | "right" | "predicted"): number => counts.reduce((sum, count) => sum + count[part], 0);
    return makeFloat(scoreOf({ both: total("both"), right: total("right"), predicted: total("predicted") }));
  }
  const scores = Float64Array.from(counts, scoreOf);
  if (average === "macro") return makeFloat(pairwiseSum(scores) / scores.length);
  const weights = Float64Array.from(counts, (count) => count.right);
  const weighted = scores.map((score, index) => score * weights[index]!);
  return makeFloat(pairwiseSum(weighted) / pairwiseSum(weights));
}

interface LabelCount {
  readonly both: number;
  readonly right: number;
  readonly predicted: number;
}

function countLabel(label: PythonValue, right: readonly PythonValue[], predicted: readonly PythonValue[]): LabelCount {
  let [both, inRight, inPredicted] = [0, 0, 0];
  right.forEach((value, index) => {
    const isRight = equals(value, label);
    const isPredicted = equals(predicted[index]!, label);
    both += isRight && isPredicted ? 1 : 0;
    inRight += isRight ? 1 : 0;
    inPredicted += isPredicted ? 1 : 0;
  });
  return { both, right: inRight, predicted: inPredicted };
}

function scoreOf({ both, right, predicted }: LabelCount): number {
  return right + predicted === 0 ? 0 : (2 * both) / (right + predicted);
}

function labelsOf(values: readonly PythonValue[]): PythonValue[] {
  const kinds = new Set(values.map((value) => (typeof value === "boolean" ? "number" : typeof value)));
  const [kind, ...others] = kinds;
  if (others.length > 0 || (kind !== "string" && kind !== "number"))
    throw unsupported("labels that are not all texts or all ints");
  const distinct: PythonValue[] = [];
  for (const value of values) if (!contains(distinct, value)) distinct.push(value);
  return sortValues(distinct);
}

function checkLengths(right: readonly PythonValue[], predicted: readonly PythonValue[]): void {
  if (right.length !== predicted.length || right.length === 0) throw unsupported("labels of no or of unequal number");
}
