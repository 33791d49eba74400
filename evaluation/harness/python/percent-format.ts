// Python's `text % values`, the older way to fill in a text.
import { dictGet, numericValue } from "./equality.ts";
import { formatValue } from "./format-value.ts";
import { PythonError, unsupported } from "./python-error.ts";
import { repr, str } from "./represent.ts";
import { isDict, isFloat, makeInt, PythonTuple, type PythonValue, typeName } from "./value.ts";

const FIELD =
  /%(?:\((?<key>[^()]*)\))?(?<flags>[-+ 0#]*)(?<width>[0-9]+|\*)?(?:\.(?<digits>[0-9]+|\*))?(?<type>[^])?/gu;
const TYPES = "diouxXeEfFgGcrsa";

/** Fills in the fields. Throws TypeError and ValueError as Python does, `unsupported` for forms that are not done. */
export function percentFormat(text: string, values: PythonValue): string {
  const listed = values instanceof PythonTuple ? values.values : [values];
  let next = 0;
  let isNamed = false;
  const filled = text.replace(FIELD, (whole: string, ...found) => {
    if (whole === "%%") return "%";
    const field = found.at(-1) as { readonly [part: string]: string | undefined };
    const { key, type } = field;
    if (type === undefined) throw new PythonError("ValueError", "incomplete format");
    isNamed ||= key !== undefined;
    const value = key === undefined ? taken() : named(values, key);
    if (TYPES.includes(type)) return formatField(field, value);
    throw new PythonError("ValueError", `unsupported format character '${type}'`);
  });
  function taken(): PythonValue {
    const value = listed[next++];
    if (value === undefined) throw new PythonError("TypeError", "not enough arguments for format string");
    return value;
  }
  if (next < listed.length && !isNamed && !isMapping(values)) {
    throw new PythonError("TypeError", "not all arguments converted during string formatting");
  }
  return filled;
}

function named(values: PythonValue, key: string): PythonValue {
  if (!isDict(values)) throw new PythonError("TypeError", "format requires a mapping");
  const value = dictGet(values, key);
  if (value === undefined) throw new PythonError("KeyError", repr(key));
  return value;
}

/** What may be left over: a mapping whose keys no field names. */
function isMapping(values: PythonValue): boolean {
  return !(values instanceof PythonTuple) && typeof values === "object" && values !== null && !isFloat(values);
}

function formatField(field: { readonly [part: string]: string | undefined }, value: PythonValue): string {
  const { flags = "", width = "", digits, type = "" } = field;
  if (width === "*" || digits === "*" || flags.includes("#")) throw unsupported("% with a width from the values, or #");
  const cut = digits === undefined ? "" : `.${digits}`;
  const align = flags.includes("-") ? "<" : ">";
  if (type === "s" || type === "r")
    return formatValue(type === "s" ? str(value) : repr(value), `${align}${width}${cut}`);
  const number = numericValue(value);
  if (!"dif".includes(type) || (type !== "f" && cut !== "")) throw unsupported(`the format %${cut}${type}`);
  if (number === undefined) {
    const wanted = type === "f" ? "must be real number, not " : `%${type} format: a real number is required, not `;
    throw new PythonError("TypeError", `${wanted}${typeName(value)}`);
  }
  const sign = flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const pad = flags.includes("0") && align === ">" ? `${sign}0${width}` : `${align}${sign}${width}`;
  if (type === "f") return formatValue(isFloat(value) ? value : makeInt(BigInt(number)), `${pad}${cut || ".6"}f`);
  return formatValue(makeInt(typeof number === "bigint" ? number : BigInt(Math.trunc(finite(number)))), `${pad}d`);
}

function finite(number: number): number {
  if (Number.isNaN(number)) throw new PythonError("ValueError", "cannot convert float NaN to integer");
  if (!Number.isFinite(number)) throw new PythonError("OverflowError", "cannot convert float infinity to integer");
  return number;
}
