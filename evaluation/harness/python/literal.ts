// Python's `ast.literal_eval` (`Lib/ast.py` over CPython 3.11's tokenizer). Callers depend on what it rejects as much as
// on what it accepts, so the grammar is followed to the character; complex numbers, bytes and `...` are refused.
import { negate } from "./arithmetic.ts";
import { assertHashable, contains, dictSet } from "./equality.ts";
import { decodeEscapes } from "./escapes.ts";
import { parseInteger } from "./number-text.ts";
import { PythonError, unsupported } from "./python-error.ts";
import { isFloat, isInt, makeFloat, PythonSet, PythonTuple, type PythonValue } from "./value.ts";

const MAXIMUM_NESTING = 200;
const STRING = /([A-Za-z]{0,2})('''|"""|'|")/y;
const NUMBER =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?)/y;
const NAME = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const CONSTANTS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ["True", true],
  ["False", false],
  ["None", null],
]);

/**
 * Python's `ast.literal_eval(text)`. Throws `SyntaxError`, `ValueError` or `TypeError` (unhashable key) where Python
 * does, and `Unsupported` for literals that Python has and `PythonValue` has not.
 */
export function literalEval(text: string): PythonValue {
  // The harness catches SyntaxError and ValueError alike; a text with NUL is one of them in every 3.11 release.
  if (text.includes("\0")) throw new PythonError("ValueError", "source code string cannot contain null bytes");
  if (!text.isWellFormed()) throw new PythonError("ValueError", "surrogates not allowed");
  return new LiteralReader(text.replace(/^[ \t]+/, "").replaceAll(/\r\n?/g, "\n")).read();
}

class LiteralReader {
  readonly #text: string;
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PythonValue {
    this.#skipBlankLines();
    const value = this.#readTuple();
    this.#skipSpace();
    // After the expression only empty lines and comments may follow.
    if (!/^(?:\n[ \t\f]*(?:#[^\n]*)?)*$/.test(this.#text.slice(this.#position))) throw this.#error();
    return value;
  }

  // Leading empty lines are allowed, but an indented first line is an IndentationError.
  #skipBlankLines(): void {
    const blank = /^(?:[ \t\f]*(?:#[^\n]*)?\n)*/.exec(this.#text)?.[0] ?? "";
    this.#position = blank.length;
    if (blank !== "" && /^[ \t]/.test(this.#text.slice(this.#position))) throw this.#error("unexpected indent");
  }

  #readTuple(): PythonValue {
    const first = this.#readValue();
    if (!this.#take(",")) return first;
    return new PythonTuple([first, ...this.#readMembers("")]);
  }

  /** Reads members up to the closing character (not taken); a trailing comma is fine. */
  #readMembers(close: string): PythonValue[] {
    const values: PythonValue[] = [];
    while (!this.#isAt(close)) {
      values.push(this.#readValue());
      if (!this.#take(",")) break;
    }
    return values;
  }

  #isAt(close: string): boolean {
    this.#skipSpace();
    const next = this.#text[this.#position];
    return close === "" ? next === undefined || next === "\n" : next === close;
  }

  #readValue(): PythonValue {
    this.#skipSpace();
    const next = this.#text[this.#position] ?? "";
    switch (next) {
      case "[":
        return this.#enclosed("]", (values) => values);
      case "(":
        return this.#readParentheses();
      case "{":
        return this.#readBraces();
      case "+":
      case "-":
        return this.#readSigned(next);
      default:
        return /[0-9.]/.test(next) ? this.#readNumber() : this.#readWord();
    }
  }

  #enclosed(close: string, build: (values: PythonValue[]) => PythonValue): PythonValue {
    this.#open();
    const value = build(this.#readMembers(close));
    this.#close(close);
    return value;
  }

  #open(): void {
    this.#position += 1;
    this.#depth += 1;
    if (this.#depth > MAXIMUM_NESTING) throw this.#error("too many nested parentheses");
  }

  #close(close: string): void {
    if (!this.#take(close)) throw this.#error();
    this.#depth -= 1;
  }

  #readParentheses(): PythonValue {
    this.#open();
    if (this.#take(")")) {
      this.#depth -= 1;
      return new PythonTuple([]);
    }
    const first = this.#readValue();
    const value = this.#take(",") ? new PythonTuple([first, ...this.#readMembers(")")]) : first;
    this.#close(")");
    return value;
  }

  #readBraces(): PythonValue {
    this.#open();
    const dict = new Map<PythonValue, PythonValue>();
    if (this.#take("}")) {
      this.#depth -= 1;
      return dict;
    }
    const first = this.#readValue();
    if (!this.#take(":")) return this.#readSet(first);
    const pairs: [PythonValue, PythonValue][] = [[first, this.#readValue()]];
    while (this.#take(",") && !this.#isAt("}")) {
      const key = this.#readValue();
      if (!this.#take(":")) throw this.#error();
      pairs.push([key, this.#readValue()]);
    }
    this.#close("}");
    for (const [key, value] of pairs) {
      assertHashable(key);
      dictSet(dict, key, value);
    }
    return dict;
  }

  #readSet(first: PythonValue): PythonValue {
    const values = this.#take(",") ? [first, ...this.#readMembers("}")] : [first];
    this.#close("}");
    const distinct: PythonValue[] = [];
    for (const value of values) {
      assertHashable(value);
      if (!contains(distinct, value)) distinct.push(value);
    }
    return new PythonSet(distinct);
  }

  #readSigned(sign: string): PythonValue {
    this.#position += 1;
    this.#skipSpace();
    const next = this.#text[this.#position] ?? "";
    // `- -1` and `-True` are valid Python, but no literals; `-(1)` is one.
    if (next === "+" || next === "-") throw new PythonError("ValueError", "malformed node or string: a sign of a sign");
    const value = this.#readValue();
    if (!isInt(value) && !isFloat(value))
      throw new PythonError("ValueError", "malformed node or string: a sign of no number");
    return sign === "-" ? negate(value) : value;
  }

  #readNumber(): PythonValue {
    if (this.#text.startsWith("...", this.#position)) throw unsupported("the literal ...");
    const digits = this.#match(NUMBER);
    if (digits === undefined) throw this.#error();
    const next = this.#text[this.#position] ?? "";
    if (/[jJ]/.test(next)) throw unsupported("complex numbers");
    if (/[\p{XID_Continue}.]/u.test(next)) throw this.#error("invalid decimal literal");
    const plain = digits.replaceAll("_", "");
    if (/^0[xob]/i.test(plain)) return parseInteger(plain, 0);
    if (/[.e]/i.test(plain)) return makeFloat(Number(plain));
    if (/^0+[1-9]/.test(plain)) throw this.#error("leading zeros in decimal integer literals are not permitted");
    return parseInteger(plain);
  }

  #readWord(): PythonValue {
    STRING.lastIndex = this.#position;
    const opening = STRING.exec(this.#text);
    if (opening !== null) return this.#readStrings();
    const name = this.#match(NAME);
    if (name === undefined) throw this.#error();
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return constant;
    if (name === "set" && this.#take("(") && this.#take(")")) return new PythonSet([]);
    throw new PythonError("ValueError", `malformed node or string: the name ${name}`);
  }

  /** One string literal and those that follow it directly. */
  #readStrings(): string {
    let value = "";
    for (;;) {
      STRING.lastIndex = this.#position;
      const opening = STRING.exec(this.#text);
      if (opening === null) return value;
      const [whole, prefix = "", quote = "'"] = opening;
      this.#position += whole.length;
      const body = this.#readStringBody(quote);
      value += decodeLiteral(prefix.toLowerCase(), body);
      this.#skipSpace();
    }
  }

  #readStringBody(quote: string): string {
    const start = this.#position;
    for (;;) {
      const character = this.#text[this.#position];
      if (character === undefined || (character === "\n" && quote.length === 1)) {
        throw this.#error("unterminated string literal");
      }
      if (character === "\\") this.#position += 2;
      else if (this.#text.startsWith(quote, this.#position)) break;
      else this.#position += 1;
    }
    const body = this.#text.slice(start, this.#position);
    this.#position += quote.length;
    return body;
  }

  #skipSpace(): void {
    for (;;) {
      const character = this.#text[this.#position];
      const isContinuation = character === "\\" && this.#text[this.#position + 1] === "\n";
      if (isContinuation) this.#position += 2;
      else if (character === "#") this.#match(/[^\n]*/y);
      else if (character === " " || character === "\t" || character === "\f") this.#position += 1;
      else if (character === "\n" && this.#depth > 0) this.#position += 1;
      else return;
    }
  }

  #take(character: string): boolean {
    this.#skipSpace();
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

  #error(problem = "invalid syntax"): PythonError {
    return new PythonError("SyntaxError", `${problem}: character ${this.#position} of the literal`);
  }
}

function decodeLiteral(prefix: string, body: string): string {
  if (prefix === "" || prefix === "u") return decodeEscapes(body);
  if (prefix === "r") return body;
  if (prefix === "b" || prefix === "br" || prefix === "rb") throw unsupported("bytes literals");
  throw new PythonError("SyntaxError", `no literal has the prefix ${prefix}`);
}
