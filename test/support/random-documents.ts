import type { PythonRandom } from "../../evaluation/harness/python/random.ts";

const CHARACTERS = [
  ..."abcABC xyz 019 .,-_abcABC xyz",
  "é",
  "ß",
  "ﬁ",
  "Σ",
  "ς",
  "😀",
  "日",
  "ª",
  "İ",
  "ǆ",
  "\u{a0}",
  "\u{1c}",
  "'",
  '"',
  "\\",
  "\n",
  "\t",
];
const TEXTS = [
  "The Quick brown-fox",
  "  padded\n",
  "3",
  "-12",
  "4.5",
  "x, y, z",
  "",
  "A",
  "B",
  "<b>&'\"</b>",
  "one\ntwo\r\nthree",
];
const INTS = [-3, -1, 0, 1, 2, 3, 4, 7, 12, 1000, 123456789012];
const FLOATS = [
  "0.0",
  "-0.0",
  "1.0",
  "2.5",
  "0.1",
  "1e+16",
  "1e-05",
  "100.0",
  "-1.5",
  "3.0000000000000004",
  "1e300",
  "NaN",
  "Infinity",
];

/** A document as JSON text: the columns that `random-templates.ts` reads, of a fixed type each with random values. */
export function randomDocument(random: PythonRandom): string {
  const text = () => {
    if (random.random() < 0.5) return JSON.stringify(random.choice(TEXTS));
    return JSON.stringify(Array.from({ length: below(random, 12) }, () => random.choice(CHARACTERS)).join(""));
  };
  const int = () => String(random.choice(INTS));
  const float = () => random.choice(FLOATS);
  const scalar = () => random.choice([text, text, int, float, () => "true", () => "null"])();
  const list = (member: () => string) => `[${Array.from({ length: 1 + below(random, 4) }, member).join(", ")}]`;
  const row = () => `{"name": ${text()}, "size": ${int()}, "share": ${float()}, "tags": ${list(text)}}`;
  const more = ["items", "key", "x y"].filter(() => random.random() < 0.5);
  const columns = {
    s: text(),
    t: text(),
    n: int(),
    label: String(below(random, 3)),
    x: float(),
    flag: random.choice(["true", "false"]),
    nothing: "null",
    words: list(text),
    nums: list(int),
    mixed: list(scalar),
    rows: list(row),
    d: object(["a", "b", "C", ...more].map((key) => [key, scalar()])),
    options: '["yes", "no", "maybe"]',
    choices: '{"text": ["p", "q", "r"], "label": ["A", "B", "C"]}',
  };
  return object(Object.entries(columns));
}

function object(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([name, value]) => `"${name}": ${value}`).join(", ")}}`;
}

function below(random: PythonRandom, limit: number): number {
  return Math.floor(random.random() * limit);
}
