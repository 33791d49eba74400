import { describe, expect, test } from "vitest";
import type { PlanSample, PlanTask } from "../../plan.ts";
import type { EvaluationResponse } from "../../response.ts";
import { createTaskScorer } from "./task-scorer.ts";

function aTask(config: object, fields: Partial<PlanTask> = {}): PlanTask {
  return {
    name: "some_task",
    alias: "some_task",
    version: "1",
    outputKind: "generate_until",
    numFewshot: 0,
    multipleTargets: false,
    config: JSON.stringify(config),
    higherIsBetter: {},
    ...fields,
  };
}

const cost = { promptTokens: 0, completionTokens: 0, truncatedTokens: 0, latencyUs: 0 };
const text = (value: string): EvaluationResponse => ({ kind: "text", text: value, ...cost });
const logprob = (value: number, isGreedy = false): EvaluationResponse => ({
  kind: "logprob",
  logprob: value,
  isGreedy,
  ...cost,
});
const filter = (step: object) => ({ filter_list: [{ name: "f", filter: [step, { function: "take_first" }] }] });

function aSample(fields: Partial<PlanSample> = {}): PlanSample {
  const base = { index: 0, task: 0, docId: 7, doc: "{}", firstRequest: 0, requestCount: 1, target: '"yes"' };
  return { ...base, ...fields };
}

describe("a task that cannot be scored exactly is refused, with its name and the reason", () => {
  const choices = { outputKind: "multiple_choice" } as const;
  test.each<[string, object, Partial<PlanTask>, string]>([
    [
      "a corpus metric of several targets, which the harness makes a number",
      { metric_list: [{ metric: "bleu" }] },
      { multipleTargets: true },
      "the aggregation bleu cannot take the values of its metric bleu",
    ],
    [
      "a metric for another kind",
      { metric_list: [{ metric: "perplexity" }] },
      choices,
      "its metric is perplexity: it is not computed natively for multiple_choice tasks",
    ],
    [
      "texts that cannot be averaged",
      { metric_list: [{ metric: "acc" }] },
      {},
      "the aggregation mean cannot take the values of its metric acc",
    ],
    [
      "a metric in Python",
      { metric_list: [{ metric: "def my_metric(x):\n    return 1\n" }] },
      {},
      "its metric is my_metric: it is not computed natively for generate_until tasks",
    ],
    [
      "an aggregation in Python",
      { metric_list: [{ metric: "acc", aggregation: "def agg(xs):\n  return 1" }] },
      choices,
      "the aggregation agg of its metric acc is not computed natively",
    ],
    [
      "an aggregation of pairs",
      { metric_list: [{ metric: "acc", aggregation: "f1" }] },
      choices,
      "the aggregation f1 cannot take the values of its metric acc",
    ],
    [
      "process_results in Python",
      { process_results: "def score(doc, results):\n  return {}" },
      {},
      "it scores with the Python function score (process_results)",
    ],
    [
      "a filter class",
      filter({ function: "class Own(Filter):\n    pass\n" }),
      {},
      "its filter is Own: there is no native port of it",
    ],
    [
      "a filter of another kind",
      filter({ function: "regex" }),
      choices,
      "its filter is regex: it does not fit multiple_choice responses",
    ],
    [
      "a filter's argument",
      filter({ function: "lowercase", wish: 1 }),
      {},
      "its filter lowercase (f) cannot be made: got an unexpected keyword argument 'wish'",
    ],
    [
      "a regular expression",
      filter({ function: "regex", regex_pattern: "(a)?(?(1)b|c)" }),
      {},
      'its filter regex (f) with the expression "(a)?(?(1)b|c)" cannot be made: regular expression conditional group',
    ],
    [
      "a metric's argument",
      { metric_list: [{ metric: "exact_match", wish: 1 }] },
      {},
      "exact_match got an unexpected argument 'wish'",
    ],
    [
      "a metric of the evaluate package",
      { metric_list: [{ metric: "exact_match", hf_evaluate: true }] },
      {},
      "its metric exact_match comes from the evaluate package (hf_evaluate)",
    ],
  ])("%s", (_name, config, fields, reason) => {
    expect(() => createTaskScorer(aTask(config, fields))).toThrow(
      expect.objectContaining({
        kind: "unsupported",
        message: expect.stringContaining(`task some_task cannot be scored exactly: ${reason}`) as string,
      }),
    );
  });
});

test("where the harness would stop, the document is named", () => {
  const scorer = createTaskScorer(aTask(filter({ function: "regex", regex_pattern: "[a-z]+", group_select: 3 })));
  expect(() => scorer.scoreSample(aSample(), [text("one two")])).toThrow(
    "task some_task, document 7: the harness would stop while scoring (IndexError: list index out of range)",
  );
});

test("a list of answers is laid beside the list of targets, as numpy does it", () => {
  const config = { repeats: 2, filter_list: [{ name: "f", filter: [{ function: "lowercase" }] }] };
  const scorer = createTaskScorer(aTask(config, { multipleTargets: true }));
  const sample = aSample({ target: '["a", "b"]', requestCount: 2 });
  const scoreOf = (...answers: string[]): unknown => scorer.scoreSample(sample, answers.map(text)).values;
  expect([scoreOf("X", "B"), scoreOf("B", "A")]).toMatchObject([[{ value: 1 }], [{ value: 0 }]]);
  expect(() => scorer.scoreSample({ ...sample, target: '["a", "b", "c"]' }, [text("a"), text("b")])).toThrow(
    /ValueError: 2 responses cannot be laid beside 3 targets/,
  );
});

test("the first of equal choices wins, and lengths are code points", () => {
  const metrics = { metric_list: [{ metric: "acc" }, { metric: "acc_norm" }, { metric: "acc_bytes" }] };
  const scorer = createTaskScorer(aTask(metrics, { outputKind: "multiple_choice" }));
  const sample = aSample({ choices: ["🙂", "ab", "abc"], gold: 1, requestCount: 3 });
  const { values } = scorer.scoreSample(sample, [logprob(-3), logprob(-3), logprob(-9)]);
  // -3 and -3 tie; -3/1, -3/2, -9/3; -3/4, -3/2, -9/3.
  expect(values).toMatchObject([{ value: 0 }, { value: 1 }, { value: 0 }]);
});

test("an empty choice divides by zero and goes on", () => {
  const scorer = createTaskScorer(aTask({ metric_list: [{ metric: "acc_norm" }] }, { outputKind: "multiple_choice" }));
  const sample = aSample({ choices: ["a", ""], gold: 0, requestCount: 2 });
  expect(scorer.scoreSample(sample, [logprob(-1), logprob(-2)]).values).toMatchObject([{ value: 1 }]);
  // 0 / 0 is not a number, which numpy takes for the largest.
  expect(scorer.scoreSample(sample, [logprob(-1), logprob(0)]).values).toMatchObject([{ value: 0 }]);
});

test("one sample has no standard error, and no bootstrap has none either", () => {
  const scorer = createTaskScorer(aTask({}, { outputKind: "loglikelihood" }));
  const one = [Float64Array.of(-1), Float64Array.of(1)];
  expect(scorer.aggregate(one, 1000).map(({ standardError }) => standardError)).toEqual(["N/A", "N/A"]);
  const two = [Float64Array.of(-1, -2), Float64Array.of(1, 0)];
  expect(scorer.aggregate(two, 0).map(({ standardError }) => standardError)).toEqual(["N/A", "N/A"]);
  expect(scorer.aggregate(two, 1000).map(({ standardError }) => typeof standardError)).toEqual(["number", "number"]);
});
