import { assert } from "../../../../base/assert.ts";
import type { ColumnData } from "../../../task-scorer.ts";
import type { Aggregation } from "../aggregation.ts";
import type { CorpusMetric } from "./corpus-metric.ts";
import { readTextPairs, type TextPair } from "./text-pairs.ts";

/** The aggregation that scores a column of (references, prediction) values as one corpus. */
export function corpusAggregation(name: string, metric: CorpusMetric): Aggregation {
  const resample = (values: ColumnData): ((drawn: Uint32Array) => number) => {
    assert(!(values instanceof Float64Array), "a column of texts holds numbers");
    const corpus = new Corpus(metric, readTextPairs(values));
    return (drawn) => corpus.score(drawn);
  };
  return {
    name,
    width: null,
    standardError: "bootstrap",
    compute: (values) => resample(values)(Uint32Array.from(values.keys())),
    resample,
  };
}

/** The samples' numbers, counted once however often samples are drawn. */
class Corpus {
  readonly #metric: CorpusMetric;
  readonly #pairs: readonly TextPair[];
  readonly #isEven: boolean;
  /** By the number of references that count. */
  readonly #counts = new Map<number, Float64Array>();

  constructor(metric: CorpusMetric, pairs: readonly TextPair[]) {
    this.#metric = metric;
    this.#pairs = pairs;
    this.#isEven = pairs.every(({ references }) => references.length === pairs[0]!.references.length);
  }

  /** The score of a corpus of the samples drawn, added up in that order. */
  score(drawn: Uint32Array): number {
    const counts = this.#countsWith(this.#referencesIn(drawn));
    const { width } = this.#metric;
    const sums = new Float64Array(width);
    for (const sample of drawn) {
      for (let part = 0; part < width; part += 1) sums[part]! += counts[sample * width + part]!;
    }
    return this.#metric.score(sums);
  }

  /** References that all samples drawn have: Python's `zip` drops what some have beyond. */
  #referencesIn(drawn: Uint32Array): number {
    const countOf = (sample: number): number => this.#pairs[sample]!.references.length;
    if (this.#isEven) return countOf(0);
    return drawn.reduce((fewest, sample) => Math.min(fewest, countOf(sample)), Number.POSITIVE_INFINITY);
  }

  #countsWith(references: number): Float64Array {
    const known = this.#counts.get(references);
    if (known !== undefined) return known;
    const { width } = this.#metric;
    const counts = new Float64Array(width * this.#pairs.length);
    this.#pairs.forEach((pair, sample) => {
      counts.set(this.#metric.count(pair.prediction, pair.references.slice(0, references)), sample * width);
    });
    this.#counts.set(references, counts);
    return counts;
  }
}
