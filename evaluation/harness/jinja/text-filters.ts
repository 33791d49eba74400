import { codePointLength, sliceText } from "../python/code-points.ts";
import { formatPythonJson } from "../python/json-format.ts";
import { capitalize, lower, upper } from "../python/letter-case.ts";
import { center } from "../python/pad.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { compilePythonRegex, type PythonRegex } from "../python/regex.ts";
import { str } from "../python/represent.ts";
import { replace } from "../python/search-text.ts";
import { toIndex } from "../python/sequence.ts";
import { rsplit, splitLines } from "../python/split.ts";
import { strip } from "../python/strip.ts";
import { SPACE_CLASS } from "../python/unicode.ts";
import { type PythonValue, typeName } from "../python/value.ts";
import type { Arguments } from "./arguments.ts";
import { type Filters, plain, softText } from "./filter.ts";
import { Markup } from "./runtime-value.ts";
import { Undefined } from "./undefined.ts";

const WORD_BEGINNING = new RegExp(`([\\-\\(\\{\\[<${SPACE_CLASS}]+)`, "v");
const LEEWAY = 5;
const HTML_ESCAPES: { readonly [character: string]: string } = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "'": "\\u0027",
};
const MAXIMUM_KEPT_PATTERNS = 256;
const patterns = new Map<string, PythonRegex>();

/** Jinja's filters of texts, and the harness's own `regex_replace`. */
export const TEXT_FILTERS: Filters = {
  string: plain(softText),
  lower: plain((value) => lower(softText(value))),
  upper: plain((value) => upper(softText(value))),
  capitalize: plain((value) => capitalize(softText(value))),
  title: plain((value) => titled(softText(value))),
  wordcount: plain((value) => regex("\\w+").findall(softText(value)).length),
  safe: plain((value) => new Markup(str(value))),
  trim: { parameters: ["chars?"], run: (value, given) => strip(softText(value), given.optionalText(0)) },
  center: { parameters: ["width?"], run: (value, given) => center(softText(value), given.integer(0, 80)) },
  indent: { parameters: ["width?", "first?", "blank?"], run: indented },
  truncate: { parameters: ["length?", "killwords?", "end?", "leeway?"], run: truncated },
  tojson: { parameters: ["indent?"], run: asJson },
  replace: {
    parameters: ["old", "new", "count?"],
    run: (value, given) =>
      replace(str(value), given.printed(0, ""), given.printed(1, ""), given.optionalInteger(2) ?? -1),
  },
  // `lm_eval/utils.py`
  regex_replace: {
    parameters: ["pattern", "repl", "count?"],
    run: (value, given) => regex(given.text(0)).sub(given.text(1), textOf(value), given.integer(2, 0)),
  },
};

function titled(text: string): string {
  return text
    .split(WORD_BEGINNING)
    .map((part) => {
      const first = sliceText(part, { start: 0, stop: 1, step: null });
      return upper(first) + lower(part.slice(first.length));
    })
    .join("");
}

function indented(value: PythonValue, given: Arguments): string {
  const width = given.value(0) ?? 4;
  const indent = typeof width === "string" ? width : " ".repeat(Math.max(0, toIndex(width)));
  const lines = splitLines(`${textOf(value)}\n`);
  const text = given.flag(2)
    ? lines.join(`\n${indent}`)
    : lines.map((line, index) => (index === 0 || line === "" ? line : indent + line)).join("\n");
  return given.flag(1) ? indent + text : text;
}

function truncated(value: PythonValue, given: Arguments): string {
  if (typeof value === "object" && !(value instanceof Undefined)) throw unsupported("the filter truncate of no text");
  const text = textOf(value);
  const end = given.value(2) === undefined ? "..." : given.text(2);
  const length = given.integer(0, 255);
  const leeway = given.optionalInteger(3) ?? LEEWAY;
  const kept = length - codePointLength(end);
  if (kept < 0 || leeway < 0) throw new PythonError("ValueError", "truncate: length or leeway is too small");
  if (codePointLength(text) <= length + leeway) return text;
  const start = sliceText(text, { start: 0, stop: kept, step: null });
  return (given.flag(1) ? start : rsplit(start, " ", 1)[0]) + end;
}

function asJson(value: PythonValue, given: Arguments): Markup {
  const json = formatPythonJson(value, { sortKeys: true, indent: given.optionalInteger(0) });
  return new Markup(json.replaceAll(/[<>&']/g, (character) => HTML_ESCAPES[character] ?? character));
}

/** The text itself; TypeError for anything else, as from `re.sub`. */
function textOf(value: PythonValue): string {
  if (typeof value === "string") return value;
  // An undefined value or markup says what is wrong with it.
  throw new PythonError("TypeError", `expected a text, not ${typeName(value)}: ${softText(value)}`);
}

// Patterns are constants of templates, so a few are met again and again.
function regex(pattern: string): PythonRegex {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = compilePythonRegex(pattern);
    if (patterns.size < MAXIMUM_KEPT_PATTERNS) patterns.set(pattern, compiled);
  }
  return compiled;
}
