import { PythonError } from "./python-error.ts";
import { isSpaceUnit } from "./unicode.ts";

/** Python's `text.split(separator, maximumSplits)`; a null separator splits at runs of white space. */
export function split(text: string, separator: string | null = null, maximumSplits = -1): string[] {
  if (separator === null) return splitAtSpace(text, maximumSplits);
  if (separator === "") throw new PythonError("ValueError", "empty separator");
  const parts = text.split(separator);
  if (maximumSplits < 0 || parts.length <= maximumSplits + 1) return parts;
  return [...parts.slice(0, maximumSplits), parts.slice(maximumSplits).join(separator)];
}

/** Python's `text.rsplit(separator, maximumSplits)`. */
export function rsplit(text: string, separator: string | null = null, maximumSplits = -1): string[] {
  if (maximumSplits < 0) return split(text, separator);
  if (separator === null) return rsplitAtSpace(text, maximumSplits);
  if (separator === "") throw new PythonError("ValueError", "empty separator");
  const parts: string[] = [];
  let end = text.length;
  while (parts.length < maximumSplits) {
    const start = end < separator.length ? -1 : text.lastIndexOf(separator, end - separator.length);
    if (start < 0) break;
    parts.push(text.slice(start + separator.length, end));
    end = start;
  }
  parts.push(text.slice(0, end));
  return parts.reverse();
}

/** Python's `text.splitlines(keepEnds)`: at \n, \r, \r\n, \v, \f, \x1c to \x1e, U+0085, U+2028 and U+2029. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  // oxlint-disable-next-line no-control-regex -- Python ends lines at these control characters
  for (const end of text.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    const stop = end.index + end[0].length;
    lines.push(text.slice(start, keepEnds ? stop : end.index));
    start = stop;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

/** Python's `text.partition(separator)`: before, separator and after; without one the text and two empty texts. */
export function partition(text: string, separator: string): [string, string, string] {
  if (separator === "") throw new PythonError("ValueError", "empty separator");
  const start = text.indexOf(separator);
  return start < 0 ? [text, "", ""] : [text.slice(0, start), separator, text.slice(start + separator.length)];
}

/** Python's `text.rpartition(separator)`. */
export function rpartition(text: string, separator: string): [string, string, string] {
  if (separator === "") throw new PythonError("ValueError", "empty separator");
  const start = text.lastIndexOf(separator);
  return start < 0 ? ["", "", text] : [text.slice(0, start), separator, text.slice(start + separator.length)];
}

function splitAtSpace(text: string, maximumSplits: number): string[] {
  const parts: string[] = [];
  let position = 0;
  while (position < text.length) {
    if (isSpaceUnit(text.charCodeAt(position))) {
      position += 1;
      continue;
    }
    if (maximumSplits >= 0 && parts.length === maximumSplits) {
      parts.push(text.slice(position));
      break;
    }
    const start = position;
    while (position < text.length && !isSpaceUnit(text.charCodeAt(position))) position += 1;
    parts.push(text.slice(start, position));
  }
  return parts;
}

function rsplitAtSpace(text: string, maximumSplits: number): string[] {
  const parts: string[] = [];
  let end = text.length;
  while (end > 0) {
    if (isSpaceUnit(text.charCodeAt(end - 1))) {
      end -= 1;
      continue;
    }
    if (parts.length === maximumSplits) {
      parts.push(text.slice(0, end));
      break;
    }
    const stop = end;
    while (end > 0 && !isSpaceUnit(text.charCodeAt(end - 1))) end -= 1;
    parts.push(text.slice(end, stop));
  }
  return parts.reverse();
}
