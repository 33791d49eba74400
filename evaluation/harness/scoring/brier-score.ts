// The Brier score of the choices' probabilities (`api/metrics.py`). numpy takes its exponential from glibc, except on
// processors with AVX-512, where a few in a hundred differ in the last bit.
import { NumberArray } from "../python-code/number-array.ts";
import { pairwiseSum } from "../python/pairwise-sum.ts";
import { PythonError } from "../python/python-error.ts";
import { isInt, PythonTuple, type PythonValue } from "../python/value.ts";
import { pythonExp } from "./elementary.ts";

/** The harness's `softmax`: probabilities of what has these log-likelihoods. */
export function softmax(logprobs: readonly number[]): NumberArray {
  const largest = Math.max(...logprobs);
  const weights = Float64Array.from(logprobs, (logprob) => pythonExp(logprob - largest));
  const sum = pairwiseSum(weights);
  return new NumberArray(weights.map((weight) => weight / sum));
}

/** The mean, over (right choice, probabilities) values, of the squared distance from certainty. */
export function brierScore(values: readonly PythonValue[]): number {
  const rows = values.map(readRow);
  const choices = rows[0]!.probabilities.length;
  const distances = rows.map(({ gold, probabilities }) => {
    if (probabilities.length !== choices) {
      throw new PythonError("ValueError", "brier_score of documents with different numbers of choices");
    }
    const right = gold < 0 ? gold + choices : gold;
    if (right < 0 || right >= choices) throw new PythonError("IndexError", `brier_score of the choice ${gold}`);
    const errors = probabilities.map((value, index) => value - (index === right ? 1 : 0));
    return pairwiseSum(errors.map((error) => error * error));
  });
  return pairwiseSum(Float64Array.from(distances)) / distances.length;
}

function readRow(value: PythonValue): { readonly gold: number; readonly probabilities: Float64Array } {
  const [gold, probabilities] = value instanceof PythonTuple ? value.values : [];
  if (typeof gold === "number" && isInt(gold) && probabilities instanceof NumberArray) {
    return { gold, probabilities: probabilities.values };
  }
  throw new PythonError("TypeError", "brier_score needs one right choice and probabilities");
}
