import { PythonError } from "../python/python-error.ts";
import type { Token } from "./tokens.ts";

/** Reads tokens one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token {
    return this.#tokens[this.#at]!;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== "end") this.#at += 1;
    return token;
  }

  /** Whether the next token is this operator or keyword. */
  sees(...texts: readonly string[]): boolean {
    const { kind, text } = this.next;
    return (kind === "operator" || kind === "name") && texts.includes(text);
  }

  /** Whether the one after the next is this operator or keyword. */
  seesAfter(text: string): boolean {
    const token = this.#tokens[this.#at + 1];
    return token !== undefined && (token.kind === "operator" || token.kind === "name") && token.text === text;
  }

  /** Whether a keyword stands within the brackets that open next, and not within further ones. */
  seesWithin(text: string): boolean {
    let depth = 0;
    for (let at = this.#at; at < this.#tokens.length; at += 1) {
      const token = this.#tokens[at]!;
      if (token.kind === "name" && token.text === text && depth === 1) return true;
      if (token.kind !== "operator") continue;
      if ("([{".includes(token.text)) depth += 1;
      else if (")]}".includes(token.text)) depth -= 1;
      if (depth === 0) return false;
    }
    return false;
  }

  /** Takes the next token if it is this one. */
  skip(text: string): boolean {
    const found = this.sees(text);
    if (found) this.take();
    return found;
  }

  expect(text: string): void {
    if (!this.skip(text)) throw this.error(`expected '${text}'`);
  }

  name(): string {
    const token = this.take();
    if (token.kind !== "name") throw this.error("expected a name");
    return token.text;
  }

  error(message: string): PythonError {
    return new PythonError("SyntaxError", `${message} (line ${this.next.line})`);
  }
}
