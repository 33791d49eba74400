// YAML as the harness reads it: PyYAML's safe loader plus the `!function` tag. The grammar is parsed by the `yaml`
// package; what scalars mean, merge keys and repeated keys follow PyYAML.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
} from "yaml";
import { MusterError } from "../../../base/muster-error.ts";
import { dictGet, dictHas, dictSet } from "../python/equality.ts";
import { str } from "../python/represent.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import { resolvePlainScalar, resolveTaggedScalar } from "./yaml-scalar.ts";

const CORE_TAG = "tag:yaml.org,2002:";
/** Aliases can make a small file huge; no task comes near. */
const MAXIMUM_NODES = 1_000_000;

/** What reading needs besides the text. */
export interface YamlSource {
  /** Named in errors. */
  readonly file: string;
  /** What `!function REFERENCE` stands for. */
  resolveFunction(reference: string): PythonValue;
}

/** Reads one YAML document. Throws MusterError `badData` that names file and line. */
export function readYaml(text: string, source: YamlSource): PythonValue {
  const plain = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  assertReadable(plain, source.file);
  let firstProblem: MusterError | undefined;
  for (let readable = plain; ;) {
    const lines = new LineCounter();
    const document = parseDocument(readable, { ...PARSER_OPTIONS, lineCounter: lines });
    const [error] = document.errors;
    if (error === undefined) return new YamlConstructor(source, readable, lines).construct(document.contents, false);
    firstProblem ??= malformed(source.file, lines.linePos(error.pos[0]).line, spoken(error));
    const indented = indentLine(readable, lines, continuationLine(document.errors, lines));
    if (indented === undefined) throw firstProblem;
    readable = indented;
  }
}

const PARSER_OPTIONS = {
  schema: "failsafe",
  version: "1.1",
  uniqueKeys: false,
  prettyErrors: false,
  // With `silent` a second document would be left out without a word.
  logLevel: "error",
} as const;

/** What libyaml's reader refuses, and what it takes for the end of a line where the parser below does not. */
function assertReadable(text: string, file: string): void {
  const unusual = /[\u0085\u2028\u2029]|[^\t\n -~\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (unusual === null) return;
  const line = text.slice(0, unusual.index).split("\n").length;
  const [character] = unusual;
  const problem = /[\u0085\u2028\u2029]/.test(character)
    ? "it has a raw Unicode line break"
    : `it has the control character U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  throw malformed(file, line, `${problem}; write it as an escape in double quotes`);
}

function spoken({ code, message }: YAMLError): string {
  return code === "MULTIPLE_DOCS" ? "a second document begins here, where one is expected" : message;
}

const DEEP_INDENT = " ".repeat(64);

/** The line on which a text or a bracket goes on that the parser took for ended; NaN where the error is of another kind. */
function continuationLine(errors: readonly YAMLError[], lines: LineCounter): number {
  const { code, message, pos } = errors[0]!;
  const { line } = lines.linePos(pos[0]);
  if (code === "BAD_INDENT" && message.startsWith("Flow ")) return line;
  if (code === "MISSING_CHAR" && /^Missing closing ["']/.test(message)) return line + 1;
  // The line begins with a bracket, which the parser took for the end of something.
  const isQuoted = errors.some((error) => error.message.includes("quote"));
  return isQuoted && /^Unexpected flow-(?:map|seq)-end token/.test(message) ? line : Number.NaN;
}

/**
 * PyYAML lets quoted texts and brackets go on in lines that start further left than they may. Spaces before such a line
 * mean nothing, so they are put there. Undefined where that was done already or there is no such line.
 */
function indentLine(text: string, lines: LineCounter, line: number): string | undefined {
  const start = lines.lineStarts[line - 1];
  if (start === undefined || start >= text.length || text.startsWith(DEEP_INDENT, start)) return undefined;
  if (/^(?:---|\.\.\.)(?=\s|$)/.test(text.slice(start, start + 4))) return undefined;
  return text.slice(0, start) + DEEP_INDENT + text.slice(start);
}

function malformed(file: string, line: number, problem: string): MusterError {
  const plain = problem.replace(/\.$/, "");
  return new MusterError("badData", `${file}:${line} is not valid YAML: ${plain}.`, {
    wayOut: "Correct that line; strings with special characters need quotes.",
  });
}

class YamlConstructor {
  readonly #source: YamlSource;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, PythonValue>();
  /** Mappings in which a key stands twice. */
  readonly #withRepeats = new WeakSet<PythonDict>();
  #nodes = 0;

  constructor(source: YamlSource, text: string, lines: LineCounter) {
    this.#source = source;
    this.#text = text;
    this.#lines = lines;
  }

  /** `inFlow`: within brackets, where PyYAML lets plain texts begin otherwise. */
  construct(node: unknown, inFlow: boolean): PythonValue {
    this.#nodes += 1;
    if (this.#nodes > MAXIMUM_NODES) throw malformed(this.#source.file, 1, "it has more than a million values");
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      const value = this.#anchors.get(node.source);
      if (value === undefined) throw this.#error(node, `no anchor is named ${node.source} before this alias`);
      return value;
    }
    const value = this.#constructNode(node as Node, inFlow);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#name(anchor, value, node);
    return value;
  }

  #name(anchor: string, value: PythonValue, node: unknown): void {
    if (!/^[\w-]+$/.test(anchor)) throw this.#error(node, `an anchor is named ${anchor}, not by letters and digits`);
    if (this.#anchors.has(anchor)) throw this.#error(node, `a second anchor is named ${anchor}`);
    this.#anchors.set(anchor, value);
  }

  #constructNode(node: Node, inFlow: boolean): PythonValue {
    if (isMap(node)) return this.#constructMap(node, node.items, inFlow || node.flow === true);
    if (isSeq(node)) {
      this.#expectTag(node, node.tag, "seq");
      return node.items.map((item) => this.construct(item, inFlow || node.flow === true));
    }
    if (isScalar(node)) return this.#constructScalar(node, inFlow);
    throw this.#error(node, "this construct is unknown");
  }

  #constructMap(node: Node, pairs: readonly Pair[], inFlow: boolean): PythonValue {
    this.#expectTag(node, node.tag, "map");
    const merged = new Map<PythonValue, PythonValue>();
    const disputed = new Set<PythonValue>();
    const own = new Map<PythonValue, PythonValue>();
    let hasRepeats = false;
    for (const { key, value } of pairs) {
      if (isPlain(key, "<<")) {
        for (const source of this.#mergeSources(this.construct(value, inFlow), node)) {
          for (const name of mergeInto(merged, source)) disputed.add(name);
        }
        continue;
      }
      const name = this.#constructKey(key, inFlow);
      if (isList(name) || isDict(name)) throw this.#error(node, "a list or mapping is used as a key");
      hasRepeats ||= dictHas(own, name);
      dictSet(own, name, this.construct(value, inFlow));
    }
    for (const name of disputed) {
      if (dictHas(own, name)) continue;
      throw this.#error(node, `${str(name)} is merged from two mappings, and which counts depends on PyYAML's version`);
    }
    for (const [name, value] of own) {
      hasRepeats ||= dictHas(merged, name);
      dictSet(merged, name, value);
    }
    if (hasRepeats) this.#withRepeats.add(merged);
    return merged;
  }

  #mergeSources(value: PythonValue, node: Node): readonly PythonDict[] {
    return (isList(value) ? value : [value]).map((source) => {
      if (!isDict(source)) throw this.#error(node, "only mappings can be merged with <<");
      if (!this.#withRepeats.has(source)) return source;
      throw this.#error(node, "a merged mapping has a key twice, and which counts depends on PyYAML's version");
    });
  }

  #constructKey(key: unknown, inFlow: boolean): PythonValue {
    if (isPlain(key, "=")) return "=";
    if (inFlow && isScalar(key) && key.type === "PLAIN" && /^:[,[\]{}?]/.test(this.#text.slice(key.range![1]))) {
      throw this.#error(key, "a colon in brackets needs a space after it");
    }
    if (key === null || isPlain(key, "")) throw this.#error(key, "a key is missing before the colon");
    return this.construct(key, inFlow);
  }

  #constructScalar(node: Scalar, inFlow: boolean): PythonValue {
    // The failsafe schema makes every scalar a text; an absent one is null.
    const text = typeof node.value === "string" ? node.value : "";
    this.#checkScalar(node, inFlow);
    const { tag } = node;
    if (tag === "!function") return this.#source.resolveFunction(text);
    if (tag === `${CORE_TAG}str`) return text;
    // PyYAML takes the lone mark for no tag, but then nothing for an empty text.
    if (tag === "!" && text === "") return "";
    const hasTag = tag !== undefined && tag !== "" && tag !== "!";
    if (!hasTag && node.type !== "PLAIN" && node.type !== undefined && node.type !== null) return text;
    const value = hasTag ? resolveTaggedScalar(tag.replace(CORE_TAG, "!!"), text) : resolvePlainScalar(text);
    if (value !== undefined) return value;
    throw this.#error(node, hasTag ? `${text} with the tag ${tag} is not supported` : `${text} needs quotes here`);
  }

  /** Spellings that libyaml refuses. */
  #checkScalar(node: Scalar, inFlow: boolean): void {
    const [start, end] = node.range ?? [0, 0];
    const written = this.#text.slice(start, end);
    if (node.type === "PLAIN" && inFlow && /^[?:]/.test(written)) {
      throw this.#error(node, `a text in brackets that begins with ${written[0]} needs quotes`);
    }
    if (node.type === "QUOTE_DOUBLE" && /(?:^|[^\\])(?:\\\\)*\\u[dD][89a-fA-F]/.test(written)) {
      throw this.#error(node, "an escape stands for half a character; write \\U and eight digits");
    }
    if (node.type === "QUOTE_DOUBLE" && /\\\n[ \t]*\n/.test(written)) {
      throw this.#error(node, "an empty line follows a backslash at the end of a line");
    }
    if (node.type?.startsWith("BLOCK") === true && /^[|>][^\n]*\n(?: *\n)* *\t/.test(written)) {
      throw this.#error(node, "a tab stands where the text is indented");
    }
  }

  #expectTag(node: Node, tag: string | undefined, expected: string): void {
    if (tag !== undefined && tag !== "" && tag !== CORE_TAG + expected) {
      throw this.#error(node, `the tag ${tag} is not supported`);
    }
  }

  #error(node: unknown, problem: string): MusterError {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    return malformed(this.#source.file, this.#lines.linePos(range?.[0] ?? 0).line, problem);
  }
}

/** Adds what is new; returns the keys that have another value already. */
function mergeInto(target: Map<PythonValue, PythonValue>, source: PythonDict): readonly PythonValue[] {
  const disputed: PythonValue[] = [];
  for (const [key, value] of source) {
    const known = dictGet(target, key);
    if (known === undefined) dictSet(target, key, value);
    else if (!Object.is(known, value)) disputed.push(key);
  }
  return disputed;
}

function isPlain(key: unknown, text: string): boolean {
  return isScalar(key) && (key.value ?? "") === text && (key.type === "PLAIN" || text === "") && !isQuoted(key);
}

function isQuoted({ type }: Scalar): boolean {
  return type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE" || type?.startsWith("BLOCK") === true;
}
