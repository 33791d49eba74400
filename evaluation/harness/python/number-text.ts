// Python's int() and float() of texts and numbers (`Objects/longobject.c`, `Objects/floatobject.c`).
import { PythonError } from "./python-error.ts";
import { repr } from "./represent.ts";
import { strip } from "./strip.ts";
import { DIGIT_CLASS } from "./unicode.ts";
import { isInt, makeFloat, makeInt, PythonFloat, type PythonValue, typeName } from "./value.ts";

/** CPython refuses to convert longer decimal texts to int (and back). */
export const MAXIMUM_INT_DIGITS = 4300;

const ASCII_ONLY = /^[\0-\x7f]*$/;
const OTHER_DECIMAL = new RegExp(`(?![0-9])${DIGIT_CLASS}`, "gv");
const DECIMAL_INT = /^[+-]?[0-9]+(?:_[0-9]+)*$/;
const DECIMAL_FLOAT =
  /^[+-]?(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)(?:e[+-]?[0-9]+(?:_[0-9]+)*)?$/i;

/** Python's `int(value)` (base 10). Throws ValueError, TypeError or OverflowError as Python does. */
export function toInt(value: PythonValue): number | bigint {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isInt(value)) return value;
  if (typeof value === "string") return parseInteger(value);
  const float = value instanceof PythonFloat ? value.value : value;
  if (typeof float !== "number") {
    throw new PythonError(
      "TypeError",
      `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
    );
  }
  if (Number.isNaN(float)) throw new PythonError("ValueError", "cannot convert float NaN to integer");
  if (!Number.isFinite(float)) throw new PythonError("OverflowError", "cannot convert float infinity to integer");
  return makeInt(BigInt(Math.trunc(float)));
}

/** Python's `int(text, base)`: white space around, underscores between digits, any Unicode decimal digits. */
export function parseInteger(text: string, base = 10): number | bigint {
  const digits = plainDigits(strip(text));
  const invalid = () => new PythonError("ValueError", `invalid literal for int() with base ${base}: ${repr(text)}`);
  if (base !== 10) return parseInBase(digits, base, invalid);
  if (!DECIMAL_INT.test(digits)) throw invalid();
  const plain = digits.replaceAll("_", "");
  if (plain.length <= 15) return Number(plain) + 0;
  if (plain.replace(/^[+-]/, "").length > MAXIMUM_INT_DIGITS) {
    throw new PythonError(
      "ValueError",
      `Exceeds the limit (${MAXIMUM_INT_DIGITS} digits) for integer string conversion`,
    );
  }
  return makeInt(plain.startsWith("-") ? -BigInt(plain.slice(1)) : BigInt(plain.replace("+", "")));
}

/** Python's `float(value)` as a JavaScript number. Throws ValueError, TypeError or OverflowError as Python does. */
export function toFloatNumber(value: PythonValue): number {
  if (typeof value === "number") return value;
  if (value instanceof PythonFloat) return value.value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return bigintToFloat(value);
  if (typeof value === "string") return parseFloatText(value);
  throw new PythonError("TypeError", `float() argument must be a string or a real number, not '${typeName(value)}'`);
}

/** Python's `float(value)`. */
export function toFloat(value: PythonValue): number | PythonFloat {
  return makeFloat(toFloatNumber(value));
}

/** The nearest float of a big int. Throws OverflowError beyond the float range. */
export function bigintToFloat(value: bigint): number {
  const float = Number(value);
  if (!Number.isFinite(float)) throw new PythonError("OverflowError", "int too large to convert to float");
  return float;
}

function parseFloatText(text: string): number {
  const digits = plainDigits(strip(text));
  if (DECIMAL_FLOAT.test(digits)) return Number(digits.replaceAll("_", ""));
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(digits);
  if (special === null) throw new PythonError("ValueError", `could not convert string to float: ${repr(text)}`);
  if (special[2]?.toLowerCase() === "nan") return Number.NaN;
  return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

// Python reads the decimal digits of every script. Each script's ten digits are consecutive code points.
function plainDigits(text: string): string {
  if (ASCII_ONLY.test(text)) return text;
  return text.replaceAll(OTHER_DECIMAL, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    // The mathematical digits are five runs of ten from U+1D7CE; all other runs start where their zero stands.
    if (code >= 0x1d7ce && code <= 0x1d7ff) return String((code - 0x1d7ce) % 10);
    let zero = code;
    while (code - zero < 9 && isOtherDecimal(zero - 1)) zero -= 1;
    return String(code - zero);
  });
}

function isOtherDecimal(code: number): boolean {
  return String.fromCodePoint(code).search(OTHER_DECIMAL) === 0;
}

function parseInBase(digits: string, base: number, invalid: () => PythonError): number | bigint {
  if (!Number.isInteger(base) || base < 0 || base === 1 || base > 36) {
    throw new PythonError("ValueError", "int() base must be >= 2 and <= 36, or 0");
  }
  const parts = /^([+-]?)(?:(0[xob])_?)?([0-9a-z]+(?:_[0-9a-z]+)*)$/i.exec(digits);
  if (parts === null) throw invalid();
  const prefixBase = { "0x": 16, "0o": 8, "0b": 2 }[parts[2]?.toLowerCase() ?? ""];
  const hasPrefix = prefixBase !== undefined && (base === 0 || base === prefixBase);
  const radix = base === 0 ? (prefixBase ?? 10) : base;
  const body = (hasPrefix ? "" : (parts[2] ?? "")) + (parts[3] ?? "").replaceAll("_", "");
  if (base === 0 && !hasPrefix && /^0+[1-9]/.test(body)) throw invalid();
  let value = 0n;
  for (const digit of body.toLowerCase()) {
    const worth = digit <= "9" ? digit.charCodeAt(0) - 48 : digit.charCodeAt(0) - 87;
    if (worth >= radix) throw invalid();
    value = value * BigInt(radix) + BigInt(worth);
  }
  return makeInt(parts[1] === "-" ? -value : value);
}
