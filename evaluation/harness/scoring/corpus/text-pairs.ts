// The references and predictions of a corpus, put in order as the harness does before it calls sacrebleu
// (`_sacreformat` in `api/metrics.py`).
import { PythonError, unsupported } from "../../python/python-error.ts";
import { isList, PythonTuple, type PythonValue, typeName } from "../../python/value.ts";

/** One sample of a corpus. */
export interface TextPair {
  readonly prediction: string;
  /** What would be right; a corpus counts as many of each sample as its shortest list has. */
  readonly references: readonly string[];
}

/** Reads samples' (references, prediction) values. Throws PythonError for what sacrebleu does not take. */
export function readTextPairs(values: readonly PythonValue[]): TextPair[] {
  const pairs = values.map(pairOf);
  const hasLists = pairs.some(([references]) => typeof references !== "string");
  return pairs.map(([references, prediction]) => {
    if (hasLists && typeof references === "string") throw unsupported("a corpus with texts and lists as references");
    const texts = typeof references === "string" ? [references] : members(references).map(textOf);
    if (texts.length === 0) throw new PythonError("IndexError", "a sample of the corpus has no references");
    return { prediction: predictionOf(prediction), references: texts };
  });
}

function pairOf(value: PythonValue): readonly [PythonValue, PythonValue] {
  const [references, prediction] = members(value);
  if (references === undefined || prediction === undefined) {
    throw new PythonError("IndexError", "a sample of the corpus is no pair of references and prediction");
  }
  return [references, prediction];
}

/** A text, or a list of the one response that a filter left. */
function predictionOf(value: PythonValue): string {
  if (typeof value === "string") return value;
  const [only, ...others] = members(value);
  if (only === undefined || others.length > 0) {
    throw new PythonError("AssertionError", "a prediction of the corpus is no single text");
  }
  return textOf(only);
}

function members(value: PythonValue): readonly PythonValue[] {
  if (value instanceof PythonTuple) return value.values;
  if (isList(value)) return value;
  throw new PythonError("TypeError", `a corpus score of a ${typeName(value)}`);
}

function textOf(value: PythonValue): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `a corpus score of a ${typeName(value)} where a text should be`);
}
