// `process_results` of the harness (`api/task.py`) for generate_until.
import type { PlanSample, PlanTask } from "../../plan.ts";
import { toInt } from "../python/number-text.ts";
import { numericValue } from "../python/equality.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { isTruthy } from "../python/truth.ts";
import { isInt, isList, makeFloat, type PythonDict, type PythonValue, typeName } from "../python/value.ts";
import { type ExactMatch, makeExactMatch } from "./exact-match.ts";
import { floatOf, type SampleMetrics } from "./sample-metrics.ts";
import type { TaskSettings } from "./task-settings.ts";

/** What one metric makes of a document's filtered response. */
interface TextMetric {
  /** Of one right text. */
  compare(result: PythonValue, target: PythonValue): PythonValue;
  /** Of several. */
  compareAny(result: PythonValue, references: readonly string[]): PythonValue;
}

/** Corpus metrics (bleu, chrf, ter) compare nothing yet: they keep the texts for their aggregation. */
const KEPT_TEXTS: TextMetric = {
  compare: (result, target) => [typeof result === "string" ? str(target) : target, result],
  compareAny: (_result, references) => floatOf(references.length > 0),
};

/** Gives nothing, whatever there is. */
const BYPASS: TextMetric = { compare: () => null, compareAny: () => floatOf(false) };

/** Metrics of generated text: `exact_match` with the task's options, and those of whole corpora. */
export function generationMetrics(task: PlanTask, settings: TaskSettings): SampleMetrics {
  const metrics = settings.metrics.map(({ name, options }) => {
    if (name === "exact_match") return exactMatchMetric(options);
    return name === "bypass" ? BYPASS : KEPT_TEXTS;
  });
  // With it the harness does not make the target the answer's type.
  const isUncast = metrics.includes(BYPASS);
  return {
    names: settings.metrics.map(({ name }) => name),
    compute: (sample, [result]) => {
      const target = targetOf(sample, settings);
      if (task.multipleTargets && !settings.hasChoices) {
        const references = members(target);
        return metrics.map((metric) => metric.compareAny(result!, references));
      }
      if (isUncast && metrics.length > 1 && !isList(result!) && typeof target !== typeof result) {
        throw unsupported(`comparing a ${typeName(result!)} with a ${typeName(target)}`);
      }
      return metrics.map((metric) => metric.compare(result!, target));
    },
  };
}

function exactMatchMetric(options: PythonDict): TextMetric {
  const match = makeExactMatch(options);
  const changesText = ["ignore_case", "ignore_punctuation", "ignore_numbers"].some((name) =>
    isTruthy(options.get(name) ?? false),
  );
  const comparison = { match, changesText, hasPatterns: (options.get("regexes_to_ignore") ?? null) !== null };
  return {
    compare: (result, target) => compareOne(comparison, result, target),
    compareAny: (result, references) => matchesAny(comparison, result, references),
  };
}

function targetOf(sample: PlanSample, settings: TaskSettings): PythonValue {
  const target = parsePythonJson(sample.target);
  if (!settings.hasChoices) return target;
  if (sample.choices === undefined || typeof target !== "number" || !isInt(target)) {
    throw new PythonError("TypeError", "the target is not the index of a choice");
  }
  const choice = sample.choices.at(target);
  if (choice === undefined) throw new PythonError("IndexError", "list index out of range");
  return choice;
}

/** Python's `list(target)`, all members texts. */
function members(target: PythonValue): string[] {
  const values = typeof target === "string" ? Array.from(target) : target;
  if (!isList(values)) throw new PythonError("TypeError", `'${typeName(target)}' object is not iterable`);
  return values.map((value) => {
    if (typeof value === "string") return value;
    throw unsupported("comparing text with a target that is a list of other things");
  });
}

interface Comparison {
  readonly match: ExactMatch;
  readonly hasPatterns: boolean;
  /** Whether texts are changed before they are compared, which numpy does with arrays of texts alone. */
  readonly changesText: boolean;
}

function matchesAny(comparison: Comparison, result: PythonValue, references: readonly string[]): PythonValue {
  if (references.length === 0) throw unsupported("an empty list of targets");
  const matches = compareArrays(
    comparison,
    arrayOf(isList(result) ? listed(comparison, result) : [result]),
    references,
  );
  return floatOf(matches.includes(true));
}

/** A list of responses, which regular expressions cannot clean. */
function listed({ hasPatterns }: Comparison, result: readonly PythonValue[]): readonly PythonValue[] {
  if (hasPatterns) throw new PythonError("TypeError", "expected string or bytes-like object, got 'list'");
  return result;
}

/** What numpy makes of nested lists. */
interface TextArray {
  /** Row after row; null where it holds no texts: then nothing in it equals a text. */
  readonly texts: readonly string[] | null;
  readonly hasNumbers: boolean;
  readonly size: number;
  /** Length of the last dimension. */
  readonly width: number;
}

/** `predictions == references` of numpy: the last dimension is laid beside the references. */
function compareArrays(
  { match, hasPatterns, changesText }: Comparison,
  { texts, hasNumbers, size, width }: TextArray,
  references: readonly PythonValue[],
): readonly boolean[] {
  if (width !== references.length && width !== 1 && references.length !== 1) {
    throw new PythonError("ValueError", `${width} responses cannot be laid beside ${references.length} targets`);
  }
  const areTexts = texts !== null && references.every((reference) => typeof reference === "string");
  if (!areTexts) {
    if (hasPatterns) throw new PythonError("TypeError", "expected string or bytes-like object");
    if (hasNumbers && references.some(isNumber)) throw unsupported("comparing lists of numbers");
    if (changesText) throw new PythonError("TypeError", "string operation on non-string array");
    return Array<boolean>(size * (width === references.length ? 1 : references.length)).fill(false);
  }
  const right = references;
  if (width === right.length) return match(texts, right);
  return match(
    texts.flatMap((text) => Array<string>(right.length).fill(text)),
    right,
  );
}

function arrayOf(list: readonly PythonValue[]): TextArray {
  const size = list.length;
  const flat = { hasNumbers: false, size, width: size };
  if (size > 0 && list.every((member) => typeof member === "string")) return { ...flat, texts: list };
  if (list.every((member) => member === null)) return { ...flat, texts: null };
  if (list.every(isNumber)) return { ...flat, texts: null, hasNumbers: true };
  const rows = list.map((row) => {
    if (!isList(row)) throw unsupported("comparing responses of several types");
    return arrayOf(row);
  });
  const [first] = rows;
  if (rows.some(({ width, size: length }) => width !== first!.width || length !== first!.size)) {
    throw new PythonError("ValueError", "setting an array element with a sequence: the responses are ragged");
  }
  const texts = rows.every((row) => row.texts !== null) ? rows.flatMap((row) => row.texts!) : null;
  if (texts === null && rows.some((row) => row.texts !== null))
    throw unsupported("comparing responses of several types");
  const hasNumbers = rows.some((row) => row.hasNumbers);
  return { texts, hasNumbers, size: rows.reduce((sum, row) => sum + row.size, 0), width: first!.width };
}

function isNumber(value: PythonValue): boolean {
  return numericValue(value) !== undefined;
}

function compareOne(comparison: Comparison, result: PythonValue, target: PythonValue): PythonValue {
  if (isList(result)) return compareList(comparison, result, target);
  if (typeof result === "string") return floatOf(comparison.match([result], [str(target)])[0]!);
  if (isInt(result) && !comparison.hasPatterns) {
    // The harness makes the target an int too and compares numbers.
    return floatOf(toInt(target) === result);
  }
  throw unsupported(`comparing a ${typeName(result)} with a text`);
}

/** Several responses against one target: the mean over all that numpy compares is what counts. */
function compareList(comparison: Comparison, result: readonly PythonValue[], target: PythonValue): PythonValue {
  const matches = compareArrays(comparison, arrayOf([listed(comparison, result)]), [target]);
  return makeFloat(matches.filter(Boolean).length / matches.length);
}
