// Columns whose rows do not agree on a type. `datasets` (packaged_modules/json) finds them in the first batch of a
// file, writes their values as JSON text for Arrow and reads the text again at each access, with the JSON module of
// pandas. Its rounding of floats and its view of text that looks like JSON are part of what the harness sees.
import {
  isDict,
  isFloat,
  isList,
  makeFloat,
  type PythonDict,
  type PythonValue,
} from "../../evaluation/harness/python/value.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { CastProblem, LooseValue, type FieldPath } from "./column-types.ts";

/** Fields whose objects have different keys, or that mix objects or lists with other values. */
export function findMixedFields(rows: readonly PythonValue[]): FieldPath[] {
  const found: FieldPath[] = [];
  const waiting: { path: FieldPath; values: readonly PythonValue[] }[] = [
    { path: [], values: rows.filter((row) => row !== null) },
  ];
  for (const { path, values } of waiting) {
    if (values.length === 0) continue;
    if (values.every(isDict)) {
      if (path.length > 0 && !sameKeys(values)) found.push(path);
      else waiting.push(...fieldsOf(values, path));
    } else if (values.every(isList)) {
      waiting.push({ path: [...path, 0], values: values.flat().filter((value) => value !== null) });
    } else if (values.some((value) => isDict(value) || isList(value))) found.push(path);
  }
  return found;
}

function sameKeys(dicts: readonly PythonDict[]): boolean {
  const first = dicts[0]!;
  return (
    first.size > 0 && dicts.every((dict) => dict.size === first.size && [...dict.keys()].every((key) => first.has(key)))
  );
}

function fieldsOf(dicts: readonly PythonDict[], path: FieldPath): { path: FieldPath; values: PythonValue[] }[] {
  const fields = new Map<string, PythonValue[]>();
  for (const dict of dicts) {
    for (const [key, value] of dict) {
      const name = key as string;
      const values = fields.get(name) ?? [];
      fields.set(name, values);
      if (value !== null) values.push(value);
    }
  }
  return [...fields].map(([name, values]) => ({ path: [...path, name], values }));
}

/** The row as it is after the values at these paths, and with them the whole row, went through pandas' JSON module. */
export function loosen(row: PythonDict, paths: readonly FieldPath[]): PythonDict {
  let loosened: PythonValue = row;
  for (const path of paths) loosened = wrap(loosened, path);
  return rewriteFloats(loosened, (float) => writtenFloat(float, Number)) as PythonDict;
}

function wrap(value: PythonValue, [step, ...rest]: FieldPath): PythonValue {
  if (value === null) return null;
  if (step === undefined) return value instanceof LooseValue ? value : new LooseValue(looseValue(value));
  if (step === 0) return (value as readonly PythonValue[]).map((element) => wrap(element, rest));
  const dict = value as PythonDict;
  // A field that the row lacks is added here, at its end: that is where its column then stands.
  return new Map([...dict, [step, wrap(dict.get(step) ?? null, rest)]]);
}

function looseValue(value: PythonValue): PythonValue {
  if (typeof value !== "string") return rewriteFloats(value, (float) => writtenFloat(float, readFloat));
  const read = readJsonText(value);
  return read === undefined ? value : read;
}

function rewriteFloats(value: PythonValue, rewrite: (float: number) => number | null): PythonValue {
  if (value instanceof LooseValue) return value;
  if (isList(value)) return value.map((element) => rewriteFloats(element, rewrite));
  if (isDict(value)) return new Map([...value].map(([key, element]) => [key, rewriteFloats(element, rewrite)]));
  if (!isFloat(value)) return value;
  const float = rewrite(typeof value === "number" ? value : value.value);
  return float === null ? null : makeFloat(float);
}

/** A float after it was read, written, and read again by `readAgain`; pandas writes what is not finite as null. */
function writtenFloat(float: number, readAgain: (text: string) => number): number | null {
  return Number.isFinite(float) ? readAgain(writeFloat(readFloat(decimalText(float)))) : null;
}

/** A text as pandas' JSON module reads it, undefined where it is not JSON for it. */
function readJsonText(text: string): PythonValue | undefined {
  // Only texts that begin like JSON can be JSON; the reading of others always fails.
  if (!/^[ \t\r\n]*["{[\d\-tfnNI]/.test(text)) return undefined;
  let value: PythonValue;
  try {
    value = parsePythonJson(text);
  } catch {
    // pandas also takes 01, 5., {"a":1,} and other texts that Python does not.
    if (!/^[ \t\r\n]*(?:-?\d*[.eE\d]*[-+]?\d*|[{["].*)[ \t\r\n]*$/s.test(text)) return undefined;
    const start = JSON.stringify(text.slice(0, 40));
    throw new CastProblem(`mixes types in a column, where ${start} may be text or a number`);
  }
  const read = (float: number): number => (Number.isFinite(float) ? readFloat(decimalText(float)) : float);
  return rewriteFloats(value, (float) => (Number.isNaN(float) ? null : read(float)));
}

const POWERS = Array.from({ length: 16 }, (_, digits) => Number(`1e-${digits}`));

/** The double that pandas' JSON module makes of a decimal text: its last bit can be off. */
function readFloat(text: string): number {
  const [whole, fraction = ""] = text.replace("-", "").split(".") as [string, string?];
  const digits = fraction.slice(0, 15);
  return (Number(whole) + Number(digits || "0") * POWERS[digits.length]!) * (text.startsWith("-") ? -1 : 1);
}

/** The text that pandas' JSON module writes for a double: ten decimals. */
function writeFloat(value: number): string {
  const magnitude = Math.abs(value);
  let whole = Math.trunc(magnitude);
  const scaled = (magnitude - whole) * 1e10;
  let fraction = Math.trunc(scaled);
  const rest = scaled - fraction;
  if (rest > 0.5 || (rest === 0.5 && (fraction === 0 || fraction % 2 === 1))) fraction += 1;
  if (fraction >= 1e10) [fraction, whole] = [0, whole + 1];
  const decimals = String(fraction).padStart(10, "0").replace(/0+$/, "") || "0";
  return `${value < 0 ? "-" : ""}${whole}.${decimals}`;
}

function decimalText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-6 || magnitude >= 1e15)) {
    throw new CastProblem(`mixes types in a column beside the number ${value}, which would be rounded`);
  }
  return Object.is(value, -0) ? "-0.0" : String(value);
}
