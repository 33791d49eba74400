// Python counts and cuts text by code points, JavaScript by UTF-16 units. Text without surrogates, by far the most
// common, takes the native operations.
import { PythonError } from "./python-error.ts";

const SURROGATE = /[\ud800-\udfff]/;

/** True when units and code points of the text are the same thing. */
export function isSingleUnitText(text: string): boolean {
  return !SURROGATE.test(text);
}

/** Python's `len()` of a text. */
export function codePointLength(text: string): number {
  if (isSingleUnitText(text)) return text.length;
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** The code-point position of a UTF-16 position. */
export function codePointPosition(text: string, unitPosition: number): number {
  return codePointLength(text.slice(0, unitPosition));
}

/** The UTF-16 position of a code-point position between 0 and the text's length. */
export function unitPosition(text: string, position: number): number {
  if (isSingleUnitText(text)) return Math.min(position, text.length);
  let units = 0;
  let left = position;
  for (const character of text) {
    if (left === 0) break;
    left -= 1;
    units += character.length;
  }
  return units;
}

/** Python's `text[index]`, or undefined when the index is out of range. */
export function codePointAt(text: string, index: number): string | undefined {
  if (isSingleUnitText(text)) return text[index < 0 ? index + text.length : index];
  return [...text].at(index);
}

/** The start, end and step of a Python slice; null stands for what was left out. */
export interface SliceBounds {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;
}

/** The positions that a Python slice takes from a sequence of `length`, in order. Throws ValueError for a zero step. */
export function slicePositions(length: number, bounds: SliceBounds): { start: number; stop: number; step: number } {
  const step = bounds.step ?? 1;
  if (step === 0) throw new PythonError("ValueError", "slice step cannot be zero");
  const lowest = step > 0 ? 0 : -1;
  const highest = step > 0 ? length : length - 1;
  const clamp = (position: number) =>
    position < 0 ? Math.max(position + length, lowest) : Math.min(position, highest);
  const start = bounds.start === null ? (step > 0 ? lowest : highest) : clamp(bounds.start);
  const stop = bounds.stop === null ? (step > 0 ? highest : lowest) : clamp(bounds.stop);
  return { start, stop, step };
}

/** Python's slice of a list's values. */
export function sliceList<Value>(values: readonly Value[], bounds: SliceBounds): Value[] {
  const { start, stop, step } = slicePositions(values.length, bounds);
  if (step === 1) return values.slice(start, Math.max(start, stop));
  const result: Value[] = [];
  for (let index = start; step > 0 ? index < stop : index > stop; index += step) {
    result.push(values[index] as Value);
  }
  return result;
}

/** Python's slice of a text, by code points. */
export function sliceText(text: string, bounds: SliceBounds): string {
  if (!isSingleUnitText(text)) return sliceList([...text], bounds).join("");
  const { start, stop, step } = slicePositions(text.length, bounds);
  if (step === 1) return text.slice(start, Math.max(start, stop));
  return sliceList(text.split(""), bounds).join("");
}
