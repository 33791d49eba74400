// The harness's `exact_match` (`api/metrics.py`), with what numpy's text arrays do to their members: trailing NULs are
// lost, and lower-casing cannot make the longest member longer.
import { codePointLength, sliceText } from "../python/code-points.ts";
import { lower } from "../python/letter-case.ts";
import { PythonError } from "../python/python-error.ts";
import { compilePythonRegex } from "../python/regex.ts";
import { repr } from "../python/represent.ts";
import { isTruthy } from "../python/truth.ts";
import { isList, type PythonDict } from "../python/value.ts";

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
const DIGITS = /[0-9]/g;
const OPTIONS = ["regexes_to_ignore", "ignore_case", "ignore_punctuation", "ignore_numbers"];

/** Compares predictions with references, position by position, after the task's clean-up. */
export type ExactMatch = (predictions: readonly string[], references: readonly string[]) => boolean[];

/** Makes the comparison from the metric's arguments in the YAML. Throws `PythonError` for arguments it does not take. */
export function makeExactMatch(options: PythonDict): ExactMatch {
  for (const key of options.keys()) {
    if (typeof key === "string" && OPTIONS.includes(key)) continue;
    throw new PythonError("TypeError", `exact_match got an unexpected argument ${repr(key)}`);
  }
  const flag = (name: string): boolean => isTruthy(options.get(name) ?? false);
  const [ignoreCase, ignorePunctuation, ignoreNumbers] = [
    flag("ignore_case"),
    flag("ignore_punctuation"),
    flag("ignore_numbers"),
  ];
  const ignored = ignoredPatterns(options);
  const clean = (texts: readonly string[]): readonly string[] => {
    let result = texts.map(withoutTrailingNulls);
    for (const regex of ignored) result = result.map((text) => withoutTrailingNulls(regex.sub("", text)));
    if (ignoreCase) result = lowerAll(result);
    if (ignorePunctuation) result = result.map((text) => withoutTrailingNulls(text.replaceAll(PUNCTUATION, "")));
    return ignoreNumbers ? result.map((text) => withoutTrailingNulls(text.replaceAll(DIGITS, ""))) : result;
  };
  return (predictions, references) => {
    const right = clean(references);
    return clean(predictions).map((prediction, position) => prediction === right[position % right.length]);
  };
}

function ignoredPatterns(options: PythonDict): ReturnType<typeof compilePythonRegex>[] {
  const value = options.get("regexes_to_ignore") ?? null;
  if (value === null) return [];
  // Python walks through a text character by character; each is a pattern then.
  const patterns = typeof value === "string" ? Array.from(value) : value;
  if (!isList(patterns)) throw new PythonError("TypeError", "regexes_to_ignore is not a list");
  return patterns.map((pattern) => {
    if (typeof pattern !== "string") throw new PythonError("TypeError", "regexes_to_ignore holds what is no text");
    return compilePythonRegex(pattern);
  });
}

function withoutTrailingNulls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

function lowerAll(texts: readonly string[]): string[] {
  const longest = Math.max(1, ...texts.map(codePointLength));
  return texts.map((text) => {
    const lowered = lower(text);
    if (lowered.length <= longest) return lowered;
    return withoutTrailingNulls(sliceText(lowered, { start: null, stop: longest, step: null }));
  });
}
