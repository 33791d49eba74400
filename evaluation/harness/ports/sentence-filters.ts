// Filters that tasks bring along as Python classes over `ExtendedRegexFilter`: answers picked from sentences.
import { dictGet } from "../python/equality.ts";
import { lower } from "../python/letter-case.ts";
import { PythonError } from "../python/python-error.ts";
import { compilePythonRegex } from "../python/regex.ts";
import { split } from "../python/split.ts";
import { strip } from "../python/strip.ts";
import { isTruthy } from "../python/truth.ts";
import { type PythonDict, type PythonValue, typeName } from "../python/value.ts";
import { choicePatterns, selectMatch, takeExtraction, takeNormalizer, textOfMatch } from "../scoring/extraction.ts";
import { takeDict, takeInteger, takeText } from "../scoring/filter-settings.ts";
import { members } from "../scoring/members.ts";
import type { FilterFactory } from "../scoring/response-filter.ts";
import { findNumberWords, numberOfWords } from "./number-words.ts";

/** Texts that a pattern matches are mapped to values: the pattern that matches the match decides. */
export const mapRegexFilter: FilterFactory = (settings) => {
  const mapping = takeDict(settings, "regex_pattern_to_value") ?? new Map<PythonValue, PythonValue>();
  const groupSelect = takeInteger(settings, "group_select", 0);
  const fallback = takeText(settings, "fallback", "[invalid]");
  const normalize = takeNormalizer(settings);
  const patterns = Array.from(mapping, ([pattern, value]) => ({ source: asText(pattern), value }));
  const whole = compilePythonRegex(patterns.map(({ source }) => source).join("|"));
  const parts = patterns.map(({ source, value }) => ({ regex: compilePythonRegex(source), value }));
  return ({ responses }) =>
    members(responses).map((response) => {
      const found = findText(whole, normalize(asText(response)), groupSelect);
      if (found === "") return fallback;
      const part = parts.find(({ regex }) => findText(regex, normalize(found), groupSelect) !== "");
      return part !== undefined && isTruthy(part.value) ? part.value : fallback;
    });
};

/** A number by pattern, else one written in English words. */
export const numberParseRegexFilter: FilterFactory = (settings) => {
  const { regex, groupSelect, fallback } = takeExtraction(settings);
  takeNormalizer(settings);
  return ({ responses }) =>
    members(responses).map((response) => {
      const text = asText(response);
      const direct = findText(regex, text, groupSelect);
      if (direct !== "") return direct;
      const runs = findNumberWords(lower(text));
      if (runs.length === 0) return fallback;
      const words = runs.at(groupSelect);
      if (words === undefined) throw new PythonError("IndexError", "list index out of range");
      return String(numberOfWords(strip(words)));
    });
};

/** The words of the document's list in the order in which a response names them. */
export const wordSortFilter: FilterFactory = () => {
  return ({ responses, doc }) => {
    const list = documentInput(doc()).split("List:")[1];
    if (list === undefined) throw new PythonError("IndexError", "list index out of range");
    const regex = compilePythonRegex(
      split(strip(list))
        .map((word) => `\\b${word}\\b`)
        .join("|"),
    );
    return members(responses).map((response) => {
      const found = regex.findall(asText(response));
      if (found.some((match) => typeof match !== "string")) {
        throw new PythonError("Unsupported", "words with brackets in a list to be sorted");
      }
      // A word named twice counts where it stands last.
      return [...new Set(found.toReversed() as string[])].reverse().join(" ");
    });
  };
};

/** A letter by pattern, else the choice of the document's text that a response names, else a letter after a colon. */
export const sentenceChoiceFilter: FilterFactory = (settings) => {
  const { regex, groupSelect, fallback } = takeExtraction(settings);
  const normalize = takeNormalizer(settings);
  const choicesInText = compilePythonRegex("\\([A-Z]\\)([^\\n^(]*)");
  return ({ responses, doc }) => {
    const choices = (choicesInText.findall(documentInput(doc())) as string[]).map((choice) => normalize(strip(choice)));
    const patterns = choicePatterns(choices);
    return members(responses).map((response) => {
      const text = asText(response);
      const direct = findText(regex, text, groupSelect);
      if (direct !== "") return direct;
      const choice = findText(patterns.texts, normalize(text), groupSelect);
      if (choice !== "") return patterns.letterOf.get(choice) ?? choice;
      const letter = findText(patterns.letters, text, groupSelect);
      return letter === "" ? fallback : `(${letter})`;
    });
  };
};

/** The selected match as a text, empty without one. Throws IndexError where all groups are empty, as these classes do. */
function findText(regex: Parameters<typeof selectMatch>[0], text: string, groupSelect: number): string {
  const match = selectMatch(regex, text, groupSelect);
  if (match === undefined) return "";
  const found = textOfMatch(match);
  if (found === undefined) throw new PythonError("IndexError", "list index out of range");
  return found;
}

function asText(value: PythonValue): string {
  if (typeof value === "string") return value;
  throw new PythonError("TypeError", `expected string or bytes-like object, got '${typeName(value)}'`);
}

function documentInput(doc: PythonDict): string {
  const input = dictGet(doc, "input");
  if (typeof input === "string") return input;
  throw new PythonError(input === undefined ? "KeyError" : "TypeError", "'input'");
}
