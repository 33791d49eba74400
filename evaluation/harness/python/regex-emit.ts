// Turns a parsed Python pattern into the source of a JavaScript `v`-flag expression that matches the same. Every flag
// is written out (sets for case, `[^\n]` for the dot, lookarounds for anchors), and what JavaScript's matcher would do
// differently is refused by name.
import { PythonError, unsupported } from "./python-error.ts";
import { expandCase } from "./regex-case.ts";
import { captureGroups, measureWidth, prefersText, type Width } from "./regex-shape.ts";
import type { RegexNode, RegexSyntax, SetMember } from "./regex-syntax.ts";
import { DIGIT_CLASS, SPACE_CLASS, WORD_CLASS } from "./unicode.ts";

/** JavaScript source and where its groups are. */
export interface EmittedRegex {
  readonly source: string;
  /** The source without the leading empty group that `emptyMatchIsLast: false` brings. */
  readonly body: string;
  /** The JavaScript group of each Python group; entry 0 is 0. */
  readonly groupIndices: readonly number[];
  /** Whether an empty match proves that no longer match starts at the same place. */
  readonly emptyMatchIsLast: boolean;
}

/** Emits the expression. Throws `Unsupported`, naming the construct, where the two languages would differ. */
export function emitRegex(syntax: RegexSyntax): EmittedRegex {
  const emptyMatchIsLast = prefersText(syntax.root, new Map());
  const emitter = new RegexEmitter(emptyMatchIsLast ? 0 : 1);
  const body = `(?:${emitter.emit(syntax.root, { isBehind: false, set: new Set() })})`;
  return { source: emptyMatchIsLast ? body : `()${body}`, body, groupIndices: emitter.groupIndices, emptyMatchIsLast };
}

interface Surroundings {
  readonly isBehind: boolean;
  /** Groups that are certainly set when the match comes here. */
  readonly set: ReadonlySet<number>;
}

class RegexEmitter {
  readonly groupIndices: number[] = [0];
  readonly widths = new Map<number, Width>();
  groupCount: number;

  constructor(reservedGroups: number) {
    this.groupCount = reservedGroups;
  }

  emit(node: RegexNode, around: Surroundings): string {
    switch (node.kind) {
      case "set":
        return emitSet(node);
      case "any":
        return node.flags.dotAll === true ? "[^]" : "[^\\n]";
      case "at":
        return emitPlace(node);
      case "sequence":
        return this.#emitSequence(node.nodes, around);
      case "branch":
        return `(?:${node.nodes.map((inner) => this.emit(inner, around)).join("|")})`;
      case "group":
        return this.#emitGroup(node, around);
      case "atomic":
        return this.#emitAtomic(() => this.emit(node.body, around), around);
      case "reference":
        return this.#emitReference(node, around);
      case "look":
        return this.#emitLook(node, around);
      case "repeat":
        return this.#emitRepeat(node, around);
    }
  }

  #emitSequence(nodes: readonly RegexNode[], around: Surroundings): string {
    const set = new Set(around.set);
    let source = "";
    for (const node of nodes) {
      source += this.emit(node, { ...around, set });
      for (const group of captureGroups(node).always) set.add(group);
    }
    return source;
  }

  #emitGroup(node: RegexNode & { kind: "group" }, around: Surroundings): string {
    this.groupCount += 1;
    this.groupIndices[node.index] = this.groupCount;
    const source = `(${this.emit(node.body, around)})`;
    this.widths.set(node.index, measureWidth(node.body, this.widths));
    return source;
  }

  // A lookahead is never re-entered, so capturing in one and then consuming the capture is an atomic group.
  #emitAtomic(emitBody: () => string, around: Surroundings): string {
    if (around.isBehind) throw unsupported("regular expression atomic group within a lookbehind");
    this.groupCount += 1;
    const index = this.groupCount;
    return `(?=(${emitBody()}))(?:\\${index})`;
  }

  #emitReference(node: RegexNode & { kind: "reference" }, around: Surroundings): string {
    if (node.flags.ignoreCase === true) {
      throw unsupported(`regular expression back reference \\${node.group} with the ignore-case flag`);
    }
    if (!around.set.has(node.group)) {
      throw unsupported(`regular expression back reference \\${node.group} to a group that may not have matched`);
    }
    return `(?:\\${this.groupIndices[node.group]})`;
  }

  #emitLook(node: RegexNode & { kind: "look" }, around: Surroundings): string {
    if (node.behind) {
      const { minimum, maximum } = measureWidth(node.body, this.widths);
      if (minimum !== maximum) throw new PythonError("RegexError", "look-behind requires fixed-width pattern");
    }
    const body = this.emit(node.body, { ...around, isBehind: node.behind });
    return `(?${node.behind ? "<" : ""}${node.negated ? "!" : "="}${body})`;
  }

  #emitRepeat(node: RegexNode & { kind: "repeat" }, around: Surroundings): string {
    this.#assertSameIterations(node, around);
    const { minimum, maximum, mode } = node;
    const emitBody = () => {
      const upper = maximum === minimum ? "" : `,${Number.isFinite(maximum) ? maximum : ""}`;
      return `(?:${this.emit(node.body, around)})${quantifier(minimum, maximum) ?? `{${minimum}${upper}}`}`;
    };
    if (mode === "possessive") return this.#emitAtomic(emitBody, around);
    return emitBody() + (mode === "lazy" ? "?" : "");
  }

  // JavaScript forgets captures when an iteration starts and rejects iterations that match nothing; CPython does not.
  #assertSameIterations(node: RegexNode & { kind: "repeat" }, around: Surroundings): void {
    const groups = captureGroups(node.body);
    if (groups.all.size > 0 && around.isBehind) {
      throw unsupported("regular expression group within a repeat within a lookbehind");
    }
    const isNullable = measureWidth(node.body, this.widths).minimum === 0;
    if (node.maximum === 1) {
      // `(a*)?` is the one repeat of a single round: an empty round sets the group in Python only.
      if (isNullable && groups.all.size > 0)
        throw unsupported("regular expression optional group that can match nothing");
      if (isNullable && !prefersText(node.body, this.widths)) throw emptyRepeat();
      return;
    }
    if ([...groups.all].some((group) => !groups.always.has(group))) {
      throw unsupported("regular expression group that a round of a repeat may skip");
    }
    if (!isNullable) return;
    if (groups.all.size > 0) throw unsupported("regular expression group in a repeat that can match nothing");
    if (node.mode !== "greedy" || !prefersText(node.body, this.widths)) throw emptyRepeat();
  }
}

function emptyRepeat(): PythonError {
  return unsupported("regular expression repeat of a part that may prefer to match nothing");
}

function quantifier(minimum: number, maximum: number): string | undefined {
  if (maximum === 1) return minimum === 0 ? "?" : "{1}";
  if (Number.isFinite(maximum)) return undefined;
  return minimum === 0 ? "*" : minimum === 1 ? "+" : undefined;
}

function emitSet(node: RegexNode & { kind: "set" }): string {
  const { negated, flags } = node;
  const isAscii = flags.ascii === true;
  const members = flags.ignoreCase === true ? foldedMembers(node.members, isAscii) : node.members;
  const [only] = members;
  if (members.length === 1 && only !== undefined && !negated) {
    if (only.kind === "category") return categoryClass(only.letter, isAscii);
    if (only.low === only.high) return escapeCode(only.low);
  }
  return `[${negated ? "^" : ""}${members.map((member) => emitMember(member, isAscii)).join("")}]`;
}

function foldedMembers(members: readonly SetMember[], isAscii: boolean): readonly SetMember[] {
  if (!isAscii) return expandCase(members);
  // With the ASCII flag only the 26 letters have a case.
  const folded: SetMember[] = [...members];
  for (const member of members) {
    if (member.kind !== "range") continue;
    for (let code = Math.max(member.low, 65); code <= Math.min(member.high, 122); code += 1) {
      if (/[A-Za-z]/.test(String.fromCharCode(code))) folded.push({ kind: "range", low: code ^ 32, high: code ^ 32 });
    }
  }
  return folded;
}

function emitMember(member: SetMember, isAscii: boolean): string {
  if (member.kind === "category") return categoryClass(member.letter, isAscii);
  return member.low === member.high ? escapeCode(member.low) : `${escapeCode(member.low)}-${escapeCode(member.high)}`;
}

function categoryClass(letter: "d" | "D" | "s" | "S" | "w" | "W", isAscii: boolean): string {
  const name = letter.toLowerCase();
  const positive = isAscii
    ? { d: "[0-9]", s: "[ \\t-\\r]", w: "[A-Za-z0-9_]" }[name]
    : { d: DIGIT_CLASS, s: SPACE_CLASS, w: WORD_CLASS }[name];
  return letter === name ? (positive ?? "") : `[^${positive}]`;
}

function emitPlace(node: RegexNode & { kind: "at" }): string {
  const isMultiline = node.flags.multiline === true;
  const word = categoryClass("w", node.flags.ascii === true);
  switch (node.place) {
    case "A":
      return "^";
    case "^":
      return isMultiline ? "(?:^|(?<=\\n))" : "^";
    case "Z":
      return "$";
    case "$":
      return isMultiline ? "(?=\\n|$)" : "(?=\\n?$)";
    case "b":
      return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
    case "B":
      // CPython 3.11 finds no \B in an empty text.
      return `(?:(?!^$)(?:(?<=${word})(?=${word})|(?<!${word})(?!${word})))`;
  }
}

function escapeCode(code: number): string {
  const character = String.fromCodePoint(code);
  return /^[A-Za-z0-9_]$/.test(character) ? character : `\\u{${code.toString(16)}}`;
}
