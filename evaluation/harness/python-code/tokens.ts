// Python source to tokens, with the indentation that carries its blocks.
import { PythonError } from "../python/python-error.ts";

/** A token. Strings keep their prefix (lower case) and the body between their quotes as it stands. */
export type Token =
  | { readonly kind: "name" | "number" | "operator"; readonly text: string; readonly line: number }
  | { readonly kind: "string"; readonly text: string; readonly prefix: string; readonly line: number }
  | { readonly kind: "newline" | "indent" | "dedent" | "end"; readonly text: ""; readonly line: number };

const STRING_START = /([A-Za-z]{0,2})("""|'''|"|')/y;
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const NUMBER =
  /(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)[jJ]?/y;
const OPERATOR = /\*\*=|\/\/=|>>=|<<=|\.\.\.|[-+*/%&|^@:=!<>]=|->|\*\*|\/\/|<<|>>|[-+*/%@&|^~<>()[\]{},:.;=]/y;
const PREFIXES = new Set(["", "r", "u", "b", "br", "rb", "f", "fr", "rf"]);

/** The tokens of a module, or of one expression within an f-string. Throws SyntaxError. */
export function tokenize(source: string): readonly Token[] {
  return new Tokenizer(source.replaceAll(/\r\n?/g, "\n").replace(/^\ufeff/, "")).run();
}

class Tokenizer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #indents = [0];
  #at = 0;
  #line = 1;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): readonly Token[] {
    let isLineStart = true;
    while (this.#at < this.#source.length) {
      if (isLineStart && this.#depth === 0 && this.#skipBlankLine()) continue;
      isLineStart = false;
      const character = this.#source[this.#at]!;
      if (character === "\n") isLineStart = this.#newline();
      else if (character === " " || character === "\t" || character === "\f") this.#at += 1;
      else if (character === "#") this.#skipComment();
      else if (character === "\\" && this.#source[this.#at + 1] === "\n") {
        this.#at += 2;
        this.#line += 1;
      } else this.#token();
    }
    if (this.#tokens.length > 0 && this.#tokens.at(-1)!.kind !== "newline") this.#mark("newline");
    for (; this.#indents.length > 1; this.#indents.pop()) this.#mark("dedent");
    this.#mark("end");
    return this.#tokens;
  }

  /** Skips a line without code and says so; otherwise compares the line's indentation with the block's. */
  #skipBlankLine(): boolean {
    const [blank] = /^[ \t\f]*/.exec(this.#source.slice(this.#at, this.#at + 400))!;
    this.#at += blank.length;
    if (this.#source[this.#at] === "#") this.#skipComment();
    const next = this.#source[this.#at];
    if (next === undefined) return true;
    if (next === "\n") {
      this.#at += 1;
      this.#line += 1;
      return true;
    }
    let column = 0;
    for (const character of blank) column = character === "\t" ? (Math.floor(column / 8) + 1) * 8 : column + 1;
    this.#compareIndentation(column);
    return false;
  }

  #compareIndentation(column: number): void {
    if (column > this.#indents.at(-1)!) {
      this.#indents.push(column);
      this.#mark("indent");
    }
    while (column < this.#indents.at(-1)!) {
      this.#indents.pop();
      this.#mark("dedent");
    }
    if (column !== this.#indents.at(-1)!) throw this.#error("unindent does not match any outer indentation level");
  }

  #newline(): boolean {
    this.#at += 1;
    const isStatementEnd = this.#depth === 0;
    if (isStatementEnd) this.#mark("newline");
    this.#line += 1;
    return isStatementEnd;
  }

  #skipComment(): void {
    const end = this.#source.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#source.length : end;
  }

  #token(): void {
    STRING_START.lastIndex = this.#at;
    const start = STRING_START.exec(this.#source);
    if (start !== null && PREFIXES.has(start[1]!.toLowerCase())) return this.#string(start[1]!, start[2]!);
    for (const [kind, pattern] of [
      ["name", NAME],
      ["number", NUMBER],
      ["operator", OPERATOR],
    ] as const) {
      pattern.lastIndex = this.#at;
      const [text] = pattern.exec(this.#source) ?? [];
      if (text === undefined) continue;
      if (kind === "operator") this.#depth += "([{".includes(text) ? 1 : ")]}".includes(text) ? -1 : 0;
      this.#at += text.length;
      this.#tokens.push({ kind, text, line: this.#line });
      return;
    }
    throw this.#error(`invalid character ${JSON.stringify(this.#source[this.#at])}`);
  }

  #string(prefix: string, quote: string): void {
    const line = this.#line;
    const start = this.#at + prefix.length + quote.length;
    let at = start;
    while (!this.#source.startsWith(quote, at)) {
      const character = this.#source[at];
      if (character === undefined || (character === "\n" && quote.length === 1))
        throw this.#error("unterminated string");
      if (character === "\n") this.#line += 1;
      if (character === "\\") {
        if (this.#source[at + 1] === "\n") this.#line += 1;
        at += 1;
      }
      at += 1;
    }
    this.#tokens.push({ kind: "string", text: this.#source.slice(start, at), prefix: prefix.toLowerCase(), line });
    this.#at = at + quote.length;
  }

  #mark(kind: "newline" | "indent" | "dedent" | "end"): void {
    this.#tokens.push({ kind, text: "", line: this.#line });
  }

  #error(message: string): PythonError {
    return new PythonError("SyntaxError", `${message} (line ${this.#line})`);
  }
}
