import { describe, expect, test } from "vitest";
import { askPython, type Question } from "../../../test/support/ask-python.ts";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { randomText } from "../../../test/support/random-texts.ts";
import { codePointAt, codePointLength, sliceText } from "./code-points.ts";
import { decodeEscapes } from "./escapes.ts";
import { capitalize, lower, title, upper } from "./letter-case.ts";
import { parseInteger, toFloatNumber } from "./number-text.ts";
import { center, padLeft, padRight } from "./pad.ts";
import { PythonError } from "./python-error.ts";
import { PythonRandom } from "./random.ts";
import { formatFloat, repr } from "./represent.ts";
import {
  count,
  endsWith,
  find,
  indexOfText,
  replace,
  rfind,
  rindexOfText,
  startsWith,
  zeroFill,
} from "./search-text.ts";
import { partition, rpartition, rsplit, split, splitLines } from "./split.ts";
import { lstrip, rstrip, strip } from "./strip.ts";
import {
  isAlphabeticText,
  isAlphanumericText,
  isDecimalText,
  isDigitText,
  isLowerText,
  isNumericText,
  isSpaceText,
  isUpperText,
} from "./unicode.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 5);

interface Words {
  readonly s: string;
  readonly a: string;
  readonly b: string;
  readonly n: number;
  readonly m: number;
}

/** Expressions in Python, and the same in our functions. */
const EXPRESSIONS: readonly (readonly [string, (words: Words) => unknown])[] = [
  ["s.strip()", ({ s }) => strip(s)],
  ["s.strip(a)", ({ s, a }) => strip(s, a)],
  ["s.lstrip(a)", ({ s, a }) => lstrip(s, a)],
  ["s.rstrip(a)", ({ s, a }) => rstrip(s, a)],
  ["s.split()", ({ s }) => split(s)],
  ["s.split(None, n)", ({ s, n }) => split(s, null, n)],
  ["s.split(a)", ({ s, a }) => split(s, a)],
  ["s.split(a, n)", ({ s, a, n }) => split(s, a, n)],
  ["s.rsplit(None, n)", ({ s, n }) => rsplit(s, null, n)],
  ["s.rsplit(a, n)", ({ s, a, n }) => rsplit(s, a, n)],
  ["s.splitlines()", ({ s }) => splitLines(s)],
  ["s.splitlines(True)", ({ s }) => splitLines(s, true)],
  ["s.partition(a)", ({ s, a }) => partition(s, a)],
  ["s.rpartition(a)", ({ s, a }) => rpartition(s, a)],
  ["s.find(a)", ({ s, a }) => find(s, a)],
  ["s.find(a, n)", ({ s, a, n }) => find(s, a, { start: n })],
  ["s.find(a, n, m)", ({ s, a, n, m }) => find(s, a, { start: n, stop: m })],
  ["s.rfind(a, n, m)", ({ s, a, n, m }) => rfind(s, a, { start: n, stop: m })],
  ["s.index(a)", ({ s, a }) => indexOfText(s, a)],
  ["s.rindex(a)", ({ s, a }) => rindexOfText(s, a)],
  ["s.count(a)", ({ s, a }) => count(s, a)],
  ["s.count(a, n, m)", ({ s, a, n, m }) => count(s, a, { start: n, stop: m })],
  ["s.startswith((a, b), n, m)", ({ s, a, b, n, m }) => startsWith(s, [a, b], { start: n, stop: m })],
  ["s.endswith((a, b), n, m)", ({ s, a, b, n, m }) => endsWith(s, [a, b], { start: n, stop: m })],
  ["s.replace(a, b)", ({ s, a, b }) => replace(s, a, b)],
  ["s.replace(a, b, n)", ({ s, a, b, n }) => replace(s, a, b, n)],
  ["s.zfill(m)", ({ s, m }) => zeroFill(s, m)],
  ["s.center(m)", ({ s, m }) => center(s, m)],
  ["s.ljust(m, a)", ({ s, m, a }) => padRight(s, m, a)],
  ["s.rjust(m, a)", ({ s, m, a }) => padLeft(s, m, a)],
  ["s.lower()", ({ s }) => lower(s)],
  ["s.upper()", ({ s }) => upper(s)],
  ["s.capitalize()", ({ s }) => capitalize(s)],
  ["s.title()", ({ s }) => title(s)],
  ["len(s)", ({ s }) => codePointLength(s)],
  ["s[n]", ({ s, n }) => codePointAt(s, n) ?? fail("IndexError")],
  ["s[n:m]", ({ s, n, m }) => sliceText(s, { start: n, stop: m, step: null })],
  ["s[m:n:-1]", ({ s, n, m }) => sliceText(s, { start: m, stop: n, step: -1 })],
  ["s[::n]", ({ s, n }) => sliceText(s, { start: null, stop: null, step: n })],
  ["s.isdigit()", ({ s }) => isDigitText(s)],
  ["s.isupper()", ({ s }) => isUpperText(s)],
  ["s.islower()", ({ s }) => isLowerText(s)],
  ["repr(s)", ({ s }) => repr(s)],
];

function fail(type: "IndexError"): never {
  throw new PythonError(type, "out of range");
}

function answer(compute: () => unknown): [unknown, string | null] {
  try {
    return [compute(), null];
  } catch (error) {
    if (error instanceof PythonError) return [null, error.type];
    throw error;
  }
}

test("texts are counted, cut and changed by code points, with Python's white space and letter case", () => {
  expect(strip("\u{85}\u{1c} a\u{feff} ")).toBe("a\u{feff}");
  expect(codePointLength("a😀b")).toBe(3);
  expect(sliceText("a😀b", { start: 1, stop: 2, step: null })).toBe("😀");
  expect(find("😀b", "b")).toBe(1);
  expect(splitLines("a\r\nb\u{1c}c\n")).toEqual(["a", "b", "c"]);
  expect(capitalize("ǆungla ΟΔΟΣ")).toBe("ǅungla οδος");
  expect(center("ab", 5)).toBe("  ab ");
  expect(repr("it's\u{a0}\n")).toBe('"it\'s\\xa0\\n"');
});

test("numbers are read from texts and printed as Python does", () => {
  expect(parseInteger(" 1_000 ")).toBe(1000);
  expect(parseInteger("٣")).toBe(3);
  expect(() => parseInteger("1.0")).toThrow(PythonError);
  expect(toFloatNumber("1e3")).toBe(1000);
  expect([1e16, 1e-5, 1, -0, 123456.7, Number.NaN, 1e22].map(formatFloat)).toEqual(
    ["1e+16", "1e-05", "1.0", "-0.0", "123456.7", "nan", "1e+22"], // what Python prints
  );
});

describe.skipIf(python === null)(`texts and real Python (MUSTER_TEST_SEED=${seed})`, () => {
  test("every method of a text gives what Python gives", () => {
    const random = new PythonRandom(seed);
    const cases = EXPRESSIONS.flatMap((expression) =>
      Array.from({ length: 150 }, () => {
        const s = randomText(random, 14);
        const from = Math.floor(random.random() * s.length);
        const near = () => (random.random() < 0.7 ? [...s].slice(from, from + 2).join("") : randomText(random, 2));
        const int = () => random.randomInteger(-4, 16);
        return { expression, words: { s, a: near(), b: near(), n: int(), m: int() } };
      }),
    );
    const answers = askPython(
      python!,
      cases.map(({ expression: [text], words }): Question => [text, { ...words }]),
    );
    const wrong = cases.flatMap(({ expression: [text, ours], words }, at) => {
      const found = answer(() => ours(words));
      return JSON.stringify(found) === JSON.stringify(answers[at]) ? [] : [{ text, words, found, python: answers[at] }];
    });
    expect(wrong.slice(0, 10)).toEqual([]);
  });

  test("every assigned code point has the class and the case that it has in Python", () => {
    // Blocks of ideographs and syllables are all alike, and whole planes are empty.
    const ranges = [
      [0, 0x3400, 1],
      [0x3400, 0xa000, 61],
      [0xa000, 0xac00, 1],
      [0xac00, 0xd7a4, 61],
      [0xd7a4, 0xd800, 1],
      [0xe000, 0x20000, 1],
      [0x20000, 0x33500, 61],
      [0xe0000, 0xe0200, 1],
      [0x10fff0, 0x110000, 1],
    ] as const;
    const points = ranges.flatMap(([from, to, step]) =>
      Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => String.fromCodePoint(from + at * step)),
    );
    const all = `[chr(c) for low, high, step in ${JSON.stringify(ranges)} for c in range(low, high, step)]`;
    const predicates = {
      isspace: isSpaceText,
      isdigit: isDigitText,
      isdecimal: isDecimalText,
      isalpha: isAlphabeticText,
      isalnum: isAlphanumericText,
      islower: isLowerText,
      isupper: isUpperText,
    };
    const maps = { lower, upper, capitalize };
    const answers = askPython(python!, [
      ...Object.keys(predicates).map((name): Question => [`[c for c in ${all} if c.${name}()]`, {}]),
      ...Object.keys(maps).map((name): Question => [`[c.${name}() for c in ${all}]`, {}]),
      [`[repr(c) for c in ${all}]`, {}],
      [`[c for c in ${all} if c.isnumeric()]`, {}],
    ]).map(([value]) => value as string[]);
    const ours = [
      ...Object.values(predicates).map((holds) => points.filter(holds)),
      ...Object.values(maps).map((map) => points.map(map)),
      points.map((point) => repr(point)),
    ];
    ours.forEach((found, at) => expect(found.filter((text, index) => text !== answers[at]![index])).toEqual([]));
    const numeric = new Set(answers.at(-1));
    expect(points.filter((point) => (isNumericText(point) ?? numeric.has(point)) !== numeric.has(point))).toEqual([]);
  });

  test("texts become ints and floats, or errors, as in Python", () => {
    const random = new PythonRandom(seed);
    const pieces = [
      "1",
      "0",
      "23",
      "_",
      ".",
      "e",
      "E",
      "+",
      "-",
      " ",
      "x",
      "0x",
      "0b1",
      "٣",
      "𝟙",
      "inf",
      "nan",
      "Infinity",
      "9".repeat(20),
      "\u{a0}",
      "0o7",
      "f",
      "z",
    ];
    const texts = Array.from({ length: 4000 }, () =>
      Array.from({ length: random.randomInteger(1, 5) }, () => random.choice(pieces)).join(""),
    );
    const bases = texts.map(() => random.choice([10, 10, 0, 2, 16, 36]));
    const answers = askPython(python!, [
      ...texts.map((s, at): Question => ["str(int(s, n))", { s, n: bases[at] }]),
      ...texts.map((s): Question => ["repr(float(s))", { s }]),
    ]);
    const ours = [
      ...texts.map((s, at) => answer(() => String(parseInteger(s, bases[at])))),
      ...texts.map((s) => answer(() => formatFloat(toFloatNumber(s)))),
    ];
    const wrong = ours.flatMap((found, at) =>
      JSON.stringify(found) === JSON.stringify(answers[at])
        ? []
        : [{ text: texts[at % texts.length], base: bases[at], found, python: answers[at] }],
    );
    expect(wrong.slice(0, 10)).toEqual([]);
  });

  test("escapes in literals are read as in Python", () => {
    const random = new PythonRandom(seed);
    const pieces = [
      "\\n",
      "\\x41",
      "\\x4",
      "\\u00e9",
      "\\U0001f600",
      "\\u12",
      "\\101",
      "\\0",
      "\\q",
      "\\\\",
      "a",
      "é",
      "'",
      "\\\n",
      "\\8",
    ];
    const bodies = Array.from({ length: 1500 }, () =>
      Array.from({ length: random.randomInteger(1, 4) }, () => random.choice(pieces)).join(""),
    );
    const answers = askPython(
      python!,
      bodies.map((s): Question => [`ast.literal_eval('"""' + s + ' """')[:-1]`, { s }]),
    );
    const wrong = bodies.flatMap((body, at) => {
      const found = answer(() => decodeEscapes(body));
      return JSON.stringify(found) === JSON.stringify(answers[at]) ? [] : [{ body, found, python: answers[at] }];
    });
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
