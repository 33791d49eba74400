// TER as the harness has it from sacrebleu (`metrics/ter.py`): case does not count, white space separates words.
import { lower } from "../../python/letter-case.ts";
import { split } from "../../python/split.ts";
import type { CorpusMetric } from "./corpus-metric.ts";
import { countEdits } from "./shifted-edits.ts";

/** A sample's numbers: the fewest edits into one of the references, and the references' mean length in words. */
export const TER: CorpusMetric = {
  width: 2,
  count: (prediction, references) => {
    const words = wordsOf(prediction);
    const wanted = references.map(wordsOf);
    const length = wanted.reduce((sum, reference) => sum + reference.length, 0);
    return [Math.min(...wanted.map((reference) => countEdits(words, reference))), length / wanted.length];
  },
  score: (sums) => {
    const [edits, length] = [sums[0]!, sums[1]!];
    if (length > 0) return 100 * (edits / length);
    return edits > 0 ? 100 : 0;
  },
};

function wordsOf(text: string): string[] {
  return split(lower(text));
}
