// `process_results` of the harness (`api/task.py`) for multiple_choice.
import type { PlanSample, PlanTask } from "../../plan.ts";
import { codePointLength } from "../python/code-points.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import { toFloatNumber } from "../python/number-text.ts";
import { PythonError } from "../python/python-error.ts";
import { isList, makeFloat, PythonTuple, type PythonValue } from "../python/value.ts";
import { softmax } from "./brier-score.ts";
import { likelihoodOf } from "./likelihood-metrics.ts";
import { floatOf, type SampleMetrics } from "./sample-metrics.ts";
import { utf8Length } from "./utf8-length.ts";

const NAMES = [
  ...["acc", "f1", "mcc", "acc_norm", "acc_bytes", "exact_match", "brier_score", "likelihood", "acc_mutual_info"],
];
/** What the harness puts in place of a right answer that is not among the choices. */
const NO_CHOICE = -100;

/** One document's log-likelihoods and what is right. */
interface Choices {
  readonly texts: readonly string[];
  readonly logprobs: readonly number[];
  /** Of the choices without context; empty unless acc_mutual_info asks for them. */
  readonly unconditional: readonly number[];
  readonly isGreedy: readonly boolean[];
  readonly gold: number | readonly number[];
}

/** Metrics of the choices' log-likelihoods. */
export function choiceMetrics(task: PlanTask, wanted: ReadonlySet<string>): SampleMetrics {
  const names = NAMES.filter((name) => wanted.has(name));
  const isMutual = wanted.has("acc_mutual_info");
  return {
    names,
    compute: (sample, results) => {
      const choices = readChoices(sample, results, isMutual);
      if (Array.isArray(choices.gold) !== task.multipleTargets) {
        throw new PythonError("TypeError", "some documents have one right choice, some a list");
      }
      return names.map((name) => computeMetric(name, choices));
    },
  };
}

function readChoices(sample: PlanSample, results: readonly PythonValue[], isMutual: boolean): Choices {
  const texts = sample.choices;
  if (texts === undefined) throw new PythonError("TypeError", "the document has no choices");
  const pairs = results.map(likelihoodOf);
  const all = pairs.map(([logprob]) => toFloatNumber(logprob));
  if (all.length !== texts.length * (isMutual ? 2 : 1)) {
    throw new PythonError("ValueError", `${all.length} responses for ${texts.length} choices`);
  }
  return {
    texts,
    logprobs: all.slice(0, texts.length),
    unconditional: all.slice(texts.length),
    isGreedy: pairs.map(([, isGreedy]) => isGreedy),
    gold: rightChoice(sample, texts),
  };
}

/** Index or indices of what is right; out of range becomes −100, as in the harness. */
function rightChoice(sample: PlanSample, texts: readonly string[]): number | readonly number[] {
  const gold = sample.gold ?? (parsePythonJson(sample.target) as unknown);
  if (isList(gold)) return gold.map((index) => inRange(integerOf(index), texts.length));
  if (typeof gold === "string") {
    const index = texts.indexOf(gold);
    return index < 0 ? NO_CHOICE : index;
  }
  return inRange(integerOf(gold), texts.length);
}

function integerOf(value: unknown): number {
  if (typeof value === "boolean") return Number(value);
  if (Number.isSafeInteger(value)) return value as number;
  throw new PythonError("TypeError", "the right choice is not an index");
}

function inRange(index: number, count: number): number {
  return index < count ? index : NO_CHOICE;
}

function computeMetric(name: string, choices: Choices): PythonValue {
  const { texts, logprobs, gold } = choices;
  switch (name) {
    case "acc":
      return floatOf(isRight(largest(logprobs), gold));
    case "acc_norm":
      return floatOf(isRight(largest(logprobs.map((value, index) => value / codePointLength(texts[index]!))), gold));
    case "acc_bytes":
      return floatOf(isRight(largest(logprobs.map((value, index) => value / utf8Length(texts[index]!))), gold));
    case "acc_mutual_info":
      return mutualInformation(choices);
    case "exact_match":
      return Number(isGreedyRight(choices));
    case "brier_score":
      return new PythonTuple([listed(gold), softmax(logprobs)]);
    case "likelihood":
      return new PythonTuple([listed(gold), new PythonTuple(logprobs.map(makeFloat))]);
    default:
      if (typeof gold !== "number") throw new PythonError("TypeError", `${name} needs one right choice`);
      return new PythonTuple([gold, largest(logprobs)]);
  }
}

function listed(gold: Choices["gold"]): PythonValue {
  return typeof gold === "number" ? gold : [...gold];
}

/** numpy's `argmax`: the first largest; not-a-number counts as largest. */
function largest(values: readonly number[]): number {
  let best = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (Number.isNaN(value)) return index;
    if (value > values[best]!) best = index;
  }
  return best;
}

function isRight(choice: number, gold: Choices["gold"]): boolean {
  return typeof gold === "number" ? choice === gold : gold.includes(choice);
}

function mutualInformation({ logprobs, unconditional, gold }: Choices): PythonValue {
  const choice = largest(logprobs.map((value, index) => value - unconditional[index]!));
  if (typeof gold === "number") return floatOf(choice === gold);
  // numpy compares with each member; only one truth value can be asked for.
  if (gold.length !== 1) throw new PythonError("ValueError", "acc_mutual_info needs one right choice");
  return floatOf(choice === gold[0]);
}

function isGreedyRight({ isGreedy, gold }: Choices): boolean {
  const greedyAt = (index: number): boolean => {
    if (index === NO_CHOICE) return false;
    const value = isGreedy.at(index);
    if (value === undefined) throw new PythonError("IndexError", "tuple index out of range");
    return value;
  };
  return typeof gold === "number" ? greedyAt(gold) : gold.some(greedyAt);
}
