import { describe, expect, test } from "vitest";
import { askPython, type Question } from "../../../test/support/ask-python.ts";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { type Grammar, readGrammar } from "../../../test/support/random-grammar.ts";
import { PythonError } from "./python-error.ts";
import { PythonRandom } from "./random.ts";
import { compilePythonRegex, type PythonRegex } from "./regex.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 5);
const PATTERNS = 3000;

// ‹ and › stand for angle brackets, which the grammar needs itself.
const GRAMMAR: Grammar = {
  pattern: `
    <alternatives>
    <sequence>
    (?<i|m|s|x|a|is|im>)<alternatives>
    ^<sequence>$
    <atom><atom><atom><atom>`,
  alternatives: `
    <sequence>
    <sequence>|<sequence>
    <sequence>|<sequence>|`,
  sequence: `
    <atom>
    <piece>
    <piece><piece>
    <piece><piece><piece>`,
  piece: `
    <atom>
    <atom><*|+|?|*?|+?|??|{2}|{1,2}|{0,3}?|{,2}|{2,}|*+|++|?+>
    ((?:<sequence>)<*|+|?|*?|{2}>)
    <assertion>`,
  assertion: `
    <^|$|\\b|\\B|\\A|\\Z>
    (?=<alternatives>)
    (?!<alternatives>)
    (?‹=<fixed>)
    (?‹!<fixed>)`,
  fixed: "<a|b|1|[ab]|\\d|\\s|ab|é|.>\n<a|1>|<b|\\w>",
  atom: `
    <a|b|A|1|2| |-|é|ß|\\.|\\n|\n|_|#|İ|ſ|K|Σ>
    <\\d|\\D|\\w|\\W|\\s|\\S|.>
    <[ab]|[^ab]|[a-c1-3]|[\\w-]|[^\\s.]|[-a]|[]a]|[^]]|[A-Z]|[\\d.,]|[é-ü]|[à]|[a\\-z]|[\\x41-\\x43]|[k-s]>
    (<alternatives>)
    (?:<alternatives>)
    (?P‹n<x|y>›<sequence>)
    <\\1|\\2|(?P=nx)|\\x61|\\u00e9|\\141|\\t|\\\\|\\$|\\q|\\Q|{|}|{a}|a{|>
    (?<i|-i|s|i-s|x>:<sequence>)
    (?›<sequence>)
    <(|)|[|*|(?|\\|(?P‹n›|(?#note)|(?(1)a|b)>`,
};

const TEXT = [
  ..."aabbcABC112  .,-_",
  "é",
  "É",
  "ß",
  "ẞ",
  "\n",
  "\t",
  "😀",
  "k",
  "K",
  "ſ",
  "s",
  "İ",
  "i",
  "ı",
  "σ",
  "ς",
  "Σ",
  "\u{1c}",
  "٣",
  "#",
  "\\",
  "{",
  "$",
];
const REPLACEMENTS = ["", "-", "[\\g<0>]", "\\1", "\\\\", "\\n", "\\g<nx>", "\\2x", "$1", "&"];

const QUESTION =
  "(lambda p: [[[m.group(0), list(m.groups()), m.start(), m.end()] for m in p.finditer(s)]," +
  " p.findall(s), p.sub(r, s), p.sub(r, s, n), p.split(s), p.split(s, n)," +
  " [m and [m.group(0), m.end()] for m in (p.search(s), p.match(s), p.fullmatch(s))]])(re.compile(q))";

function ours(
  regex: PythonRegex,
  { s, r, n }: { readonly s: string; readonly r: string; readonly n: number },
): unknown {
  return [
    regex.findMatches(s).map((match) => [match.text, match.groups, match.start(), match.end()]),
    regex.findall(s),
    regex.sub(r, s),
    regex.sub(r, s, n),
    regex.split(s),
    regex.split(s, n),
    [regex.search(s), regex.match(s), regex.fullmatch(s)].map((match) => match && [match.text, match.end()]),
  ];
}

test("patterns follow Python where JavaScript differs", () => {
  expect(compilePythonRegex("a|").findall("ba")).toEqual(["", "a", ""]);
  expect(compilePythonRegex("(a)|(b)").findall("ab")).toEqual([
    ["a", ""],
    ["", "b"],
  ]);
  expect(compilePythonRegex("x$").search("x\n")?.text).toBe("x");
  expect(compilePythonRegex(".").findall("😀")).toEqual(["😀"]);
  expect(compilePythonRegex("\\d+").findall("٣4")).toEqual(["٣4"]);
  expect(compilePythonRegex("(?i)ſ").search("S")?.text).toBe("S");
  expect(compilePythonRegex("(\\w+) (\\w+)").sub("\\2 \\g<1>", "hello world")).toBe("world hello");
  expect(compilePythonRegex("#### (\\-?[0-9\\.\\,]+)").findall("so\n#### -1,234.")).toEqual(["-1,234."]);
  expect(compilePythonRegex("").sub("-", "ab")).toBe("-a-b-");
});

test("a pattern that Python refuses is a RegexError, and one without a translation is refused by name", () => {
  expect(() => compilePythonRegex("(a")).toThrow(expect.objectContaining({ type: "RegexError" }));
  expect(() => compilePythonRegex("a**")).toThrow(expect.objectContaining({ type: "RegexError" }));
  expect(() => compilePythonRegex("(a)?(?(1)b|c)")).toThrow(/conditional/);
});

/** Constructs in which the two languages differ, one by one. */
const CONSTRUCTS = [
  "(?<=(a))b",
  "(?<=(a)(b))c",
  "(?<!(a))b",
  "(?<=a(b)?)c",
  "a++b",
  "(?>a+)b",
  "a{2,3}+a",
  "(a)?(?(1)b|c)",
  "(?i)straße",
  "(?i)K",
  "(?i)ſ",
  "(?i)[a-z]+",
  "(?i)İ",
  "(?i)ß",
  "a(?i)b",
  "(?i:a)b",
  "(?-i:a)",
  "(?i)(?-i:a)b",
  "x\\Z",
  "\\Ax",
  "\\Ax|y",
  "(?P<n>a)(?P=n)",
  "(?P<n>a)\\1",
  "(?P<n>a)\\g<n>",
  "\\N{DIGIT ONE}",
  "\\N{bad}",
  "(?x) a b # c\n c",
  "(?x)[a b]",
  "(?x)a\\ b",
  "(?x) a {2}",
  "(?x)(?# c) a",
  "(?<n>a)",
  "\\p{L}",
  "\\R",
  "\\h",
  "\\z",
  "[[a]",
  "[a&&b]",
  "[a--b]",
  "a{,3}",
  "a{,}",
  "{1}",
  "x{",
  "(?s).",
  "(?m)^a$",
  "(?a)\\w+",
  "(?u)\\w+",
  "(?L)a",
  "(?aL)a",
  "\\08",
  "\\400",
  "\\x",
  "\\u12",
  "(?P<1a>b)",
  "(?P<a>b)(?P<a>c)",
  "(a|b)*\\1",
  "(?:a|(b))*\\1",
  "()\\1",
  "(?=a)*",
  "(?!a)+b",
  "^*",
  "$+",
  "\\b+",
  "(?i)σ",
  "(?i)Σ",
  "(?i)µ",
  "(?i)Ω",
  "(?i)ǅ",
  "[\\d-z]",
  "[a-\\d]",
  "[]a]",
  "[^]a]",
  "[",
  "(?",
  "(?P",
  "(?P<",
  "(?:",
  "a|*",
  "\\",
  "(?i-i:a)",
  "(?-:a)",
  "(?z)",
  "(?ii)a",
  " (?i)a",
];
const CONSTRUCT_TEXTS = [
  "ab",
  "abc",
  "aab",
  "aaab",
  "aaa",
  "b",
  "c",
  "straße STRASSE",
  "kKK",
  "sSſ",
  "İiIı",
  "ßẞss",
  "x\n",
  "x",
  "yx",
  "aa",
  "1",
  "a b c",
  "a b",
  "abb",
  "٣_é",
  "σςΣ",
  "µμ",
  "ΩΩω",
  "ǅǆǄ",
  "]",
  "^",
  "",
  ":",
];

describe.skipIf(python === null)(`regular expressions and real Python (MUSTER_TEST_SEED=${seed})`, () => {
  test(`${PATTERNS} random patterns find, replace and split as in Python, or are refused`, () => {
    const random = new PythonRandom(seed);
    const grammar = readGrammar(GRAMMAR, 5);
    const cases = Array.from({ length: PATTERNS }, () => ({
      q: grammar(random, "pattern").replaceAll("‹", "<").replaceAll("›", ">"),
      s: Array.from({ length: random.randomBelow(11) }, () => random.choice(TEXT)).join(""),
      r: random.choice(REPLACEMENTS),
      n: random.randomInteger(0, 3),
    }));
    const answers = askPython(
      python!,
      cases.map((names): Question => [QUESTION, names]),
    );
    let [same, refused] = [0, 0];
    const wrong = cases.flatMap((names, at) => {
      let found: [unknown, string | null];
      try {
        found = [ours(compilePythonRegex(names.q), names), null];
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        if (error.type === "Unsupported") {
          refused += 1;
          return [];
        }
        found = [null, error.type === "RegexError" ? "error" : error.type];
      }
      const isSame = JSON.stringify(found) === JSON.stringify(answers[at]);
      if (isSame && found[1] === null) same += 1;
      return isSame ? [] : [{ ...names, found: JSON.stringify(found), python: JSON.stringify(answers[at]) }];
    });
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(same).toBeGreaterThan(PATTERNS / 4);
    expect(refused).toBeLessThan(PATTERNS / 3);
  });

  test("each construct finds what Python finds, is an error where it is one there, or is refused by name", () => {
    const refusals = new Map<string, string>();
    const asked = CONSTRUCTS.flatMap((p) => CONSTRUCT_TEXTS.map((t) => ({ p, t })));
    const question = "[[m.group(0), list(m.groups()), m.start()] for m in re.finditer(p, t)]";
    const answers = askPython(
      python!,
      asked.map((names): Question => [question, names]),
    );
    const wrong = asked.filter(({ p, t }, at) => {
      try {
        const matches = compilePythonRegex(p).findMatches(t);
        const found = matches.map((match) => [match.text, match.groups, match.start()]);
        return JSON.stringify([found, null]) !== JSON.stringify(answers[at]);
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        if (error.type !== "Unsupported") return answers[at]![1] !== "error";
        refusals.set(p, error.message);
        return false;
      }
    });
    expect(wrong).toEqual([]);
    expect([...refusals]).toEqual([
      ["(a)?(?(1)b|c)", "regular expression conditional group (?(...)...)"],
      ["\\N{DIGIT ONE}", "regular expression escape \\N{name}"],
      ["\\N{bad}", "regular expression escape \\N{name}"],
      ["(a|b)*\\1", "regular expression back reference \\1 to a group that may not have matched"],
      ["(?:a|(b))*\\1", "regular expression group that a round of a repeat may skip"],
    ]);
  });
});
