// Python's `str()` and `repr()` (`Objects/unicodeobject.c`, `Python/pystrtod.c`, CPython 3.11).
import { unsupported } from "./python-error.ts";
import { NOT_PRINTABLE_PATTERN } from "./unicode.ts";
import { isDict, isList, PythonFloat, PythonObject, PythonTuple, type PythonValue } from "./value.ts";

const MAXIMUM_DEPTH = 200;
const PLAIN_TEXT = /^[ !#-&(-[\]-~]*$/;
const NAMED_ESCAPES: { readonly [character: string]: string } = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** Python's `str(value)`. Sets of several members are refused: their order depends on Python's hashes. */
export function str(value: PythonValue): string {
  if (typeof value === "string") return value;
  return value instanceof PythonObject ? value.str() : represent(value, 0);
}

/** Python's `repr(value)`. */
export function repr(value: PythonValue): string {
  return represent(value, 0);
}

/** Python's `repr()` of a float given as a JavaScript number: `1` prints 1.0, `1e-7` prints 1e-07. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) return formatExponent(value);
  const text = magnitude === 0 && Object.is(value, -0) ? "-0" : String(value);
  // Below 1e-6 JavaScript would use an exponent; those went the other way above.
  return text.includes(".") ? text : `${text}.0`;
}

function formatExponent(value: number): string {
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

function represent(value: PythonValue, depth: number): string {
  if (value === null) return "None";
  switch (typeof value) {
    case "string":
      return reprText(value);
    case "boolean":
      return value ? "True" : "False";
    case "number":
      // A plain -0 is the int 0, and String prints it so.
      return Number.isSafeInteger(value) ? String(value) : formatFloat(value);
    case "bigint":
      return String(value);
    default:
      return representContainer(value, depth);
  }
}

function representContainer(value: object & PythonValue, depth: number): string {
  if (value instanceof PythonFloat) return formatFloat(value.value);
  if (depth >= MAXIMUM_DEPTH) throw unsupported(`printing a value nested deeper than ${MAXIMUM_DEPTH} levels`);
  const inner = (member: PythonValue) => represent(member, depth + 1);
  if (value instanceof PythonObject) return value.repr();
  if (isList(value)) return `[${value.map(inner).join(", ")}]`;
  if (value instanceof PythonTuple) {
    const [only] = value.values;
    return value.values.length === 1 && only !== undefined
      ? `(${inner(only)},)`
      : `(${value.values.map(inner).join(", ")})`;
  }
  if (isDict(value)) return `{${Array.from(value, ([key, member]) => `${inner(key)}: ${inner(member)}`).join(", ")}}`;
  if (value.values.length === 0) return "set()";
  const [only] = value.values;
  if (value.values.length > 1 || only === undefined) throw unsupported("printing a set of several members");
  return `{${inner(only)}}`;
}

function reprText(text: string): string {
  if (PLAIN_TEXT.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll(NOT_PRINTABLE_PATTERN, escapeCharacter);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = NAMED_ESCAPES[character];
  if (named !== undefined) return named;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
