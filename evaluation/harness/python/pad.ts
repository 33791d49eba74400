import { codePointLength } from "./code-points.ts";
import { PythonError, unsupported } from "./python-error.ts";

const MAXIMUM_WIDTH = 1_000_000;

/** Python's `text.center(width, fill)`: an odd space goes left where the width is odd, right where it is even. */
export function center(text: string, width: number, fill = " "): string {
  const space = missingWidth(text, width, fill);
  const left = Math.floor(space / 2) + (space & width & 1);
  return fill.repeat(left) + text + fill.repeat(space - left);
}

/** Python's `text.ljust(width, fill)`. */
export function padRight(text: string, width: number, fill = " "): string {
  return text + fill.repeat(missingWidth(text, width, fill));
}

/** Python's `text.rjust(width, fill)`. */
export function padLeft(text: string, width: number, fill = " "): string {
  return fill.repeat(missingWidth(text, width, fill)) + text;
}

function missingWidth(text: string, width: number, fill: string): number {
  if (codePointLength(fill) !== 1) {
    throw new PythonError("TypeError", "The fill character must be exactly one character long");
  }
  if (width > MAXIMUM_WIDTH) throw unsupported("padding to more than 1,000,000 characters");
  return Math.max(0, width - codePointLength(text));
}
