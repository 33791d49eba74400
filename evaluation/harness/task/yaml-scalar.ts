// How PyYAML 6 reads a plain scalar (`resolver.py`, `constructor.py`): YAML 1.1, with PyYAML's own choices. `yes` is a
// boolean and `y` is not; `1.0e+5` is a float and `1e5` is text; `010` is eight.
import { makeFloat, makeInt, PythonObject, type PythonValue } from "../python/value.ts";

const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const TRUE = /^(?:yes|true|on)$/i;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER = /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$/;
const INTEGER_BASE_60 = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
const FLOAT =
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const FLOAT_BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/;
/** Plain, these are texts; the tag makes them floats. */
const EXPONENT = /^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?$/;
const TIMESTAMP =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;

/** The value of a plain (unquoted, untagged) scalar; undefined for one that PyYAML refuses or that is a time of day. */
export function resolvePlainScalar(text: string): PythonValue | undefined {
  if (NULL.test(text)) return null;
  if (BOOLEAN.test(text)) return TRUE.test(text);
  if (INTEGER.test(text) || INTEGER_BASE_60.test(text)) return readInteger(text);
  if (FLOAT.test(text) || FLOAT_BASE_60.test(text)) return readFloat(text);
  if (TIMESTAMP.test(text)) return readDate(text);
  // Values of types of their own, which the safe loader cannot make.
  return text === "=" || text === "<<" ? undefined : text;
}

/** The value of a scalar with one of YAML's own tags, as `!!int`; undefined where PyYAML refuses it or it is not known. */
export function resolveTaggedScalar(tag: string, text: string): PythonValue | undefined {
  switch (tag) {
    case "!!null":
      return null;
    case "!!bool":
      return /^(?:yes|no|true|false|on|off)$/i.test(text) ? TRUE.test(text) : undefined;
    case "!!int":
      return INTEGER.test(text) || INTEGER_BASE_60.test(text) ? readInteger(text) : undefined;
    case "!!float":
      return [FLOAT, FLOAT_BASE_60, INTEGER_BASE_60, EXPONENT].some((form) => form.test(text))
        ? readFloat(text)
        : undefined;
    default:
      return undefined;
  }
}

/** `construct_yaml_int`; undefined where no digit follows the prefix. */
function readInteger(text: string): PythonValue | undefined {
  const plain = text.replaceAll("_", "");
  const digits = plain.replace(/^[-+]/, "");
  if (/^0[bx]$/.test(digits)) return undefined;
  const value = digits.includes(":")
    ? digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n)
    : BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return makeInt(plain.startsWith("-") ? -value : value);
}

/** `construct_yaml_float`; undefined where Python's `float` takes no such text. */
function readFloat(text: string): PythonValue | undefined {
  const plain = text.replaceAll("_", "").toLowerCase();
  const sign = plain.startsWith("-") ? -1 : 1;
  const digits = plain.replace(/^[-+]/, "");
  if (digits === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (digits === ".nan") return Number.NaN;
  if (/^0[bx]/.test(digits)) return undefined;
  if (!digits.includes(":")) return makeFloat(sign * Number(digits));
  // From the smallest part on: the order decides how the sum is rounded.
  const parts = digits.split(":").map(Number).toReversed();
  return makeFloat(sign * parts.reduce((sum, part, place) => sum + part * 60 ** place, 0));
}

function readDate(text: string): PythonValue | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  const isReal = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days;
  return isReal ? new PythonDate(year, month, day) : undefined;
}

/** Python's `datetime.date`. It has its text and nothing else that a task could use. */
class PythonDate extends PythonObject {
  readonly typeName = "datetime.date";
  readonly #year: number;
  readonly #month: number;
  readonly #day: number;

  constructor(year: number, month: number, day: number) {
    super();
    this.#year = year;
    this.#month = month;
    this.#day = day;
  }

  override repr(): string {
    return `datetime.date(${this.#year}, ${this.#month}, ${this.#day})`;
  }

  override str(): string {
    const two = (part: number): string => String(part).padStart(2, "0");
    return `${String(this.#year).padStart(4, "0")}-${two(this.#month)}-${two(this.#day)}`;
  }
}
