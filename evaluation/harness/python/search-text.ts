import { codePointLength, codePointPosition, slicePositions, sliceText, unitPosition } from "./code-points.ts";
import { PythonError } from "./python-error.ts";

/** The part of a text that `find`, `count`, `startswith` ... look at, in code points; negative counts from the end. */
export interface TextRange {
  readonly start?: number | null;
  readonly stop?: number | null;
}

/** Python's `text.find(part, start, stop)` in code points; -1 when absent. */
export function find(text: string, part: string, range: TextRange = {}): number {
  return search(text, range, (window) => window.indexOf(part));
}

/** Python's `text.rfind(part, start, stop)` in code points; -1 when absent. */
export function rfind(text: string, part: string, range: TextRange = {}): number {
  return search(text, range, (window) => window.lastIndexOf(part));
}

/** Python's `text.index(part, start, stop)`. Throws ValueError when absent. */
export function indexOfText(text: string, part: string, range: TextRange = {}): number {
  const position = find(text, part, range);
  if (position < 0) throw new PythonError("ValueError", "substring not found");
  return position;
}

/** Python's `text.rindex(part, start, stop)`. Throws ValueError when absent. */
export function rindexOfText(text: string, part: string, range: TextRange = {}): number {
  const position = rfind(text, part, range);
  if (position < 0) throw new PythonError("ValueError", "substring not found");
  return position;
}

/** Python's `text.count(part, start, stop)`: occurrences that do not overlap. */
export function count(text: string, part: string, range: TextRange = {}): number {
  const window = windowOf(text, range);
  if (window === undefined) return 0;
  return part === "" ? codePointLength(window.text) + 1 : window.text.split(part).length - 1;
}

/** Python's `text.startswith(prefixes, start, stop)`. */
export function startsWith(text: string, prefixes: readonly string[], range: TextRange = {}): boolean {
  const window = windowOf(text, range);
  return window !== undefined && prefixes.some((prefix) => window.text.startsWith(prefix));
}

/** Python's `text.endswith(suffixes, start, stop)`. */
export function endsWith(text: string, suffixes: readonly string[], range: TextRange = {}): boolean {
  const window = windowOf(text, range);
  return window !== undefined && suffixes.some((suffix) => window.text.endsWith(suffix));
}

/** Python's `text.replace(old, replacement, maximumCount)`; a negative count replaces all. */
export function replace(text: string, old: string, replacement: string, maximumCount = -1): string {
  if (maximumCount === 0) return text;
  if (old === "") return interleave(text, replacement, maximumCount);
  const parts = text.split(old);
  if (maximumCount < 0 || parts.length <= maximumCount + 1) return parts.join(replacement);
  const tail = parts.slice(maximumCount).join(old);
  return [...parts.slice(0, maximumCount), tail].join(replacement);
}

/** Python's `text.zfill(width)`. */
export function zeroFill(text: string, width: number): string {
  const missing = width - codePointLength(text);
  if (missing <= 0) return text;
  const sign = /^[+-]/.test(text) ? text.slice(0, 1) : "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function interleave(text: string, replacement: string, maximumCount: number): string {
  const characters = [...text];
  const limit = maximumCount < 0 ? characters.length + 1 : maximumCount;
  const body = characters.map((character, index) => (index < limit ? replacement + character : character)).join("");
  return characters.length < limit ? body + replacement : body;
}

function search(text: string, range: TextRange, find: (window: string) => number): number {
  const window = windowOf(text, range);
  if (window === undefined) return -1;
  const units = find(window.text);
  return units < 0 ? -1 : window.start + codePointPosition(window.text, units);
}

// An empty part is found in an empty window, but not in one that starts behind the end of the text.
function windowOf(text: string, range: TextRange): { readonly text: string; readonly start: number } | undefined {
  const start = range.start ?? null;
  const stop = range.stop ?? null;
  if (start === null && stop === null) return { text, start: 0 };
  const length = codePointLength(text);
  if (start !== null && start > length) return undefined;
  const positions = slicePositions(length, { start, stop, step: null });
  if (positions.stop < positions.start) return undefined;
  if (positions.stop === length)
    return { text: text.slice(unitPosition(text, positions.start)), start: positions.start };
  return { text: sliceText(text, { ...positions, step: null }), start: positions.start };
}
