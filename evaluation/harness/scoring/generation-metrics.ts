// `process_results` of the harness (`api/task.py`) for generate_until.
import type { PlanSample, PlanTask } from "../../plan.ts";
import { toInt } from "../python/number-text.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
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
      if (isUncast && metrics.length > 1 && typeof target !== typeof result) {
        throw unsupported(`comparing a ${typeName(result!)} with a ${typeName(target)}`);
      }
      return metrics.map((metric) => metric.compare(result!, target));
    },
  };
}

function exactMatchMetric(options: PythonDict): TextMetric {
  const match = makeExactMatch(options);
  const comparison = { match, hasPatterns: (options.get("regexes_to_ignore") ?? null) !== null };
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
}

/** A list of responses is an array to numpy: its last dimension is laid beside the targets. */
function matchesAny(
  { match, hasPatterns }: Comparison,
  result: PythonValue,
  references: readonly string[],
): PythonValue {
  if (references.length === 0) throw unsupported("an empty list of targets");
  if (typeof result === "string")
    return floatOf(match(Array(references.length).fill(result), references).includes(true));
  if (!isList(result)) throw unsupported(`comparing a ${typeName(result)} with several targets`);
  if (hasPatterns) throw new PythonError("TypeError", "expected string or bytes-like object, got 'list'");
  const { texts, width } = arrayOf(result);
  if (width === references.length) return floatOf(match(texts, references).includes(true));
  if (width > 1 && references.length > 1) {
    throw new PythonError("ValueError", `${width} responses cannot be laid beside ${references.length} targets`);
  }
  const pairs = texts.flatMap((text) => Array<string>(references.length).fill(text));
  return floatOf(match(pairs, references).includes(true));
}

/** The texts of nested lists, row after row, and the length of the last dimension. */
function arrayOf(list: readonly PythonValue[]): { readonly texts: readonly string[]; readonly width: number } {
  if (list.length > 0 && list.every((member) => typeof member === "string")) return { texts: list, width: list.length };
  const rows = list.map((row) => (isList(row) ? arrayOf(row) : null));
  const [first] = rows;
  if (
    first === undefined ||
    rows.some((row) => row?.width !== first?.width || row?.texts.length !== first?.texts.length)
  ) {
    throw unsupported("comparing responses that are no array of texts");
  }
  if (first === null) throw unsupported("comparing responses that are no texts");
  return { texts: rows.flatMap((row) => row!.texts), width: first.width };
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

/** Several responses against one target: numpy compares each, and the mean is what counts. */
function compareList(
  { match, hasPatterns }: Comparison,
  result: readonly PythonValue[],
  target: PythonValue,
): PythonValue {
  if (hasPatterns || typeof target !== "string" || result.some((member) => typeof member !== "string")) {
    throw new PythonError("TypeError", "exact_match cannot compare a list of responses here");
  }
  const matches = match(result as readonly string[], [target]);
  return makeFloat(matches.filter(Boolean).length / matches.length);
}
