// Filters for tagged words against the installed harness's own: MUSTER_TEST_SEED replays a run.
import { describe, expect, test } from "vitest";
import { askPython } from "../../../test/support/ask-python.ts";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { randomText } from "../../../test/support/random-texts.ts";
import { PythonRandom } from "../python/random.ts";
import type { PythonValue } from "../python/value.ts";
import { NamedFilterSettings } from "./filter-settings.ts";
import { findFilter } from "./filters.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 20261125);
const PIECES = [
  ...["person", "Persons", "PER", "per", "LOC", "counties", "Company", "date", "time", "none", "None", "kenya", "Ünal"],
  ...[
    ":",
    ": ",
    " :",
    "\u00a0: ",
    ", ",
    ",",
    "$$",
    "$",
    " $$ ",
    "\n",
    " ",
    "_",
    "1",
    "('",
    "', '",
    "')",
    "'",
    "İ",
    "雪",
  ],
  ...["('a', 'NOUN')", "('', 'X')", "('it', '')", "[", "]", "ſ", "K"],
];

function apply(name: string, settings: object, responses: readonly string[]): PythonValue {
  const filter = findFilter(name)!(new NamedFilterSettings(new Map(Object.entries(settings))));
  return filter({ responses: [...responses], doc: () => new Map() });
}

test("names lose their synonyms of kinds, and none is no name", () => {
  expect(apply("format_span", {}, ["Person: Ada, NONE $$ country : Chad\ndate: 1815"])).toEqual([
    "per: ada $ loc: chad $ date: 1815",
  ]);
});

test("without tags the fallback stands in", () => {
  expect(apply("regex_pos", {}, ["[('a', 'NOUN'), ('b', 'X')]", ""])).toEqual([["NOUN", "X"], ["invalid"]]);
  expect(apply("regex_pos", { fallback: "?" }, [""])).toEqual(["?"]);
});

describe.skipIf(python === null)(`the harness's answers (MUSTER_TEST_SEED=${seed})`, () => {
  test.each(["format_span", "regex_pos"])("%s", (name) => {
    const random = new PythonRandom(seed);
    const texts = Array.from({ length: 1500 }, () =>
      random.randomBelow(8) === 0
        ? randomText(random, 40)
        : Array.from({ length: random.randomBelow(14) }, () => random.choice(PIECES)).join(""),
    );
    const filter = `__import__("lm_eval.filters", fromlist=["x"]).get_filter(name)()`;
    const [answer] = askPython(python!, [[`list(${filter}.apply([texts], [{}]))[0]`, { name, texts }]]);
    expect(apply(name, {}, texts)).toEqual(answer![0]);
  });
});
