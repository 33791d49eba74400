import { PythonError } from "./python-error.ts";
import { RegexSource } from "./regex-source.ts";

/** Parts of a replacement template: fixed text, or the number of a group. */
export type TemplatePart = string | number;

/** Parses a template of Python's `re.sub`: `\1`, `\g<name>`, `\n` ... Throws `RegexError` or `IndexError` as Python does. */
export function parseReplacement(
  template: string,
  groupCount: number,
  groupNames: ReadonlyMap<string, number>,
): readonly TemplatePart[] {
  const source = new RegexSource(template);
  const parts: TemplatePart[] = [];
  for (let next = source.next(); next !== undefined; next = source.next()) {
    const part = next === "\\" ? readEscape(source, groupNames) : next;
    if (typeof part === "number" && part > groupCount) throw source.error(`invalid group reference ${part}`);
    const last = parts.at(-1);
    if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
    else parts.push(part);
  }
  return parts;
}

function readEscape(source: RegexSource, groupNames: ReadonlyMap<string, number>): TemplatePart {
  const letter = source.next();
  if (letter === undefined) throw source.error("bad escape (end of pattern)");
  if (letter === "g") return readGroupName(source, groupNames);
  if (letter === "0") return String.fromCharCode(Number.parseInt(letter + source.takeWhile(/[0-7]/, 2), 8) & 0xff);
  if (/[1-9]/.test(letter)) {
    const digits = letter + source.takeWhile(/[0-9]/, 1);
    if (!/^[0-7]{2}$/.test(digits) || !/[0-7]/.test(source.peek() ?? "")) return Number(digits);
    return String.fromCharCode(source.octal(digits + (source.next() ?? "")));
  }
  // Unlike in patterns, only the single-letter escapes exist here.
  if (/[xuUN]/.test(letter)) throw source.error(`bad escape \\${letter}`);
  if (!/[A-Za-z]/.test(letter)) return letter === "\\" ? "\\" : `\\${letter}`;
  return String.fromCodePoint(source.readEscapedCharacter(letter, true));
}

function readGroupName(source: RegexSource, groupNames: ReadonlyMap<string, number>): number {
  if (!source.take("<")) throw source.error("missing <");
  const name = source.takeUntil(">", "group name");
  if (/^[0-9]+$/.test(name)) return Number(name);
  const group = groupNames.get(name);
  if (group === undefined) throw new PythonError("IndexError", `unknown group name '${name}'`);
  return group;
}
