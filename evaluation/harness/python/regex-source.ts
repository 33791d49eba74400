import { PythonError, unsupported } from "./python-error.ts";

const ESCAPED_CHARACTERS: { readonly [letter: string]: number } = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
};

/** Reads a pattern code point by code point; an escape is one step, as in CPython's tokenizer. */
export class RegexSource {
  readonly #characters: readonly string[];
  position = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  /** The character ahead, or undefined at the end. */
  peek(offset = 0): string | undefined {
    return this.#characters[this.position + offset];
  }

  /** Takes the character ahead. */
  next(): string | undefined {
    const character = this.#characters[this.position];
    if (character !== undefined) this.position += 1;
    return character;
  }

  /** Takes `text` if it is ahead. */
  take(text: string): boolean {
    for (let offset = 0; offset < text.length; offset += 1) if (this.peek(offset) !== text[offset]) return false;
    this.position += text.length;
    return true;
  }

  /** Takes up to `limit` characters that match. */
  takeWhile(pattern: RegExp, limit = Number.POSITIVE_INFINITY): string {
    let text = "";
    for (let next = this.peek(); next !== undefined && text.length < limit && pattern.test(next); next = this.peek()) {
      text += next;
      this.position += 1;
    }
    return text;
  }

  /** Takes the text before `terminator`, and the terminator. */
  takeUntil(terminator: string, name: string): string {
    let text = "";
    for (;;) {
      const character = this.next();
      if (character === undefined)
        throw this.error(`missing ${text === "" ? name : `${terminator}, unterminated name`}`);
      if (character === terminator) break;
      text += character;
    }
    if (text === "") throw this.error(`missing ${name}`);
    return text;
  }

  /** An error as Python's `re.error` words it. */
  error(message: string): PythonError {
    return new PythonError("RegexError", `${message} at position ${this.position}`);
  }

  /** Reads the rest of an escape that stands for one character, after the backslash and its `letter`. */
  readEscapedCharacter(letter: string, isInSet: boolean): number {
    const simple = ESCAPED_CHARACTERS[letter];
    if (simple !== undefined && (letter !== "b" || isInSet)) return simple;
    if (letter === "x") return this.#readHex(letter, 2);
    if (letter === "u") return this.#readHex(letter, 4);
    if (letter === "U") return this.#readHex(letter, 8);
    if (letter === "N") throw unsupported("regular expression escape \\N{name}");
    if (/[A-Za-z0-9]/.test(letter)) throw this.error(`bad escape \\${letter}`);
    return letter.codePointAt(0) ?? 0;
  }

  /** The code of up to three octal digits. */
  octal(digits: string): number {
    const code = Number.parseInt(digits, 8);
    if (code > 0o377) throw this.error(`octal escape value \\${digits} outside of range 0-0o377`);
    return code;
  }

  #readHex(letter: string, length: number): number {
    const digits = this.takeWhile(/[0-9a-fA-F]/, length);
    if (digits.length !== length) throw this.error(`incomplete escape \\${letter}${digits}`);
    const code = Number.parseInt(digits, 16);
    if (code > 0x10ffff) throw this.error(`bad escape \\${letter}${digits}`);
    if (code >= 0xd800 && code <= 0xdfff)
      throw unsupported(`regular expression escape \\${letter}${digits} (a surrogate)`);
    return code;
  }
}
