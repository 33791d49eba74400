// Python rounds the exact binary value, halves to even (`Objects/floatobject.c`). Exact integers make that direct:
// value = mantissa * 2^exponent, scaled by a power of ten, divided with remainder.
import { assert } from "../../../base/assert.ts";
import { PythonError } from "./python-error.ts";

const LARGEST_DIGITS = 323;
const SMALLEST_DIGITS = -308;

/** Python's `round(value, digits)` of a float: the float nearest to the exact decimal rounding, halves to even. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || value === 0 || digits > LARGEST_DIGITS) return value;
  if (digits < SMALLEST_DIGITS) return value < 0 ? -0 : 0;
  const rounded = roundScaled(value, digits);
  const result = Number(`${rounded}e${-digits}`);
  if (!Number.isFinite(result)) throw new PythonError("OverflowError", "rounded value too large to represent");
  return rounded === 0n && value < 0 ? -0 : result;
}

/** Python's `round(value)` of a float: an int, halves to even. */
export function roundToInteger(value: number): bigint {
  if (Number.isNaN(value)) throw new PythonError("ValueError", "cannot convert float NaN to integer");
  if (!Number.isFinite(value)) throw new PythonError("OverflowError", "cannot convert float infinity to integer");
  return roundScaled(value, 0);
}

/** Python's `round(value, digits)` of an int; only negative digits change it. */
export function roundInteger(value: bigint, digits: number): bigint {
  if (digits >= 0) return value;
  const unit = 10n ** BigInt(-digits);
  return divideToEven(value, unit) * unit;
}

function roundScaled(value: number, digits: number): bigint {
  const { mantissa, exponent } = decompose(value);
  let numerator = mantissa;
  let denominator = 1n;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (digits >= 0) numerator *= 10n ** BigInt(digits);
  else denominator *= 10n ** BigInt(-digits);
  return divideToEven(numerator, denominator);
}

function divideToEven(numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, "division by a positive number");
  const magnitude = numerator < 0n ? -numerator : numerator;
  const quotient = magnitude / denominator;
  const twice = (magnitude % denominator) * 2n;
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  const rounded = isUp ? quotient + 1n : quotient;
  return numerator < 0n ? -rounded : rounded;
}

function decompose(value: number): { mantissa: bigint; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const fraction = raw & 0xfffffffffffffn;
  const biased = Number((raw >> 52n) & 0x7ffn);
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { mantissa: value < 0 ? -mantissa : mantissa, exponent: (biased === 0 ? 1 : biased) - 1075 };
}
