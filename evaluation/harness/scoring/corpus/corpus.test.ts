// Corpus scores against the installed harness's own, which calls sacrebleu: MUSTER_TEST_SEED replays a run.
import { describe, expect, test } from "vitest";
import { askPython, type Question } from "../../../../test/support/ask-python.ts";
import { harnessPython } from "../../../../test/support/harness-python.ts";
import { type RandomCorpus, randomCorpora, type Reference } from "../../../../test/support/random-corpora.ts";
import { PythonTuple, type PythonValue } from "../../python/value.ts";
import { findAggregation } from "../builtin-aggregations.ts";
import { standardError } from "../standard-error.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 20261125);
const METRICS = ["bleu", "chrf", "chrf++", "ter"] as const;
const PYTHON_NAMES = { bleu: "bleu", chrf: "chrf", "chrf++": "chrfpp", ter: "ter" } as const;

const MODULE = '__import__("lm_eval.api.metrics", fromlist=["x"])';
const REPLICATES = 3;

function valueQuestion(metric: (typeof METRICS)[number], corpus: RandomCorpus): Question {
  return [`${MODULE}.${PYTHON_NAMES[metric]}(items)`, { items: corpus }];
}

function errorQuestion(metric: (typeof METRICS)[number], corpus: RandomCorpus): Question {
  const replicates = `m._bootstrap_internal(m.${PYTHON_NAMES[metric]}, ${REPLICATES})((0, items))`;
  return [`(lambda m: m.sample_stddev(${replicates}))(${MODULE})`, { items: corpus }];
}

function compute(metric: string, corpus: RandomCorpus): number {
  return findAggregation(metric)!.compute(asValues(corpus));
}

function asValues(corpus: RandomCorpus): PythonValue[] {
  return corpus.map(([reference, prediction]) => new PythonTuple([asValue(reference), prediction]));
}

function asValue(reference: Reference): PythonValue {
  return typeof reference === "string" ? reference : [...reference];
}

describe("corpus scores", () => {
  test("an equal text scores full marks, whatever the bits of the logarithms", () => {
    const corpus: RandomCorpus = [["the cat sat on the mat .", "the cat sat on the mat ."]];
    expect(METRICS.map((metric) => compute(metric, corpus))).toEqual([100.00000000000004, 100, 100, 0]);
  });

  test("references beyond the shortest list do not count", () => {
    const even: RandomCorpus = [
      [["a b c d"], "a b c d"],
      [["e f g h"], "x"],
    ];
    const ragged: RandomCorpus = [
      [["a b c d"], "a b c d"],
      [["e f g h", "x"], "x"],
    ];
    for (const metric of METRICS) expect(compute(metric, ragged)).toBe(compute(metric, even));
  });

  test("what sacrebleu does not take is an error", () => {
    const bleu = findAggregation("bleu")!;
    const tuple = (...values: PythonValue[]): PythonTuple => new PythonTuple(values);
    expect(() => bleu.compute([tuple([], "a")])).toThrow(/no references/);
    expect(() => bleu.compute([tuple("a", ["b", "c"])])).toThrow(/no single text/);
    expect(() => bleu.compute([tuple("a", 7)])).toThrow(/corpus score of a int/);
    expect(() => bleu.compute([tuple("a", "b"), tuple(["a"], "b")])).toThrow(/texts and lists/);
    expect(bleu.compute([tuple("a b c d", ["a b c d"])])).toBeGreaterThan(99);
  });
});

describe.skipIf(python === null)(`the harness's bits (MUSTER_TEST_SEED=${seed})`, () => {
  const corpora = randomCorpora(seed, 60);

  test("scores", () => {
    const cases = corpora.flatMap((corpus) => METRICS.map((metric) => ({ corpus, metric })));
    const answers = askPython(
      python!,
      cases.map(({ metric, corpus }) => valueQuestion(metric, corpus)),
    );
    const wrong = cases.filter(({ metric, corpus }, index) => {
      const [value, error] = answers[index]!;
      return error !== null || !Object.is(compute(metric, corpus), value);
    });
    expect(wrong).toEqual([]);
  }, 300_000);

  test("bootstrapped standard errors", () => {
    const cases = corpora
      .filter((corpus) => corpus.length > 1)
      .slice(0, 12)
      .flatMap((corpus) => METRICS.map((metric) => ({ corpus, metric })));
    const answers = askPython(
      python!,
      cases.map(({ metric, corpus }) => errorQuestion(metric, corpus)),
    );
    const wrong = cases.filter(({ metric, corpus }, index) => {
      const [value, error] = answers[index]!;
      const ours = standardError(findAggregation(metric)!, asValues(corpus), REPLICATES);
      return error !== null || !Object.is(ours, value);
    });
    expect(wrong).toEqual([]);
  }, 300_000);
});
