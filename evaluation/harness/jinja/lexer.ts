// Cuts a template into text and tokens as `jinja2/lexer.py` 3.1 does with keep_trailing_newline and without trim_blocks
// and lstrip_blocks.
import { decodeEscapes } from "../python/escapes.ts";
import { parseInteger } from "../python/number-text.ts";
import { PythonError } from "../python/python-error.ts";
import { rstrip } from "../python/strip.ts";
import { SPACE_CLASS, WORD_CLASS } from "../python/unicode.ts";
import { makeFloat, type PythonValue } from "../python/value.ts";

/** The kinds of token; operators and brackets are kinds of their own text. */
export type TokenKind =
  | "text"
  | "variableBegin"
  | "variableEnd"
  | "blockBegin"
  | "blockEnd"
  | "name"
  | "string"
  | "number"
  | "operator"
  | "end";

/** A token; `text` is its source (or the text, or the operator), `value` the value of a literal. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly value: PythonValue;
  readonly line: number;
}

const OPENING = /\{%([-+]?)|\{\{([-+]?)|\{#([-+]?)/g;
const RAW = new RegExp(`\\{%[\\-+]?${SPACE_CLASS}*raw${SPACE_CLASS}*(?:-%\\}${SPACE_CLASS}*|%\\})`, "vy");
const END_RAW = new RegExp(
  `\\{%([\\-+]?)${SPACE_CLASS}*endraw${SPACE_CLASS}*(?:\\+%\\}|-%\\}${SPACE_CLASS}*|%\\})`,
  "gv",
);
const COMMENT_END = new RegExp(`\\+#\\}|-#\\}${SPACE_CLASS}*|#\\}`, "gv");
const VARIABLE_END = new RegExp(`-\\}\\}${SPACE_CLASS}*|\\}\\}`, "vy");
const BLOCK_END = new RegExp(`\\+%\\}|-%\\}${SPACE_CLASS}*|%\\}`, "vy");
const SPACE = new RegExp(`${SPACE_CLASS}+`, "vy");
const FLOAT = /(?<!\.)(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?e[+-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[0-9a-f])+|[1-9](?:_?[0-9])*|0(?:_?0)*/iy;
const NAME = new RegExp(`(?:${WORD_CLASS}|[\\p{XID_Continue}])+`, "vy");
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/v;
const STRING = /'([^'\\]*(?:\\[^][^'\\]*)*)'|"([^"\\]*(?:\\[^][^"\\]*)*)"/y;
const OPERATOR = /\/\/|\*\*|[!=<>]=|[-+/*%~[\](){}<>=.:|,;]/y;
const CLOSING: { readonly [opening: string]: string } = { "(": ")", "[": "]", "{": "}" };

/** Cuts a template into tokens, the last of kind "end". Throws TemplateSyntaxError with the line. */
export function tokenize(source: string): Token[] {
  return new Lexer(source.replaceAll(/\r\n?/g, "\n")).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;
  #counted = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#position < this.#source.length) {
      OPENING.lastIndex = this.#position;
      const opening = OPENING.exec(this.#source);
      const sign = opening?.[1] ?? opening?.[2] ?? opening?.[3];
      this.#addText(this.#source.slice(this.#position, opening?.index), sign === "-");
      if (opening === null) break;
      this.#position = opening.index;
      if (!this.#readRaw()) this.#readTag(opening[0]);
    }
    this.#position = this.#source.length;
    this.#add("end", "end of template");
    return this.#tokens;
  }

  #addText(text: string, isStripped: boolean): void {
    const kept = isStripped ? rstrip(text) : text;
    if (kept !== "") this.#add("text", kept);
  }

  #readRaw(): boolean {
    if (this.#match(RAW) === undefined) return false;
    END_RAW.lastIndex = this.#position;
    const end = END_RAW.exec(this.#source);
    if (end === null) throw this.#error("Missing end of raw directive");
    this.#addText(this.#source.slice(this.#position, end.index), end[1] === "-");
    this.#position = end.index + end[0].length;
    return true;
  }

  #readTag(opening: string): void {
    this.#position += opening.length;
    if (opening.startsWith("{#")) {
      COMMENT_END.lastIndex = this.#position;
      const end = COMMENT_END.exec(this.#source);
      if (end === null) throw this.#error("Missing end of comment tag");
      this.#position = end.index + end[0].length;
      return;
    }
    const isVariable = opening.startsWith("{{");
    this.#add(isVariable ? "variableBegin" : "blockBegin", opening);
    this.#readTokens(isVariable ? VARIABLE_END : BLOCK_END, isVariable ? "variableEnd" : "blockEnd");
  }

  #readTokens(end: RegExp, endKind: TokenKind): void {
    const expected: string[] = [];
    while (this.#position < this.#source.length) {
      if (expected.length === 0) {
        const text = this.#match(end);
        if (text !== undefined) {
          this.#add(endKind, text);
          return;
        }
      }
      if (this.#match(SPACE) === undefined) this.#readToken(expected);
    }
  }

  #readToken(expected: string[]): void {
    const float = this.#match(FLOAT);
    if (float !== undefined) return this.#add("number", float, makeFloat(Number(float.replaceAll("_", ""))));
    const integer = this.#match(INTEGER);
    if (integer !== undefined) return this.#add("number", integer, parseInteger(integer.replaceAll("_", ""), 0));
    const name = this.#match(NAME);
    if (name !== undefined) {
      if (!IDENTIFIER.test(name)) throw this.#error("Invalid character in identifier");
      // Python's identifiers compare in their NFKC form only in its own source, not in templates.
      return this.#add("name", name);
    }
    const text = this.#match(STRING);
    if (text !== undefined) return this.#add("string", text, this.#decode(text.slice(1, -1)));
    this.#readOperator(expected);
  }

  #readOperator(expected: string[]): void {
    const operator = this.#match(OPERATOR);
    if (operator === undefined) {
      throw this.#error(`unexpected char '${String.fromCodePoint(this.#source.codePointAt(this.#position) ?? 0)}'`);
    }
    const closing = CLOSING[operator];
    if (closing !== undefined) expected.push(closing);
    else if (/[)\]}]/.test(operator) && expected.pop() !== operator) throw this.#error(`unexpected '${operator}'`);
    this.#add("operator", operator);
  }

  // Jinja escapes what is not ASCII before it decodes, so a backslash before such a character eats that escape's own.
  #decode(body: string): string {
    const escaped = body.replaceAll(/\\([^\0-\x7f])/gu, (_, character: string) => `\\\\${escapeName(character)}`);
    try {
      return decodeEscapes(escaped);
    } catch (error) {
      if (!(error instanceof PythonError) || error.type !== "SyntaxError") throw error;
      throw this.#error(error.message);
    }
  }

  #add(kind: TokenKind, text: string, value: PythonValue = null): void {
    const end = kind === "text" ? this.#position : this.#position - text.length;
    this.#tokens.push({ kind, text, value, line: this.#lineAt(Math.max(end, this.#counted)) });
  }

  #lineAt(position: number): number {
    for (let index = this.#source.indexOf("\n", this.#counted); index >= 0 && index < position;) {
      this.#line += 1;
      index = this.#source.indexOf("\n", index + 1);
    }
    this.#counted = position;
    return this.#line;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#source)?.[0];
    this.#position += found?.length ?? 0;
    return found;
  }

  #error(problem: string): PythonError {
    return new PythonError(
      "TemplateSyntaxError",
      `line ${this.#lineAt(Math.max(this.#position, this.#counted))}: ${problem}`,
    );
  }
}

function escapeName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `x${hex}`;
  return code < 0x10000 ? `u${hex.padStart(4, "0")}` : `U${hex.padStart(8, "0")}`;
}
