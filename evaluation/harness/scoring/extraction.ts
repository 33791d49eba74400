// What the harness's extraction filters share (`filters/extraction.py`): picking one match of `re.findall`.
import { codePointLength } from "../python/code-points.ts";
import { lower } from "../python/letter-case.ts";
import { PythonError } from "../python/python-error.ts";
import { compilePythonRegex, type PythonRegex } from "../python/regex.ts";
import { strip } from "../python/strip.ts";
import { isTruthy } from "../python/truth.ts";
import { ASSIGNED_AFTER_UNICODE_14 } from "../python/unicode.ts";
import { takeInteger, takeText, takeTexts } from "./filter-settings.ts";
import type { FilterSettings } from "./response-filter.ts";

const PUNCTUATION = new RegExp(`[\\p{P}--[${ASSIGNED_AFTER_UNICODE_14}]]`, "gv");
const DEFAULT_PATTERN = "#### (\\-?[0-9\\.\\,]+)";

/** The arguments that all extraction filters take. */
export interface ExtractionSettings {
  readonly regex: PythonRegex;
  readonly groupSelect: number;
  readonly fallback: string;
}

/** Reads `regex_pattern`, `group_select` and `fallback`. */
export function takeExtraction(settings: FilterSettings): ExtractionSettings {
  return {
    regex: compilePythonRegex(takeText(settings, "regex_pattern", DEFAULT_PATTERN)),
    groupSelect: takeInteger(settings, "group_select", 0),
    fallback: takeText(settings, "fallback", "[invalid]"),
  };
}

/** `re.findall(text)[group_select]`, or undefined without a match. Throws IndexError beyond the matches. */
export function selectMatch(
  regex: PythonRegex,
  text: string,
  groupSelect: number,
): string | readonly string[] | undefined {
  const matches = regex.findall(text);
  if (matches.length === 0) return undefined;
  const match = matches.at(groupSelect);
  if (match === undefined) throw new PythonError("IndexError", "list index out of range");
  return match;
}

/** The preparation of a text before choices are looked for in it: `ignore_case` and its companions. */
export function takeNormalizer(settings: FilterSettings): (text: string) => string {
  const ignoreCase = isTruthy(settings.take("ignore_case", false));
  const ignorePunctuation = isTruthy(settings.take("ignore_punctuation", false));
  const ignored = (takeTexts(settings, "regexes_to_ignore") ?? []).map((pattern) => compilePythonRegex(pattern));
  return (text) => {
    let result = ignored.reduce((rest, regex) => regex.sub("", rest), text);
    if (ignoreCase) result = lower(result);
    return ignorePunctuation ? result.replaceAll(PUNCTUATION, "") : result;
  };
}

/** Where a choice is looked for: its text anywhere, then its letter after a colon. */
export interface ChoicePatterns {
  readonly texts: PythonRegex;
  readonly letterOf: ReadonlyMap<string, string>;
  readonly letters: PythonRegex;
}

/** Patterns for choices given as normalised texts. They stand for (A), (B), … in order. */
export function choicePatterns(choices: readonly string[]): ChoicePatterns {
  const letters = choices.map((_, position) => String.fromCodePoint(65 + position));
  const letterOf = new Map<string, string>();
  choices.forEach((choice, position) => letterOf.set(choice, `(${letters[position]!})`));
  // Longest first: where one choice begins another, the alternation must not stop at the shorter.
  const escaped = choices.map(escapeRegex).sort((left, right) => codePointLength(right) - codePointLength(left));
  return {
    texts: compilePythonRegex(escaped.join("|")),
    letterOf,
    letters: compilePythonRegex(`:[\\s]*(${letters.join("|")})`),
  };
}

/** Python's `re.escape(text)`. */
export function escapeRegex(text: string): string {
  return text.replaceAll(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, (character) => `\\${character}`);
}

/** The first non-empty member of a match with groups, stripped; undefined where all are empty. */
export function textOfMatch(match: string | readonly string[]): string | undefined {
  const text = typeof match === "string" ? match : match.find((member) => member !== "");
  return text === undefined ? undefined : strip(text);
}
