import { PythonError, unsupported } from "../python/python-error.ts";
import type { Token } from "./lexer.ts";

const MAXIMUM_NESTING = 200;

/** Walks over a template's tokens and counts the nesting of expressions and blocks. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The token ahead. */
  get current(): Token {
    return this.peek(0);
  }

  /** The token `offset` places ahead; past the end, the end token. */
  peek(offset: number): Token {
    const token = this.#tokens[Math.min(this.#position + offset, this.#tokens.length - 1)];
    if (token === undefined) throw new PythonError("TemplateSyntaxError", "an empty list of tokens");
    return token;
  }

  /** Takes the token ahead. */
  next(): Token {
    const token = this.current;
    this.#position += 1;
    return token;
  }

  /** Whether this operator is ahead. */
  isOperator(text: string, offset = 0): boolean {
    const token = this.peek(offset);
    return token.kind === "operator" && token.text === text;
  }

  /** Whether this word is ahead. */
  isWord(text: string, offset = 0): boolean {
    const token = this.peek(offset);
    return token.kind === "name" && token.text === text;
  }

  /** Takes the operator if it is ahead. */
  takeOperator(text: string): boolean {
    const isAhead = this.isOperator(text);
    if (isAhead) this.next();
    return isAhead;
  }

  /** Takes the word if it is ahead. */
  takeWord(text: string): boolean {
    const isAhead = this.isWord(text);
    if (isAhead) this.next();
    return isAhead;
  }

  /** Takes the operator or fails. */
  expectOperator(text: string): void {
    if (!this.takeOperator(text)) throw this.error(`expected '${text}', got '${this.current.text}'`);
  }

  /** Takes a token of the kind or fails. */
  expect(kind: Token["kind"]): Token {
    if (this.current.kind !== kind) throw this.error(`expected ${kind}, got '${this.current.text}'`);
    return this.next();
  }

  /** Runs a part of the parser one level deeper. */
  nested<Result>(parse: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > MAXIMUM_NESTING) throw this.unsupported(`nesting deeper than ${MAXIMUM_NESTING} levels`);
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  /** A syntax error at the token ahead. */
  error(problem: string): PythonError {
    return new PythonError("TemplateSyntaxError", `line ${this.current.line}: ${problem}`);
  }

  /** The refusal of a construct at the token ahead. */
  unsupported(construct: string): PythonError {
    return unsupported(`template line ${this.current.line}: ${construct}`);
  }
}
