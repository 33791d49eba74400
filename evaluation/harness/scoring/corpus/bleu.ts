// BLEU as the harness has it from sacrebleu (`metrics/bleu.py`): up to four words, exponential smoothing.
import { pythonExp } from "../elementary.ts";
import { pythonLog } from "../logarithm.ts";
import { bleuWords } from "./bleu-words.ts";
import type { CorpusMetric } from "./corpus-metric.ts";
import { countMatches, countWordNgrams, type NgramCounts, totalOf } from "./ngrams.ts";

const ORDERS = [1, 2, 3, 4] as const;
/** What sacrebleu takes for the logarithm of nothing. */
const LOG_OF_ZERO = -9999999999;

/** A sample's numbers: words, words of the closest reference, then of each order n-grams found, then n-grams. */
export const BLEU: CorpusMetric = {
  width: 2 + 2 * ORDERS.length,
  count: (prediction, references) => {
    const words = bleuWords(prediction);
    const referenceWords = references.map(bleuWords);
    const ngrams = ORDERS.map((order) => countWordNgrams(words, order));
    const matches = ORDERS.map((order, index) => {
      const wanted = referenceWords.map((reference) => countWordNgrams(reference, order));
      return countMatches(ngrams[index]!, wanted.reduce(highestCounts));
    });
    const lengths = referenceWords.map((reference) => reference.length);
    return [words.length, closestLength(words.length, lengths), ...matches, ...ngrams.map(totalOf)];
  },
  score: (sums) => {
    const [words, referenceWords] = [sums[0]!, sums[1]!];
    const matches = sums.subarray(2, 2 + ORDERS.length);
    if (matches.every((count) => count === 0)) return 0;
    const logarithms = precisions(matches, sums.subarray(2 + ORDERS.length)).map((precision) =>
      precision === 0 ? LOG_OF_ZERO : pythonLog(precision),
    );
    const sum = logarithms.reduce((total, logarithm) => total + logarithm, 0);
    return brevityPenalty(words, referenceWords) * pythonExp(sum / ORDERS.length);
  },
};

function highestCounts(left: NgramCounts, right: NgramCounts): NgramCounts {
  const highest = new Map(left);
  for (const [ngram, count] of right) highest.set(ngram, Math.max(count, left.get(ngram) ?? 0));
  return highest;
}

/** Of the reference lengths the one next to the prediction's; of two equally near the shorter. */
function closestLength(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, candidate) => {
    const [distance, bestDistance] = [Math.abs(length - candidate), Math.abs(length - best)];
    return distance < bestDistance || (distance === bestDistance && candidate < best) ? candidate : best;
  });
}

function precisions(matches: Float64Array, totals: Float64Array): number[] {
  const values = ORDERS.map(() => 0);
  let smoothing = 1;
  for (const [index, total] of totals.entries()) {
    if (total === 0) break;
    if (matches[index] === 0) smoothing *= 2;
    values[index] = matches[index] === 0 ? 100 / (smoothing * total) : (100 * matches[index]!) / total;
  }
  return values;
}

function brevityPenalty(words: number, referenceWords: number): number {
  if (words >= referenceWords) return 1;
  return words > 0 ? pythonExp(1 - referenceWords / words) : 0;
}
