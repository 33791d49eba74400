// Python's `json.loads`: unlike `JSON.parse` it keeps 1.0 a float, ints of any size and the order of all keys, and reads
// NaN and Infinity. It also accepts what `json.loads` accepts and nothing else (`Lib/json/decoder.py`).
import { PythonError } from "./python-error.ts";
import { makeFloat, makeInt, type PythonValue } from "./value.ts";

const MAXIMUM_DEPTH = 900;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
// Runs of plain characters; control characters must be escaped (Python's `strict`).
// oxlint-disable-next-line no-control-regex
const PLAIN = /[^"\\\0-\x1f]*/y;
const ESCAPES: { readonly [letter: string]: string } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const WORDS: readonly (readonly [string, PythonValue])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

/** Reads JSON as Python does; objects become Maps, the last of equal keys wins. Throws ValueError with the position. */
export function parsePythonJson(text: string): PythonValue {
  return new JsonReader(text).read();
}

class JsonReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PythonValue {
    this.#skipSpace();
    const value = this.#readValue(0);
    this.#skipSpace();
    if (this.#position < this.#text.length) throw this.#error("Extra data");
    return value;
  }

  #readValue(depth: number): PythonValue {
    if (depth > MAXIMUM_DEPTH) throw this.#error(`more than ${MAXIMUM_DEPTH} levels of nesting`);
    switch (this.#text[this.#position]) {
      case '"':
        this.#position += 1;
        return this.#readText();
      case "{":
        this.#position += 1;
        return this.#readObject(depth);
      case "[":
        this.#position += 1;
        return this.#readArray(depth);
      default:
        return this.#readScalar();
    }
  }

  #readObject(depth: number): PythonValue {
    const dict = new Map<PythonValue, PythonValue>();
    this.#skipSpace();
    if (this.#take("}")) return dict;
    for (;;) {
      if (!this.#take('"')) throw this.#error("Expecting property name enclosed in double quotes");
      const key = this.#readText();
      this.#skipSpace();
      if (!this.#take(":")) throw this.#error("Expecting ':' delimiter");
      this.#skipSpace();
      dict.set(key, this.#readValue(depth + 1));
      this.#skipSpace();
      if (this.#take("}")) return dict;
      if (!this.#take(",")) throw this.#error("Expecting ',' delimiter");
      this.#skipSpace();
    }
  }

  #readArray(depth: number): PythonValue {
    const values: PythonValue[] = [];
    this.#skipSpace();
    if (this.#take("]")) return values;
    for (;;) {
      values.push(this.#readValue(depth + 1));
      this.#skipSpace();
      if (this.#take("]")) return values;
      if (!this.#take(",")) throw this.#error("Expecting ',' delimiter");
      this.#skipSpace();
    }
  }

  #readText(): string {
    let result = "";
    for (;;) {
      result += this.#match(PLAIN) ?? "";
      if (this.#take('"')) return result;
      if (this.#position >= this.#text.length) throw this.#error("Unterminated string");
      if (!this.#take("\\")) throw this.#error("Invalid control character");
      result += this.#readEscape();
    }
  }

  #readEscape(): string {
    const letter = this.#text[this.#position] ?? "";
    this.#position += 1;
    const simple = ESCAPES[letter];
    if (simple !== undefined) return simple;
    const hex = this.#text.slice(this.#position, this.#position + 4);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error("Invalid \\escape");
    this.#position += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #readScalar(): PythonValue {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#position)) continue;
      this.#position += word.length;
      return value;
    }
    NUMBER.lastIndex = this.#position;
    const number = NUMBER.exec(this.#text);
    if (number === null) throw this.#error("Expecting value");
    this.#position += number[0].length;
    if (number[1] !== undefined || number[2] !== undefined) return makeFloat(Number(number[0]));
    if (number[0].length <= 15) return Number(number[0]) + 0;
    if (number[0].length > 4300) throw this.#error("Exceeds the limit (4300 digits) for integer string conversion");
    return makeInt(BigInt(number[0]));
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #take(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0];
    this.#position += found?.length ?? 0;
    return found;
  }

  #error(problem: string): PythonError {
    return new PythonError("ValueError", `${problem}: character ${this.#position} of the JSON text`);
  }
}
