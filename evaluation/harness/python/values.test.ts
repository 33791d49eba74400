import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { askPython, type Question } from "../../../test/support/ask-python.ts";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { type ArithmeticOperator, calculate, round, sum } from "./arithmetic.ts";
import { equals, isIn } from "./equality.ts";
import { formatPythonJson } from "./json-format.ts";
import { parsePythonJson } from "./json-parse.ts";
import { literalEval } from "./literal.ts";
import { isOrdered, sortValues } from "./order.ts";
import { PythonError } from "./python-error.ts";
import { PythonRandom } from "./random.ts";
import { formatFloat, repr, str } from "./represent.ts";
import { isTruthy } from "./truth.ts";
import { isInt, isList, makeFloat, PythonTuple, type PythonValue } from "./value.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 5);

const texts = fc.string({
  unit: fc.oneof(fc.constantFrom(..."ab 'é\"\\\n\u{7f}\u{85}😀"), fc.string({ unit: "binary", maxLength: 1 })),
  maxLength: 6,
});
const floats = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1, 0.1, 1e16, 123456789012345680, 1e-4, 1e-5, 5e-324, 2.675, 0.5, 1.5, 2.5),
);
const ints = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
);
/** JSON text of numbers as Python writes it. */
const numbers = fc.oneof(
  ints.map(String),
  floats.map((value) => (Number.isFinite(value) ? formatFloat(value) : formatPythonJson(value))),
);
const { values } = fc.letrec<{ values: string }>((tie) => ({
  values: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom("null", "true", "false"),
    numbers,
    texts.map((text) => JSON.stringify(text)),
    fc.array(tie("values"), { maxLength: 4 }).map((members) => `[${members.join(", ")}]`),
    fc.dictionary(texts, tie("values"), { maxKeys: 4, noNullPrototype: true }).map(
      (dict) =>
        `{${Object.entries(dict)
          .map(([key, value]) => `${JSON.stringify(key)}: ${value}`)
          .join(", ")}}`,
    ),
  ),
}));

function sample<Value>(arbitrary: fc.Arbitrary<Value>, count: number): Value[] {
  return fc.sample(arbitrary, { seed, numRuns: count });
}

type Case = readonly [question: Question, ours: () => unknown];

/** The cases where Python and ours differ; a refusal is no difference, but at most a few may be refused. */
function differences(cases: readonly Case[], refusable = 0): unknown[] {
  let refused = 0;
  const answers = askPython(
    python!,
    cases.map(([question]) => question),
  );
  const wrong = cases.flatMap(([question, ours], at) => {
    let found: [unknown, string | null];
    try {
      found = [ours(), null];
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      if (error.type === "Unsupported") {
        refused += 1;
        return [];
      }
      found = [null, error.type];
    }
    return JSON.stringify(found) === JSON.stringify(answers[at]) ? [] : [{ question, found, python: answers[at] }];
  });
  expect(refused).toBeLessThanOrEqual(cases.length * refusable);
  return wrong.slice(0, 10);
}

test("values print as Python prints them", () => {
  const value = parsePythonJson('{"a": [1, 1.0, -0.0, 1e16, null, true], "b": "it\'s", "c": 12345678901234567890}');
  expect(repr(value)).toBe(`{'a': [1, 1.0, -0.0, 1e+16, None, True], 'b': "it's", 'c': 12345678901234567890}`);
  expect(formatPythonJson(value)).toBe(
    '{"a": [1, 1.0, -0.0, 1e+16, null, true], "b": "it\'s", "c": 12345678901234567890}',
  );
});

test("literals are read and anything else is refused as Python refuses it", () => {
  expect(repr(literalEval("['a', (1, 2.50), {'k': None}, -3]"))).toBe("['a', (1, 2.5), {'k': None}, -3]");
  expect(() => literalEval("open('x')")).toThrow(PythonError);
  expect(() => literalEval("[1,")).toThrow(PythonError);
});

test("numbers of different types compare and combine by value", () => {
  expect(equals(1, makeFloat(1))).toBe(true);
  expect(equals(true, 1)).toBe(true);
  expect(repr(calculate("/", 6, 3))).toBe("2.0");
  expect(repr(calculate("//", -7, 2))).toBe("-4");
  expect(repr(calculate("+", 9007199254740991, 1))).toBe("9007199254740992");
  expect(repr(round(makeFloat(2.5), null))).toBe("2");
  expect(repr(round(2.675, 2))).toBe("2.67");
});

describe.skipIf(python === null)(`values and real Python (MUSTER_TEST_SEED=${seed})`, () => {
  test("JSON is read, and values print, as in Python", () => {
    const cases = sample(values, 1500).flatMap((text): Case[] => [
      [["repr(json.loads(s))", { s: text }], () => repr(parsePythonJson(text))],
      [["str(json.loads(s))", { s: text }], () => str(parsePythonJson(text))],
      [["json.dumps(json.loads(s))", { s: text }], () => formatPythonJson(parsePythonJson(text))],
      [
        ["json.dumps(json.loads(s), indent=2, ensure_ascii=False)", { s: text }],
        () => formatPythonJson(parsePythonJson(text), { indent: 2, ensureAscii: false }),
      ],
      [
        ["json.dumps(json.loads(s), sort_keys=True, separators=(',', ':'))", { s: text }],
        () => formatPythonJson(parsePythonJson(text), { sortKeys: true, separators: [",", ":"] }),
      ],
      [["bool(json.loads(s))", { s: text }], () => isTruthy(parsePythonJson(text))],
    ]);
    expect(differences(cases)).toEqual([]);
  });

  test("floats print as in Python", () => {
    const bits = sample(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), 20_000);
    const view = new DataView(new ArrayBuffer(8));
    const cases = bits.map((value): Case => {
      const question = "repr(struct.unpack('<d', struct.pack('<Q', int(s)))[0])";
      view.setBigUint64(0, value, true);
      const float = view.getFloat64(0, true);
      return [[question, { s: String(value) }], () => formatFloat(float)];
    });
    expect(differences(cases)).toEqual([]);
  });

  test("broken JSON is an error where it is one in Python", () => {
    const random = new PythonRandom(seed);
    const cases = sample(values, 1500).map((text): Case => {
      const at = random.randomBelow(text.length + 1);
      const broken =
        text.slice(0, at) +
        random.choice(["", ",", "]", "}", '"', "\\", "1", "-", "e", ".", " ", "\n", "N"]) +
        text.slice(at + 1);
      return [["repr(json.loads(s))", { s: broken }], () => repr(parsePythonJson(broken))];
    });
    const wrong = differences(cases).filter((difference) => {
      // The error's type is JSONDecodeError there, which is a ValueError.
      const { found, python: answer } = difference as {
        found: [unknown, string | null];
        python: [unknown, string | null];
      };
      return found[1] !== "ValueError" || answer[1] !== "JSONDecodeError";
    });
    expect(wrong).toEqual([]);
  });

  test("literals are read as ast.literal_eval reads them", () => {
    const random = new PythonRandom(seed);
    const pieces = [
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      ",",
      ":",
      "'",
      '"',
      "1",
      "-",
      "+",
      "None",
      "True",
      " ",
      "\n",
      "x",
      "r'",
      "b'",
      "0x1f",
      "1_0",
      "1e3",
      ".5",
      "#",
      "\\",
      "()",
      "'a'",
      "{1}",
      "set()",
      "...",
      "1j",
      "f'a'",
      "'''",
    ];
    const literals = sample(values, 1200).map((text) => {
      const literal = repr(parsePythonJson(text));
      if (random.random() < 0.3) return literal;
      const at = random.randomBelow(literal.length + 1);
      return literal.slice(0, at) + random.choice(pieces) + literal.slice(at + random.randomBelow(2));
    });
    const made = Array.from({ length: 1200 }, () => random.sample(pieces, random.randomInteger(1, 5)).join(""));
    const cases = [...literals, ...made].map((s): Case => [
      ["repr(ast.literal_eval(s))", { s }],
      () => repr(literalEval(s)),
    ]);
    const wrong = differences(cases, 0.1).filter((difference) => {
      // Which error it is does not matter: the harness lets none of them through alone.
      const { found, python: answer } = difference as {
        found: [unknown, string | null];
        python: [unknown, string | null];
      };
      return found[1] === null || answer[1] === null;
    });
    expect(wrong).toEqual([]);
  });

  test("arithmetic, order, equality, rounding and sums are Python's", () => {
    const operators: readonly ArithmeticOperator[] = ["+", "-", "*", "/", "//", "%", "**"];
    const small = fc.oneof(numbers, fc.constantFrom("true", "2", "3", "-2", "0", "0.0", "-0.0", '"ab"', "[1]", "null"));
    const pairs = sample(fc.tuple(small, small), 2500);
    const cases = pairs.flatMap(([a, b], at): Case[] => {
      const operator = operators[at % operators.length]!;
      if (operator === "**" && b.length > 2) return [];
      const [left, right] = [parsePythonJson(a), parsePythonJson(b)];
      const names = { a, b };
      const of = (expression: string) => expression.replaceAll(/\b([ab])\b/g, "json.loads($1)");
      return [
        [[of(`repr(a ${operator} b)`), names], () => repr(calculate(operator, left, right))],
        [[of("a == b"), names], () => equals(left, right)],
        [[of("a < b"), names], () => isOrdered("<", left, right)],
        [[of("a >= b"), names], () => isOrdered(">=", left, right)],
        [[of("repr(round(a, len(b) - 3))"), { a, b: JSON.stringify(b) }], () => repr(round(left, b.length - 3))],
        [[of("repr(round(a))"), names], () => repr(round(left, null))],
        [[of("repr(sum([a, b, a, 0.1]))"), names], () => repr(sum([left, right, left, 0.1]))],
      ];
    });
    expect(differences(cases, 0.2)).toEqual([]);
  });

  test("a text is filled in by % as in Python", () => {
    const random = new PythonRandom(seed);
    const pick = <Value>(values: readonly Value[]): Value => values[random.randomBelow(values.length)]!;
    const field = (): string =>
      `${pick(["", "é", "a ", "%%"])}%${pick(["", "", "-", "+", "0", " ", "-0", "+0"])}${pick(["", "", "7", "3"])}` +
      `${pick(["", "", ".2", ".0"])}${pick(["s", "s", "d", "r", "f", "i", "%", "q", ""])}`;
    const values = ["1", "-7", "2.5", "0.1", "-0.0", "1e15", '"ü"', '"😀b"', "null", "true", "[1]", '{"a": 1}'];
    const cases = Array.from({ length: 1500 }, (): Case => {
      const s = Array.from({ length: 1 + random.randomBelow(3) }, field).join(pick(["", " "]));
      const members = Array.from({ length: random.randomBelow(4) }, () => pick(values));
      const tuple = random.randomBelow(3) > 0;
      const given = tuple ? `[${members.join(", ")}]` : pick(values);
      const parsed = parsePythonJson(given);
      const right = tuple && isList(parsed) ? new PythonTuple(parsed) : parsed;
      return [
        [`s % ${tuple ? "tuple(json.loads(a))" : "json.loads(a)"}`, { s, a: given }],
        () => calculate("%", s, right),
      ];
    });
    expect(differences(cases, 0.3)).toEqual([]);
    const named = parsePythonJson('{"k": 2.5, "": "x"}');
    expect(calculate("%", "%(k)5.1f|%()s|%(k)-6s|", named)).toBe("  2.5|x|2.5   |");
    expect(() => calculate("%", "%(z)s", named)).toThrow("'z'");
  });

  test("lists sort, and hold members, as in Python", () => {
    const member = fc.oneof(
      texts.map((text) => JSON.stringify(text)),
      fc.integer({ min: -3, max: 3 }).map(String),
      fc.constantFrom("1.0", "true", "null", "[1]", "[1.0, 2]", '{"a": 1}', '{"a": 1.0}'),
    );
    const lists = sample(fc.tuple(fc.array(member, { maxLength: 6 }), member), 1500);
    const cases = lists.flatMap(([members, other]): Case[] => {
      const names = { s: `[${members.join(", ")}]`, a: other };
      const list = parsePythonJson(names.s) as readonly PythonValue[];
      const isSortable =
        isList(list) && (list.every((value) => typeof value === "string") || list.every((value) => isInt(value)));
      return [
        [["json.loads(a) in json.loads(s)", names], () => isIn(parsePythonJson(other), list)],
        [["json.loads(s) == json.loads('[' + a + ']')", names], () => equals(list, [parsePythonJson(other)])],
        ...(isSortable
          ? [
              [
                ["repr(sorted(json.loads(s), reverse=a > '2'))", names],
                () => repr(sortValues(list, other > "2")),
              ] as Case,
            ]
          : []),
      ];
    });
    expect(differences(cases)).toEqual([]);
  });

  test("a seed draws the numbers that it draws in Python", () => {
    const random = new PythonRandom(seed);
    const seeds = [
      0,
      1,
      42,
      1234,
      -5,
      4294967296,
      9007199254740991,
      ...Array.from({ length: 20 }, () => random.randomBelow(2 ** 50)),
    ];
    const cases = seeds.flatMap((n): Case[] => {
      const make = "(lambda r: %)(random.Random(n))";
      const draw = (expression: string, ours: (r: PythonRandom) => unknown): Case => [
        [make.replace("%", expression), { n }],
        () => ours(new PythonRandom(n)),
      ];
      const range = (length: number) => Array.from({ length }, (_, at) => at);
      const times = <Value>(count: number, make_: () => Value) => Array.from({ length: count }, make_);
      return [
        draw("[repr(r.random()) for _ in range(700)]", (r) => times(700, () => formatFloat(r.random()))),
        draw("[r.getrandbits(k) for k in range(54)]", (r) => range(54).map((k) => r.getRandomBits(k))),
        draw("[r.randint(-3, 3 ** k) for k in range(33)]", (r) => range(33).map((k) => r.randomInteger(-3, 3 ** k))),
        draw("[r.randrange(10, -50, -7) for _ in range(9)]", (r) => times(9, () => r.randomRange(10, -50, -7))),
        draw("[r.choice('abcdefg') for _ in range(50)]", (r) => times(50, () => r.choice([..."abcdefg"]))),
        draw("r.choices(range(17), k=90)", (r) => r.choices(range(17), 90)),
        draw("[repr(r.uniform(-1, 5)) for _ in range(9)]", (r) => times(9, () => formatFloat(r.uniform(-1, 5)))),
        draw("(lambda v: [r.shuffle(v), v][1])(list(range(60)))", (r) => {
          const shuffled = range(60);
          r.shuffle(shuffled);
          return shuffled;
        }),
        ...[
          [1, 1],
          [10, 3],
          [20, 20],
          [21, 5],
          [22, 5],
          [100, 6],
          [1000, 7],
          [500, 60],
          [86, 6],
          [5000, 1],
        ].map(([size, k]) =>
          draw(`[r.sample(range(${size}), ${k}) for _ in range(5)]`, (r) => times(5, () => r.sample(range(size!), k!))),
        ),
      ];
    });
    expect(differences(cases)).toEqual([]);
  });
});
