// YAML as the harness reads it: PyYAML's safe loader plus the `!function` tag. The grammar is parsed by the `yaml`
// package; what scalars mean, merge keys and repeated keys follow PyYAML.
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { MusterError } from "../../../base/muster-error.ts";
import { dictSet } from "../python/equality.ts";
import { isDict, isList, type PythonValue } from "../python/value.ts";
import { resolvePlainScalar } from "./yaml-scalar.ts";

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
  const unusualBreak = /[\u0085\u2028\u2029]/.exec(text);
  if (unusualBreak !== null) {
    const line = text.slice(0, unusualBreak.index).split("\n").length;
    throw malformed(source.file, line, "it has a raw Unicode line break; write it as an escape in double quotes");
  }
  return read(text, source, undefined);
}

function read(text: string, source: YamlSource, firstProblem: MusterError | undefined): PythonValue {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: "failsafe",
    version: "1.1",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error === undefined) return new YamlConstructor(source, lines).construct(document.contents);
  const { line } = lines.linePos(error.pos[0]);
  const problem = firstProblem ?? malformed(source.file, line, error.message);
  const isQuoted = document.errors.some(({ message }) => /quote/.test(message));
  const indented = isQuoted ? indentLine(text, lines, line + linesToContinuation(error)) : undefined;
  if (indented === undefined) throw problem;
  return read(indented, source, problem);
}

const DEEP_INDENT = " ".repeat(64);

/** How far below the error the text goes on that began before it; NaN where the error is of another kind. */
function linesToContinuation({ code, message }: { readonly code: string; readonly message: string }): number {
  if (code === "MISSING_CHAR" && /^Missing closing ["']/.test(message)) return 1;
  // The line begins with a bracket, which the parser took for the end of something.
  return /^Unexpected flow-(?:map|seq)-end token/.test(message) ? 0 : Number.NaN;
}

/**
 * PyYAML lets a quoted text go on in lines that start further left than it may. Spaces before such a line mean nothing,
 * so they are put there. Undefined where that was done already or there is no such line.
 */
function indentLine(text: string, lines: LineCounter, line: number): string | undefined {
  const start = lines.lineStarts[line - 1];
  if (start === undefined || start >= text.length || text.startsWith(DEEP_INDENT, start)) return undefined;
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
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, PythonValue>();
  #nodes = 0;

  constructor(source: YamlSource, lines: LineCounter) {
    this.#source = source;
    this.#lines = lines;
  }

  construct(node: unknown): PythonValue {
    this.#nodes += 1;
    if (this.#nodes > MAXIMUM_NODES) throw malformed(this.#source.file, 1, "it has more than a million values");
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      const value = this.#anchors.get(node.source);
      if (value === undefined) throw this.#error(node, `no anchor is named ${node.source} before this alias`);
      return value;
    }
    const value = this.#constructNode(node as Node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, value);
    return value;
  }

  #constructNode(node: Node): PythonValue {
    if (isMap(node)) return this.#constructMap(node, node.items);
    if (isSeq(node)) {
      this.#expectTag(node, node.tag, "seq");
      return node.items.map((item) => this.construct(item));
    }
    if (isScalar(node)) return this.#constructScalar(node);
    throw this.#error(node, "this construct is unknown");
  }

  #constructMap(node: Node, pairs: readonly Pair[]): PythonValue {
    this.#expectTag(node, node.tag, "map");
    const merged = new Map<PythonValue, PythonValue>();
    const own: [PythonValue, PythonValue][] = [];
    for (const { key, value } of pairs) {
      if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") this.#merge(merged, this.construct(value), node);
      else own.push([this.construct(key), this.construct(value)]);
    }
    for (const [key, value] of own) {
      if (isList(key) || isDict(key)) throw this.#error(node, "a list or mapping is used as a key");
      dictSet(merged, key, value);
    }
    return merged;
  }

  #merge(target: Map<PythonValue, PythonValue>, value: PythonValue, node: Node): void {
    // Of several merged mappings the first wins, as in PyYAML.
    const sources = isList(value) ? value.toReversed() : [value];
    for (const source of sources) {
      if (!isDict(source)) throw this.#error(node, "only mappings can be merged with <<");
      for (const [key, member] of source) dictSet(target, key, member);
    }
  }

  #constructScalar(node: Node & { readonly value: unknown; readonly type?: string | null | undefined }): PythonValue {
    // The failsafe schema makes every scalar a text; an absent one is null.
    const text = typeof node.value === "string" ? node.value : "";
    const tag = node.tag;
    if (tag === "!function") return this.#source.resolveFunction(text);
    const isPlain = node.type === "PLAIN" || node.type === undefined || node.type === null;
    if (tag === undefined || tag === "") {
      if (!isPlain) return text;
      const value = resolvePlainScalar(text);
      if (value === undefined) throw this.#error(node, `the date ${text} needs quotes here`);
      return value;
    }
    if (tag === "!" || tag === `${CORE_TAG}str`) return text;
    const value = resolvePlainScalar(text);
    const name = tag.startsWith(CORE_TAG) ? tag.slice(CORE_TAG.length) : undefined;
    if (value === undefined || name === undefined || !["null", "bool", "int", "float"].includes(name)) {
      throw this.#error(node, `the tag ${tag} is not supported`);
    }
    return value;
  }

  #expectTag(node: Node, tag: string | undefined, expected: string): void {
    if (tag !== undefined && tag !== "" && tag !== CORE_TAG + expected) {
      throw this.#error(node, `the tag ${tag} is not supported`);
    }
  }

  #error(node: unknown, problem: string): MusterError {
    const range = (node as { range?: readonly number[] | null }).range;
    return malformed(this.#source.file, this.#lines.linePos(range?.[0] ?? 0).line, problem);
  }
}
