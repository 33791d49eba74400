// Finds what a YAML file says of its name without parsing all of it: the harness ships 14,000 files, and parsing them
// takes a minute. Only lines that start at the margin matter; whatever looks unusual is parsed in full instead.
import { MusterError } from "../base/muster-error.ts";
import { isDict, isList, type PythonValue } from "../evaluation/harness/python/value.ts";
import { resolvePlainScalar } from "../evaluation/harness/task/yaml-scalar.ts";
import { readYaml } from "../evaluation/harness/task/yaml-read.ts";

/** What one file says by itself. A key that it does not set is absent; null: set, but not to a text. */
export interface FileNames {
  readonly task?: string | null;
  readonly group?: string | null;
  readonly isClass?: true;
  readonly tags?: readonly string[];
  readonly includes?: readonly string[];
  /** Why it cannot be read; nothing else is known then. */
  readonly problem?: string;
}

const KEY = /^(?:"([\w-]+)"|'([\w-]+)'|([A-Za-z_][\w-]*)) *:(?: +(.*))?$/;
const HARMLESS = /^(?:\s|#|$|---\s*$|- |[\]}],?\s*(?:#.*)?$)/;
const PLAIN_WORD = /^[\w./][\w./+ -]*$/;
const NAMING_KEYS = new Set(["task", "group", "tag", "class", "include"]);

/** Reads the naming keys of a file's text. */
export function scanTaskFile(text: string, file: string): FileNames {
  const plain = text.replace(/^\uFEFF/, "");
  return scanLines(plain.split(/\r\n?|\n/)) ?? parseWhole(plain, file);
}

function scanLines(lines: readonly string[]): FileNames | undefined {
  const found = new Map<string, readonly string[] | string>();
  for (const [index, line] of lines.entries()) {
    const match = KEY.exec(line);
    if (match === null) {
      if (!HARMLESS.test(line)) return undefined;
      continue;
    }
    const key = match[1] ?? match[2] ?? match[3] ?? "";
    if (!NAMING_KEYS.has(key)) continue;
    if (found.has(key)) return undefined;
    const value = key === "class" ? "" : readValue(match[4] ?? "", lines, index);
    if (value === undefined) return undefined;
    found.set(key, value);
  }
  const task = found.get("task");
  const group = found.get("group");
  return {
    ...(task === undefined ? {} : { task: typeof task === "string" ? task : null }),
    ...(group === undefined ? {} : { group: typeof group === "string" ? group : null }),
    ...(found.has("class") ? { isClass: true } : {}),
    ...listOf("tags", found.get("tag")),
    ...listOf("includes", found.get("include")),
  };
}

function listOf(key: "tags" | "includes", value: string | readonly string[] | undefined): Partial<FileNames> {
  if (value === undefined) return {};
  return { [key]: typeof value === "string" ? [value] : value };
}

/** A text or a list of texts after a key; undefined where it is anything else. */
function readValue(rest: string, lines: readonly string[], index: number): string | readonly string[] | undefined {
  const value = withoutComment(rest);
  if (value === "") return readBlockList(lines, index + 1);
  const next = lines[index + 1] ?? "";
  // An indented line after a text would continue it.
  if (/^[ \t]+[^\s#]/.test(next)) return undefined;
  const list = /^\[(.*)\]$/.exec(value);
  return list === null ? readText(value) : readMembers((list[1] ?? "").split(","));
}

/** A list of texts below its key; members that are more than texts make it a list of unknown members. */
function readBlockList(lines: readonly string[], start: number): readonly string[] | undefined {
  const members: string[] = [];
  for (let index = start; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const member = /^\s*- +(.*)$/.exec(line);
    if (member === null) return /^\s/.test(line) || members.length === 0 ? undefined : readMembers(members);
    members.push(withoutComment(member[1] ?? ""));
  }
  return members.length === 0 ? undefined : readMembers(members);
}

function readMembers(members: readonly string[]): readonly string[] | undefined {
  const texts = members.map((member) => readText(member.trim()));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

function readText(value: string): string | undefined {
  const quoted = /^"([^"\\]*)"$|^'([^']*)'$/.exec(value);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  return PLAIN_WORD.test(value) && typeof resolvePlainScalar(value) === "string" ? value : undefined;
}

function withoutComment(text: string): string {
  return text.replace(/(?:^|\s+)#.*$/, "").trimEnd();
}

function parseWhole(text: string, file: string): FileNames {
  let config: PythonValue;
  try {
    config = readYaml(text, { file, resolveFunction: (reference) => reference });
  } catch (error) {
    return { problem: MusterError.from(error).message };
  }
  if (!isDict(config)) return { problem: `${file}:1 does not hold a mapping of task settings.` };
  const task = config.get("task");
  const group = config.get("group");
  return {
    ...(task === undefined ? {} : { task: typeof task === "string" ? task : null }),
    ...(group === undefined ? {} : { group: typeof group === "string" ? group : null }),
    ...(config.has("class") ? { isClass: true } : {}),
    ...textsOf("tags", config.get("tag")),
    ...textsOf("includes", config.get("include")),
  };
}

function textsOf(key: "tags" | "includes", value: PythonValue | undefined): Partial<FileNames> {
  if (value === undefined) return {};
  const members = value === null || value === "" ? [] : isList(value) ? value : [value];
  return { [key]: members.filter((member) => typeof member === "string") };
}
