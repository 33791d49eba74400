// Python's `format(value, specification)` for texts, ints and floats.
import { codePointLength } from "./code-points.ts";
import { numericValue } from "./equality.ts";
import { PythonError, unsupported } from "./python-error.ts";
import { str } from "./represent.ts";
import { roundFloat } from "./round.ts";
import { isFloat, type PythonValue } from "./value.ts";

const SPECIFICATION =
  /^(?:(?<fill>[^])?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<zero>0)?(?<width>[0-9]+)?(?<comma>,)?(?:\.(?<digits>[0-9]+))?(?<type>[sdf%])?$/u;

/** Formats one value. Throws `unsupported` for types and forms that are not done exactly. */
export function formatValue(value: PythonValue, specification: string): string {
  if (specification === "") return str(value);
  const parts = SPECIFICATION.exec(specification)?.groups;
  if (parts === undefined) throw unsupported(`the format ${specification}`);
  const type = parts["type"] ?? "";
  const isText = typeof value === "string";
  if (isText) {
    if (type !== "" && type !== "s") throw new PythonError("ValueError", `Unknown format code '${type}' for str`);
    if (parts["sign"] !== undefined || parts["comma"] !== undefined || parts["align"] === "=") {
      throw unsupported(`the format ${specification} of a text`);
    }
    const cut = parts["digits"] === undefined ? value : Array.from(value).slice(0, Number(parts["digits"])).join("");
    return pad(cut, "", parts, "<");
  }
  const number = numericValue(value);
  if (number === undefined || typeof value === "boolean") throw unsupported(`the format ${specification} of a value`);
  const text = formatNumber(value, number, { type, digits: parts["digits"], specification });
  const isNegative = text.startsWith("-");
  const sign = isNegative ? "-" : parts["sign"] === "+" || parts["sign"] === " " ? parts["sign"] : "";
  const plain = isNegative ? text.slice(1) : text;
  return pad(parts["comma"] === undefined ? plain : groupThousands(plain), sign, parts, ">");
}

function formatNumber(
  value: PythonValue,
  number: number | bigint,
  how: { readonly type: string; readonly digits: string | undefined; readonly specification: string },
): string {
  const { type, digits, specification } = how;
  if (type === "f" || type === "%") {
    const scaled = type === "%" ? Number(number) * 100 : Number(number);
    const text = fixed(scaled, digits === undefined ? 6 : Number(digits));
    return type === "%" ? `${text}%` : text;
  }
  if (digits !== undefined || (isFloat(value) && type === "d") || (isFloat(value) && type === "")) {
    throw unsupported(`the format ${specification}`);
  }
  if (type === "s") throw new PythonError("ValueError", "Unknown format code 's' for object of type 'int'");
  return str(value);
}

/** A float with so many decimals: rounded half to even on its exact value, as the C library does. */
function fixed(value: number, digits: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Math.abs(value) >= 1e15 || digits > 20) throw unsupported("a fixed format of a number so large or long");
  const text = roundFloat(value, digits).toFixed(digits);
  return Object.is(value, -0) || (value < 0 && !text.startsWith("-")) ? `-${text.replace("-", "")}` : text;
}

function groupThousands(text: string): string {
  const [whole = "", ...rest] = text.split(".");
  return [whole.replaceAll(/\B(?=(?:[0-9]{3})+$)/g, ","), ...rest].join(".");
}

function pad(
  text: string,
  sign: string,
  parts: { readonly [name: string]: string | undefined },
  usual: "<" | ">",
): string {
  const isZeroed = parts["zero"] !== undefined && parts["align"] === undefined;
  const align = parts["align"] ?? (isZeroed ? "=" : usual);
  const missing = Number(parts["width"] ?? 0) - codePointLength(text) - sign.length;
  if (missing <= 0) return sign + text;
  if (isZeroed && (parts["comma"] !== undefined || usual === "<"))
    throw unsupported("zeros with thousands, or before text");
  const fill = parts["fill"] ?? (parts["zero"] === undefined ? " " : "0");
  if (align === "=") return sign + fill.repeat(missing) + text;
  if (align === "<") return sign + text + fill.repeat(missing);
  if (align === ">") return fill.repeat(missing) + sign + text;
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + sign + text + fill.repeat(missing - left);
}
