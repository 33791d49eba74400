// The grammar of CPython 3.11's `re` for text patterns (`Lib/re/_parser.py`), with the same refusals.
import { unsupported } from "./python-error.ts";
import { RegexSource } from "./regex-source.ts";
import type { RegexFlags, RegexNode, RegexSyntax, SetMember } from "./regex-syntax.ts";

const MAXIMUM_PATTERN_LENGTH = 100_000;
const MAXIMUM_NESTING = 200;
const MAXIMUM_REPEATS = 4294967295;
const FLAG_LETTERS: { readonly [letter: string]: keyof RegexFlags } = {
  i: "ignoreCase",
  m: "multiline",
  s: "dotAll",
  x: "verbose",
  a: "ascii",
};
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/v;

/** Parses a Python pattern. Throws `RegexError` where Python does and `Unsupported` for what has no exact translation. */
export function parseRegex(pattern: string, flags: RegexFlags): RegexSyntax {
  if (pattern.length > MAXIMUM_PATTERN_LENGTH)
    throw unsupported("a regular expression of more than 100,000 characters");
  return new RegexParser(pattern, flags).parse();
}

class RegexParser {
  readonly #source: RegexSource;
  readonly #groupNames = new Map<string, number>();
  readonly #closedGroups = new Set<number>();
  #globalFlags: RegexFlags;
  #groupCount = 0;
  /** The first group number that a lookbehind may not refer to, while one is open. */
  #lookbehindGroups: number | undefined;

  constructor(pattern: string, flags: RegexFlags) {
    this.#source = new RegexSource(pattern);
    this.#globalFlags = flags;
  }

  parse(): RegexSyntax {
    this.#readGlobalFlags();
    const root = this.#parseBranches(this.#globalFlags, 0);
    if (this.#source.peek() !== undefined) throw this.#source.error("unbalanced parenthesis");
    const { ignoreCase, ascii } = this.#globalFlags;
    const flags = { ...(ignoreCase && { ignoreCase }), ...(ascii && { ascii }) };
    return { root, groupCount: this.#groupCount, groupNames: this.#groupNames, flags };
  }

  // Global flags may stand only at the start; reading them first saves CPython's second pass for the verbose flag.
  #readGlobalFlags(): void {
    for (;;) {
      const start = this.#source.position;
      if (this.#globalFlags.verbose === true) this.#skipVerbose();
      if (!this.#source.take("(?")) break;
      const letters = this.#source.takeWhile(/[imsxau]/);
      if (letters === "" || !this.#source.take(")")) {
        this.#source.position = start;
        break;
      }
      this.#globalFlags = this.#withFlags(this.#globalFlags, letters);
    }
  }

  #skipVerbose(): void {
    while (this.#skipVerboseCharacter());
  }

  #skipVerboseCharacter(): boolean {
    if (this.#source.takeWhile(/[ \t\n\r\v\f]/) !== "") return true;
    if (!this.#source.take("#")) return false;
    this.#source.takeWhile(/[^\n]/);
    return true;
  }

  #parseBranches(flags: RegexFlags, depth: number): RegexNode {
    if (depth > MAXIMUM_NESTING) throw unsupported(`a regular expression nested deeper than ${MAXIMUM_NESTING} groups`);
    const nodes = [this.#parseSequence(flags, depth)];
    while (this.#source.take("|")) nodes.push(this.#parseSequence(flags, depth));
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { kind: "branch", nodes };
  }

  #parseSequence(flags: RegexFlags, depth: number): RegexNode {
    const nodes: RegexNode[] = [];
    for (;;) {
      if (flags.verbose === true) this.#skipVerbose();
      const character = this.#source.peek();
      if (character === undefined || character === "|" || character === ")") break;
      this.#source.next();
      const repeat = "*+?{".includes(character) ? this.#readRepeat(character) : undefined;
      if (repeat === undefined) {
        const node = this.#parseAtom(character, flags, depth);
        if (node !== undefined) nodes.push(node);
      } else {
        nodes.push(this.#repeat(nodes.pop(), repeat));
      }
    }
    return { kind: "sequence", nodes };
  }

  #parseAtom(character: string, flags: RegexFlags, depth: number): RegexNode | undefined {
    switch (character) {
      case "\\":
        return this.#parseEscape(flags);
      case "[":
        return this.#parseSet(flags);
      case "(":
        return this.#parseGroup(flags, depth);
      case ".":
        return { kind: "any", flags };
      case "^":
      case "$":
        return { kind: "at", place: character, flags };
      default:
        return literal(character.codePointAt(0) ?? 0, flags);
    }
  }

  #readRepeat(character: string): { minimum: number; maximum: number } | undefined {
    if (character === "?") return { minimum: 0, maximum: 1 };
    if (character !== "{") return { minimum: character === "+" ? 1 : 0, maximum: Number.POSITIVE_INFINITY };
    const start = this.#source.position;
    if (this.#source.peek() === "}") return undefined;
    const low = this.#source.takeWhile(/[0-9]/);
    const high = this.#source.take(",") ? this.#source.takeWhile(/[0-9]/) : low;
    if (!this.#source.take("}")) {
      this.#source.position = start;
      return undefined;
    }
    const minimum = Number(low);
    const maximum = high === "" ? Number.POSITIVE_INFINITY : Number(high);
    if (minimum >= MAXIMUM_REPEATS || (high !== "" && maximum >= MAXIMUM_REPEATS)) {
      throw this.#source.error("the repetition number is too large");
    }
    if (maximum < minimum) throw this.#source.error("min repeat greater than max repeat");
    return { minimum, maximum };
  }

  #repeat(body: RegexNode | undefined, bounds: { minimum: number; maximum: number }): RegexNode {
    if (body === undefined || body.kind === "at") throw this.#source.error("nothing to repeat");
    if (body.kind === "repeat") throw this.#source.error("multiple repeat");
    const mode = this.#source.take("?") ? "lazy" : this.#source.take("+") ? "possessive" : "greedy";
    return { kind: "repeat", ...bounds, mode, body };
  }

  #parseEscape(flags: RegexFlags): RegexNode {
    const letter = this.#source.next();
    if (letter === undefined) throw this.#source.error("bad escape (end of pattern)");
    if (letter === "A" || letter === "Z" || letter === "b" || letter === "B")
      return { kind: "at", place: letter, flags };
    if (isCategory(letter)) {
      return { kind: "set", negated: false, members: [{ kind: "category", letter }], flags };
    }
    if (letter === "0") return literal(this.#source.octal(letter + this.#source.takeWhile(/[0-7]/, 2)), flags);
    if (letter >= "1" && letter <= "9") return this.#parseNumberEscape(letter, flags);
    return literal(this.#source.readEscapedCharacter(letter, false), flags);
  }

  #parseNumberEscape(first: string, flags: RegexFlags): RegexNode {
    const digits = first + this.#source.takeWhile(/[0-9]/, 1);
    if (/^[0-7]{2}$/.test(digits) && /[0-7]/.test(this.#source.peek() ?? "")) {
      return literal(this.#source.octal(digits + (this.#source.next() ?? "")), flags);
    }
    return this.#reference(Number(digits), flags);
  }

  #reference(group: number, flags: RegexFlags): RegexNode {
    if (group > this.#groupCount) throw this.#source.error(`invalid group reference ${group}`);
    if (!this.#closedGroups.has(group)) throw this.#source.error("cannot refer to an open group");
    if (this.#lookbehindGroups !== undefined && group > this.#lookbehindGroups) {
      throw this.#source.error("cannot refer to group defined in the same lookbehind subpattern");
    }
    return { kind: "reference", group, flags };
  }

  #parseSet(flags: RegexFlags): RegexNode {
    const negated = this.#source.take("^");
    const members: SetMember[] = [];
    for (;;) {
      if (members.length > 0 && this.#source.take("]")) break;
      const low = this.#parseSetMember();
      if (this.#source.peek() !== "-") {
        members.push(low);
        continue;
      }
      this.#source.next();
      if (this.#source.take("]")) {
        members.push(low, { kind: "range", low: 45, high: 45 });
        break;
      }
      members.push(this.#range(low, this.#parseSetMember()));
    }
    return { kind: "set", negated, members, flags };
  }

  #range(low: SetMember, high: SetMember): SetMember {
    if (low.kind !== "range" || high.kind !== "range" || high.low < low.low) {
      throw this.#source.error("bad character range");
    }
    return { kind: "range", low: low.low, high: high.low };
  }

  #parseSetMember(): SetMember {
    const character = this.#source.next();
    if (character === undefined) throw this.#source.error("unterminated character set");
    const code = character === "\\" ? this.#parseSetEscape() : (character.codePointAt(0) ?? 0);
    return typeof code === "number" ? { kind: "range", low: code, high: code } : code;
  }

  #parseSetEscape(): SetMember | number {
    const letter = this.#source.next();
    if (letter === undefined) throw this.#source.error("bad escape (end of pattern)");
    if (isCategory(letter)) return { kind: "category", letter };
    if (/[0-7]/.test(letter)) return this.#source.octal(letter + this.#source.takeWhile(/[0-7]/, 2));
    return this.#source.readEscapedCharacter(letter, true);
  }

  #parseGroup(flags: RegexFlags, depth: number): RegexNode | undefined {
    if (!this.#source.take("?")) return this.#parseCapture(undefined, flags, depth);
    const kind = this.#source.next();
    switch (kind) {
      case undefined:
        throw this.#source.error("unexpected end of pattern");
      case "P":
        return this.#parseNamed(flags, depth);
      case ":":
        return this.#parseBody(flags, depth);
      case "#":
        this.#source.takeWhile(/[^)]/);
        if (!this.#source.take(")")) throw this.#source.error("missing ), unterminated comment");
        return undefined;
      case "=":
      case "!":
        return { kind: "look", behind: false, negated: kind === "!", body: this.#parseBody(flags, depth) };
      case "<":
        return this.#parseLookbehind(flags, depth);
      case "(":
        throw unsupported("regular expression conditional group (?(...)...)");
      case ">":
        return { kind: "atomic", body: this.#parseBody(flags, depth) };
      default:
        return this.#parseFlagGroup(kind, flags, depth);
    }
  }

  #parseBody(flags: RegexFlags, depth: number): RegexNode {
    const body = this.#parseBranches(flags, depth + 1);
    if (!this.#source.take(")")) throw this.#source.error("missing ), unterminated subpattern");
    // Always a node of its own: `(?:^)*` and `(?:a*)*` can be repeated where `^*` and `a**` cannot.
    return body.kind === "sequence" ? body : { kind: "sequence", nodes: [body] };
  }

  #parseCapture(name: string | undefined, flags: RegexFlags, depth: number): RegexNode {
    this.#groupCount += 1;
    const index = this.#groupCount;
    if (name !== undefined) {
      if (this.#groupNames.has(name)) throw this.#source.error(`redefinition of group name '${name}'`);
      this.#groupNames.set(name, index);
    }
    const body = this.#parseBody(flags, depth);
    this.#closedGroups.add(index);
    return { kind: "group", index, body };
  }

  #parseNamed(flags: RegexFlags, depth: number): RegexNode {
    if (this.#source.take("<")) return this.#parseCapture(this.#groupName(">"), flags, depth);
    if (!this.#source.take("=")) throw this.#source.error("unknown extension ?P");
    const name = this.#groupName(")");
    const group = this.#groupNames.get(name);
    if (group === undefined) throw this.#source.error(`unknown group name '${name}'`);
    return this.#reference(group, flags);
  }

  #groupName(terminator: string): string {
    const name = this.#source.takeUntil(terminator, "group name");
    if (!IDENTIFIER.test(name)) throw this.#source.error(`bad character in group name '${name}'`);
    return name;
  }

  #parseLookbehind(flags: RegexFlags, depth: number): RegexNode {
    const sign = this.#source.next();
    if (sign !== "=" && sign !== "!") throw this.#source.error(`unknown extension ?<${sign ?? ""}`);
    const outer = this.#lookbehindGroups;
    this.#lookbehindGroups ??= this.#groupCount;
    const body = this.#parseBody(flags, depth);
    this.#lookbehindGroups = outer;
    return { kind: "look", behind: true, negated: sign === "!", body };
  }

  #parseFlagGroup(first: string, flags: RegexFlags, depth: number): RegexNode {
    const added = (first === "-" ? "" : first) + (first === "-" ? "" : this.#source.takeWhile(/[A-Za-z]/));
    const hasRemoved = first === "-" || this.#source.take("-");
    const removed = hasRemoved ? this.#source.takeWhile(/[A-Za-z]/) : "";
    if (!/^[imsxauL]*$/.test(added + removed) || (hasRemoved && removed === "")) {
      throw this.#source.error(`unknown extension ?${first}`);
    }
    if (!this.#source.take(":")) {
      const isLate = !hasRemoved && this.#source.peek() === ")";
      throw this.#source.error(isLate ? "global flags not at the start of the expression" : "missing :");
    }
    if (/[auL]/.test(removed)) throw this.#source.error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
    if ([...added].some((letter) => removed.includes(letter))) {
      throw this.#source.error("bad inline flags: flag turned on and off");
    }
    return this.#parseBody(this.#withoutFlags(this.#withFlags(flags, added), removed), depth);
  }

  #withFlags(flags: RegexFlags, letters: string): RegexFlags {
    const isUnicode = letters.includes("u");
    if (letters.includes("L")) throw this.#source.error("bad inline flags: cannot use 'L' flag with a str pattern");
    if (isUnicode && letters.includes("a")) {
      throw this.#source.error("bad inline flags: flags 'a', 'u' and 'L' are incompatible");
    }
    const added = Object.fromEntries([...letters].flatMap((letter) => flagEntry(letter, true)));
    return { ...flags, ...added, ...(isUnicode && { ascii: false }) };
  }

  #withoutFlags(flags: RegexFlags, letters: string): RegexFlags {
    return { ...flags, ...Object.fromEntries([...letters].flatMap((letter) => flagEntry(letter, false))) };
  }
}

function flagEntry(letter: string, value: boolean): [string, boolean][] {
  const name = FLAG_LETTERS[letter];
  return name === undefined ? [] : [[name, value]];
}

function isCategory(letter: string): letter is "d" | "D" | "s" | "S" | "w" | "W" {
  return letter.length === 1 && "dDsSwW".includes(letter);
}

function literal(code: number, flags: RegexFlags): RegexNode {
  return { kind: "set", negated: false, members: [{ kind: "range", low: code, high: code }], flags };
}
