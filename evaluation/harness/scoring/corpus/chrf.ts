// chrF and chrF++ as the harness has them from sacrebleu (`metrics/chrf.py`): up to six characters, recall counted
// four times, orders that do not occur left out.
import { codePointLength, isSingleUnitText } from "../../python/code-points.ts";
import { split } from "../../python/split.ts";
import type { CorpusMetric } from "./corpus-metric.ts";
import { countCharacterNgrams, countMatches, countWordNgrams, type NgramCounts, totalOf } from "./ngrams.ts";

const CHARACTER_ORDERS = [1, 2, 3, 4, 5, 6] as const;
const RECALL_WEIGHT = 4;
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;

/** chrF: character n-grams alone. */
export const CHRF: CorpusMetric = chrf([]);

/** chrF++: also single words and pairs of them. */
export const CHRF_PLUS_PLUS: CorpusMetric = chrf([1, 2]);

/** A sample's numbers: of each order the prediction's n-grams, the reference's and those in both. */
function chrf(wordOrders: readonly number[]): CorpusMetric {
  return {
    width: 3 * (CHARACTER_ORDERS.length + wordOrders.length),
    count: (prediction, references) => {
      const ngrams = countNgrams(prediction, wordOrders);
      let best: readonly number[] = [];
      let bestScore = -1;
      for (const reference of references) {
        const counts = countNgrams(reference, wordOrders).flatMap((wanted, index) => compare(ngrams[index]!, wanted));
        const score = scoreOf(counts);
        if (score > bestScore) [best, bestScore] = [counts, score];
      }
      return best;
    },
    score: scoreOf,
  };
}

function countNgrams(text: string, wordOrders: readonly number[]): NgramCounts[] {
  const joined = split(text).join("");
  const characters = isSingleUnitText(joined) ? joined : Array.from(joined);
  const words = wordOrders.length === 0 ? [] : wordsOf(text);
  return [
    ...CHARACTER_ORDERS.map((order) => countCharacterNgrams(characters, order)),
    ...wordOrders.map((order) => countWordNgrams(words, order)),
  ];
}

/** Words, one punctuation mark of each cut off: the last character if it is one, else the first. */
function wordsOf(text: string): string[] {
  return split(text).flatMap((word) => {
    if (codePointLength(word) === 1) return [word];
    if (PUNCTUATION.test(word.slice(-1))) return [word.slice(0, -1), word.slice(-1)];
    return PUNCTUATION.test(word.slice(0, 1)) ? [word.slice(0, 1), word.slice(1)] : [word];
  });
}

/** Where the reference has no n-grams of an order, the prediction's do not count. */
function compare(ngrams: NgramCounts, wanted: NgramCounts): [number, number, number] {
  return [wanted.size === 0 ? 0 : totalOf(ngrams), totalOf(wanted), countMatches(ngrams, wanted)];
}

function scoreOf(counts: ArrayLike<number>): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let index = 0; index < counts.length; index += 3) {
    const [predicted, wanted, matches] = [counts[index]!, counts[index + 1]!, counts[index + 2]!];
    if (predicted === 0 || wanted === 0) continue;
    precision += matches / predicted;
    recall += matches / wanted;
    orders += 1;
  }
  if (precision + recall === 0) return 0;
  precision /= orders;
  recall /= orders;
  return 100 * (((1 + RECALL_WEIGHT) * precision * recall) / (RECALL_WEIGHT * precision + recall));
}
