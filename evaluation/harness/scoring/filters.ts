// The filters of `lm_eval/filters`, by the name that YAML gives them.
import { dictGet } from "../python/equality.ts";
import { lower, upper } from "../python/letter-case.ts";
import { PythonError } from "../python/python-error.ts";
import { strip } from "../python/strip.ts";
import { isList, type PythonValue, typeName } from "../python/value.ts";
import { choicePatterns, selectMatch, takeExtraction, takeNormalizer, textOfMatch } from "./extraction.ts";
import { takeDict, takeInteger } from "./filter-settings.ts";
import { members } from "./members.ts";
import type { FilterFactory } from "./response-filter.ts";
import { spanFilter, tagFilter } from "./tagging-filters.ts";

const FILTERS: { readonly [name: string]: FilterFactory } = {
  take_first:
    () =>
    ({ responses }) => {
      const [first] = members(responses);
      if (first === undefined) throw new PythonError("IndexError", "list index out of range");
      return first;
    },
  take_first_k: (settings) => {
    if (!settings.has("k")) throw new PythonError("KeyError", "'k'");
    const count = takeInteger(settings, "k", 0);
    return ({ responses }) => {
      if (!isList(responses)) throw new PythonError("TypeError", `'${typeName(responses)}' object is not a list`);
      if (responses.length < count) {
        throw new PythonError(
          "ValueError",
          `take_first_k wants ${count} responses and repeats gives ${responses.length}`,
        );
      }
      return responses.slice(0, count);
    };
  },
  majority_vote: () => each(mostFrequent),
  remove_whitespace: () => eachText((text) => strip(text)),
  lowercase: () => eachText(lower),
  uppercase: () => eachText(upper),
  map: (settings) => {
    const mapping = takeDict(settings, "mapping_dict") ?? new Map<PythonValue, PythonValue>();
    const fallback = settings.take("default_value", null);
    return ({ responses }) =>
      members(responses).map((response) => {
        const mapped = dictGet(mapping, response);
        return mapped === undefined ? fallback : mapped;
      });
  },
  regex: (settings) => {
    const { regex, groupSelect, fallback } = takeExtraction(settings);
    return ({ responses }) =>
      members(responses).map((response) => {
        const match = selectMatch(regex, typeof response === "string" ? response : "", groupSelect);
        if (match === undefined) return fallback;
        return textOfMatch(match) ?? strip(fallback);
      });
  },
  multi_choice_regex: multipleChoiceRegex,
  format_span: spanFilter,
  regex_pos: tagFilter,
};

/** The filter that YAML calls by this name, or undefined where it has none that is exact. */
export function findFilter(name: string): FilterFactory | undefined {
  return Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
}

function each(vote: (responses: readonly PythonValue[]) => PythonValue): ReturnType<FilterFactory> {
  return ({ responses }) => [vote(members(responses))];
}

function eachText(change: (text: string) => string): ReturnType<FilterFactory> {
  return ({ responses }) =>
    members(responses).map((response) => {
      if (typeof response === "string") return change(response);
      throw new PythonError("AttributeError", `'${typeName(response)}' object is not a text`);
    });
}

/** `Counter(responses).most_common(1)`: of equals the one seen first. */
function mostFrequent(responses: readonly PythonValue[]): PythonValue {
  const counts = new Map<PythonValue, number>();
  for (const response of responses) {
    if (typeof response !== "string") throw new PythonError("Unsupported", "a vote over answers that are no texts");
    counts.set(response, (counts.get(response) ?? 0) + 1);
  }
  let winner: [PythonValue, number] | undefined;
  for (const entry of counts) if (winner === undefined || entry[1] > winner[1]) winner = entry;
  if (winner === undefined) throw new PythonError("IndexError", "list index out of range");
  return winner[0];
}

function multipleChoiceRegex(settings: Parameters<FilterFactory>[0]): ReturnType<FilterFactory> {
  const { regex, groupSelect, fallback } = takeExtraction(settings);
  const normalize = takeNormalizer(settings);
  return ({ responses, doc }) => {
    const choices = dictGet(doc(), "choices");
    if (choices === undefined) throw new PythonError("KeyError", "'choices'");
    const texts = members(choices).map((choice) => {
      if (typeof choice !== "string") throw new PythonError("AttributeError", "a choice is not a text");
      return normalize(strip(choice));
    });
    const patterns = choicePatterns(texts);
    const find = (pattern: typeof regex, text: string): string => {
      const match = selectMatch(pattern, text, groupSelect);
      return match === undefined ? "" : (textOfMatch(match) ?? "");
    };
    return members(responses).map((response) => {
      const text = typeof response === "string" ? response : "";
      const direct = find(regex, text);
      if (direct !== "") return direct;
      if (typeof response !== "string") throw new PythonError("TypeError", "a response is not a text");
      const choice = find(patterns.texts, normalize(text));
      if (choice !== "") return patterns.letterOf.get(choice) ?? choice;
      const letter = find(patterns.letters, text);
      return letter === "" ? fallback : `(${letter})`;
    });
  };
}
