// Python's `re` for text patterns, run by JavaScript's matcher on a translated expression.
import { codePointPosition } from "./code-points.ts";
import { emitRegex, type EmittedRegex } from "./regex-emit.ts";
import { parseRegex } from "./regex-parse.ts";
import type { RegexFlags, RegexSyntax } from "./regex-syntax.ts";
import { parseReplacement } from "./regex-template.ts";

export type { RegexFlags } from "./regex-syntax.ts";

/** One match; texts and positions as Python gives them (code points). */
export interface PythonMatch {
  /** The whole match, `match.group(0)`. */
  readonly text: string;
  /** `match.groups()`: null for groups that took no part. */
  readonly groups: readonly (string | null)[];
  /** `match.group(name)`, or by number. Throws RangeError-like `undefined` for unknown ones. */
  group(name: string | number): string | null | undefined;
  /** `match.start()` in code points. */
  start(): number;
  /** `match.end()` in code points. */
  end(): number;
}

/**
 * Compiles a Python pattern once. Throws `PythonError`: `RegexError` where Python's `re` does, `Unsupported` (naming the
 * construct) where no exact translation exists.
 */
export function compilePythonRegex(pattern: string, flags: RegexFlags = {}): PythonRegex {
  const syntax = parseRegex(pattern, flags);
  return new PythonRegex(syntax, emitRegex(syntax));
}

/** A compiled Python pattern. */
export class PythonRegex {
  readonly #syntax: RegexSyntax;
  readonly #emitted: EmittedRegex;
  readonly #search: RegExp;
  #start: RegExp | undefined;
  #full: RegExp | undefined;
  #advance: RegExp | undefined;

  constructor(syntax: RegexSyntax, emitted: EmittedRegex) {
    this.#syntax = syntax;
    this.#emitted = emitted;
    this.#search = new RegExp(emitted.source, "gv");
  }

  /** `pattern.findall(text)`: texts without groups or with one; with more, an array (Python's tuple) each. */
  findall(text: string): (string | readonly string[])[] {
    const { groupIndices } = this.#emitted;
    const [, first, second] = groupIndices;
    return Array.from(this.#matches(text), (match) => {
      if (first === undefined) return match[0];
      if (second === undefined) return match[first] ?? "";
      return groupIndices.slice(1).map((index) => match[index] ?? "");
    });
  }

  /** `pattern.finditer(text)`, as a list. */
  findMatches(text: string): PythonMatch[] {
    return Array.from(this.#matches(text), (match) => this.#describe(match));
  }

  /** `pattern.search(text)`. */
  search(text: string): PythonMatch | null {
    return this.#describeIfAny(this.#searchFrom(text, 0));
  }

  /** `pattern.match(text)`: at the start. */
  match(text: string): PythonMatch | null {
    this.#start ??= new RegExp(this.#emitted.source, "vy");
    this.#start.lastIndex = 0;
    return this.#describeIfAny(this.#start.exec(text));
  }

  /** `pattern.fullmatch(text)`. */
  fullmatch(text: string): PythonMatch | null {
    this.#full ??= new RegExp(`^(?:${this.#emitted.source})$`, "v");
    return this.#describeIfAny(this.#full.exec(text));
  }

  /** `pattern.sub(replacement, text, count)`; a template or a function; count 0 replaces all. */
  sub(replacement: string | ((match: PythonMatch) => string), text: string, count = 0): string {
    const replace = typeof replacement === "string" ? this.#template(replacement) : this.#caller(replacement);
    let result = "";
    let position = 0;
    let done = 0;
    for (const match of this.#matches(text)) {
      result += text.slice(position, match.index) + replace(match);
      position = match.index + match[0].length;
      done += 1;
      if (done === count) break;
    }
    return result + text.slice(position);
  }

  /** `pattern.split(text, maximumSplits)`; 0 splits everywhere; groups stand between, null if they took no part. */
  split(text: string, maximumSplits = 0): (string | null)[] {
    const parts: (string | null)[] = [];
    let position = 0;
    let done = 0;
    for (const match of this.#matches(text)) {
      parts.push(text.slice(position, match.index), ...this.#groups(match));
      position = match.index + match[0].length;
      done += 1;
      if (done === maximumSplits) break;
    }
    parts.push(text.slice(position));
    return parts;
  }

  // CPython looks on from the end of each match; after an empty one it first wants a longer match at the same place.
  *#matches(text: string): Generator<RegExpExecArray> {
    let position = 0;
    let mustAdvance = false;
    while (position <= text.length) {
      let match: RegExpExecArray | null =
        mustAdvance && !this.#emitted.emptyMatchIsLast ? this.#longerMatchAt(text, position) : null;
      if (match === null) {
        if (mustAdvance) position += (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
        if (position > text.length) return;
        match = this.#searchFrom(text, position);
      }
      if (match === null) return;
      position = match.index + match[0].length;
      mustAdvance = match[0] === "";
      yield match;
    }
  }

  #searchFrom(text: string, position: number): RegExpExecArray | null {
    this.#search.lastIndex = position;
    let match = this.#search.exec(text);
    // V8 finds an empty match of some lookbehinds between the two units of one code point, where none can be.
    while (match !== null && match.index > 0 && (text.codePointAt(match.index - 1) ?? 0) > 0xffff) {
      this.#search.lastIndex = match.index + 1;
      match = this.#search.exec(text);
    }
    return match;
  }

  #longerMatchAt(text: string, position: number): RegExpExecArray | null {
    // Group 1 is kept free for this: the text ahead before the match must not still be the text ahead after it.
    this.#advance ??= new RegExp(`(?=([^]*))${this.#emitted.body}(?!\\1$)`, "vy");
    this.#advance.lastIndex = position;
    return this.#advance.exec(text);
  }

  #template(template: string): (match: RegExpExecArray) => string {
    const parts = parseReplacement(template, this.#syntax.groupCount, this.#syntax.groupNames);
    const [only] = parts;
    if (parts.length === 0) return () => "";
    if (parts.length === 1 && typeof only === "string") return () => only;
    const indices = parts.map((part) => (typeof part === "number" ? (this.#emitted.groupIndices[part] ?? 0) : part));
    return (match) => indices.map((part) => (typeof part === "string" ? part : (match[part] ?? ""))).join("");
  }

  #caller(replace: (match: PythonMatch) => string): (match: RegExpExecArray) => string {
    return (match) => replace(this.#describe(match));
  }

  #groups(match: RegExpExecArray): (string | null)[] {
    return this.#emitted.groupIndices.slice(1).map((index) => match[index] ?? null);
  }

  #describeIfAny(match: RegExpExecArray | null): PythonMatch | null {
    return match === null ? null : this.#describe(match);
  }

  #describe(match: RegExpExecArray): PythonMatch {
    const groups = this.#groups(match);
    const names = this.#syntax.groupNames;
    const end = match.index + match[0].length;
    return {
      text: match[0],
      groups,
      group: (name) => {
        const index = typeof name === "number" ? name : names.get(name);
        return index === 0 ? match[0] : index === undefined ? undefined : groups[index - 1];
      },
      start: () => codePointPosition(match.input, match.index),
      end: () => codePointPosition(match.input, end),
    };
  }
}
