// How PyYAML 6 reads a plain scalar (`resolver.py`, `constructor.py`): YAML 1.1, with PyYAML's own choices. `yes` is a
// boolean and `y` is not; `1.0e+5` is a float and `1e5` is text; `010` is eight.
import { makeFloat, makeInt, type PythonValue } from "../python/value.ts";

const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const TRUE = /^(?:yes|true|on)$/i;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER = /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$/;
const INTEGER_BASE_60 = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
const FLOAT =
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const FLOAT_BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/;
const TIMESTAMP =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;

/** The value of a plain (unquoted, untagged) scalar; undefined for a date, which has no `PythonValue`. */
export function resolvePlainScalar(text: string): PythonValue | undefined {
  if (NULL.test(text)) return null;
  if (BOOLEAN.test(text)) return TRUE.test(text);
  if (INTEGER.test(text)) return readInteger(text);
  if (INTEGER_BASE_60.test(text)) return makeInt(readBase60(text, BigInt));
  if (FLOAT.test(text)) return readFloat(text);
  if (FLOAT_BASE_60.test(text)) return makeFloat(readFloatBase60(text));
  return TIMESTAMP.test(text) ? undefined : text;
}

function readInteger(text: string): PythonValue {
  const plain = text.replaceAll("_", "");
  const negative = plain.startsWith("-");
  const digits = plain.replace(/^[-+]/, "");
  const octal = digits.length > 1 && /^0[0-7]/.test(digits);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return makeInt(negative ? -value : value);
}

function readFloat(text: string): PythonValue {
  const plain = text.replaceAll("_", "").toLowerCase();
  if (plain.endsWith(".inf")) return plain.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return plain === ".nan" ? Number.NaN : makeFloat(Number(plain));
}

function readBase60(text: string, toNumber: (digits: string) => bigint): bigint {
  const plain = text.replaceAll("_", "");
  const value = plain
    .replace(/^[-+]/, "")
    .split(":")
    .reduce((sum, digits) => sum * 60n + toNumber(digits), 0n);
  return plain.startsWith("-") ? -value : value;
}

function readFloatBase60(text: string): number {
  const plain = text.replaceAll("_", "");
  const value = plain
    .replace(/^[-+]/, "")
    .split(":")
    .reduce((sum, digits) => sum * 60 + Number(digits), 0);
  return plain.startsWith("-") ? -value : value;
}
