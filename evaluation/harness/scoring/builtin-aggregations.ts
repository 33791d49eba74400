import { assert } from "../../../base/assert.ts";
import { type Aggregation, findNumberAggregation } from "./aggregation.ts";
import { brierScore } from "./brier-score.ts";
import { BLEU } from "./corpus/bleu.ts";
import { CHRF, CHRF_PLUS_PLUS } from "./corpus/chrf.ts";
import { corpusAggregation } from "./corpus/corpus-aggregation.ts";
import { TER } from "./corpus/ter.ts";

/** Stands where scores are not wanted; the harness gives its number to whatever it gets. */
const BYPASS: Aggregation = {
  name: "bypass",
  width: null,
  standardError: "none",
  compute: () => 999,
  givesInt: () => true,
};

const BRIER_SCORE: Aggregation = {
  name: "brier_score",
  width: null,
  standardError: "none",
  compute: (values) => {
    assert(!(values instanceof Float64Array), "a column of probabilities holds single numbers");
    return brierScore(values);
  },
};

const AGGREGATIONS = [
  BYPASS,
  BRIER_SCORE,
  corpusAggregation("bleu", BLEU),
  corpusAggregation("chrf", CHRF),
  corpusAggregation("chrf++", CHRF_PLUS_PLUS),
  corpusAggregation("ter", TER),
];

/** The harness's aggregation of that name, or undefined where it has none that is exact. */
export function findAggregation(name: string): Aggregation | undefined {
  return AGGREGATIONS.find((aggregation) => aggregation.name === name) ?? findNumberAggregation(name);
}
