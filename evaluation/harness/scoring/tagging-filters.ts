// The harness's filters for answers that tag words (`filters/transformation.py`, `filters/extraction.py`).
import { lower } from "../python/letter-case.ts";
import { unsupported } from "../python/python-error.ts";
import { compilePythonRegex } from "../python/regex.ts";
import { rstrip, strip } from "../python/strip.ts";
import { isTruthy } from "../python/truth.ts";
import type { PythonValue } from "../python/value.ts";
import { takeInteger, takeText } from "./filter-settings.ts";
import type { FilterFactory } from "./response-filter.ts";
import { members } from "./members.ts";

/** What models call kinds of names, and the kind each stands for; replaced in this order. */
const LABELS: Readonly<Record<string, string>> = {
  person: "PER",
  location: "LOC",
  organization: "ORG",
  counties: "LOC",
  places: "LOC",
  people: "PER",
  persons: "PER",
  company: "ORG",
  country: "LOC",
  continent: "LOC",
  time: "DATE",
  date: "DATE",
  per: "PER",
  loc: "LOC",
  org: "ORG",
};
const LABEL_PATTERNS = Object.entries(LABELS).map(([word, label]) => ({
  pattern: compilePythonRegex(`\\b${word}\\s*:`),
  replacement: `${label}:`,
}));
const LABELLED_NAMES = compilePythonRegex("\\b(PER|LOC|ORG|DATE):\\s*([^$]+)");
const TAGGED_WORD = compilePythonRegex("\\('([^']*)', '([^']*)'\\)");

/** `format_span`: names with their kinds, as "kind: name $ kind: name". */
export const spanFilter: FilterFactory =
  () =>
  ({ responses }) =>
    members(responses).map((response) => {
      if (typeof response !== "string") throw unsupported("format_span of what is no text");
      return namesWithKinds(response);
    });

/** `regex_pos`: of words with their tags the tags. */
export const tagFilter: FilterFactory = (settings) => {
  // Taken and checked by the harness, and then not used.
  compilePythonRegex(takeText(settings, "regex_pattern", "\\['(.*?)'\\]"));
  takeInteger(settings, "group_select", 0);
  const fallback = settings.take("fallback", null) ?? ["invalid"];
  return ({ responses }) => members(responses).map((response) => tagsOf(response, fallback));
};

function namesWithKinds(response: string): string {
  let text = lower(lower(response));
  for (const { pattern, replacement } of LABEL_PATTERNS) text = pattern.sub(replacement, text);
  text = strip(rstrip(text.replaceAll("$$", "$"), "$").replaceAll("\n", "$"));
  return (LABELLED_NAMES.findall(text) as readonly (readonly string[])[])
    .flatMap(([label, names]) => names!.split(",").map((name) => ({ label: lower(label!), name: strip(name) })))
    .filter(({ name }) => lower(name) !== "none")
    .map(({ label, name }) => `${label}: ${name}`)
    .join(" $ ");
}

function tagsOf(response: PythonValue, fallback: PythonValue): PythonValue {
  if (typeof response !== "string") throw unsupported("regex_pos of what is no text");
  const tags = (TAGGED_WORD.findall(response) as readonly (readonly string[])[]).map(([, tag]) => tag!);
  return isTruthy(tags) ? tags : fallback;
}
