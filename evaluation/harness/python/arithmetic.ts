// Python's arithmetic on ints of any size, floats, texts and lists. Ints stay `number` while safe and fall over to
// `bigint` when a result is not.
import { numericValue } from "./equality.ts";
import { bigintToFloat } from "./number-text.ts";
import { percentFormat } from "./percent-format.ts";
import { PythonError, unsupported } from "./python-error.ts";
import { roundFloat, roundInteger, roundToInteger } from "./round.ts";
import { toIndex } from "./sequence.ts";
import {
  isFloat,
  isInt,
  isList,
  makeFloat,
  makeInt,
  PythonObject,
  PythonTuple,
  type PythonValue,
  typeName,
} from "./value.ts";

const MAXIMUM_REPEATED_LENGTH = 10_000_000;
const MAXIMUM_POWER_BITS = 100_000n;

/** Python's binary arithmetic operators. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";

interface Calculation {
  readonly ints: (left: bigint, right: bigint) => PythonValue;
  readonly floats: (left: number, right: number) => number;
}

const CALCULATIONS: { readonly [operator in ArithmeticOperator]: Calculation } = {
  "+": { ints: (left, right) => makeInt(left + right), floats: (left, right) => left + right },
  "-": { ints: (left, right) => makeInt(left - right), floats: (left, right) => left - right },
  "*": { ints: (left, right) => makeInt(left * right), floats: (left, right) => left * right },
  "/": { ints: divideInts, floats: divideFloats },
  "//": { ints: (left, right) => makeInt(floorDivide(left, right)), floats: floorDivideFloats },
  "%": { ints: (left, right) => makeInt(left - floorDivide(left, right) * right), floats: floatRemainder },
  "**": { ints: powerOfInts, floats: () => refusePower() },
};

/** Python's `left OPERATOR right`. Throws TypeError or ZeroDivisionError as Python does. */
export function calculate(operator: ArithmeticOperator, left: PythonValue, right: PythonValue): PythonValue {
  const leftNumber = numericValue(left);
  const rightNumber = numericValue(right);
  if (leftNumber === undefined || rightNumber === undefined) return calculateSequence(operator, left, right);
  const { ints, floats } = CALCULATIONS[operator];
  if (!isFloat(left) && !isFloat(right))
    return calculateInts(operator, leftNumber, rightNumber) ?? ints(BigInt(leftNumber), BigInt(rightNumber));
  return makeFloat(floats(floatOf(leftNumber), floatOf(rightNumber)));
}

/** Python's `-value`. */
export function negate(value: PythonValue): PythonValue {
  const number = numericValue(value);
  if (number === undefined) throw new PythonError("TypeError", `bad operand type for unary -: '${typeName(value)}'`);
  return isFloat(value) ? makeFloat(-Number(number)) : makeInt(-BigInt(number));
}

/** Python's `+value`. */
export function positive(value: PythonValue): PythonValue {
  const number = numericValue(value);
  if (number === undefined) throw new PythonError("TypeError", `bad operand type for unary +: '${typeName(value)}'`);
  return isFloat(value) ? value : number;
}

/** Python's `abs(value)`. */
export function absolute(value: PythonValue): PythonValue {
  const number = numericValue(value);
  if (number === undefined) throw new PythonError("TypeError", `bad operand type for abs(): '${typeName(value)}'`);
  return isFloat(value) ? makeFloat(Math.abs(Number(number))) : number < 0 ? negate(number) : number;
}

/** Python's `round(value, digits)`; without digits (null) a float becomes an int. */
export function round(value: PythonValue, digits: number | null): PythonValue {
  const number = numericValue(value);
  if (number === undefined)
    throw new PythonError("TypeError", `type ${typeName(value)} doesn't define __round__ method`);
  if (!isFloat(value)) return digits === null ? number : makeInt(roundInteger(BigInt(number), digits));
  return digits === null ? makeInt(roundToInteger(Number(number))) : makeFloat(roundFloat(Number(number), digits));
}

/** Python 3.11's `sum(values, start)`: plain addition from left to right, no compensation. */
export function sum(values: Iterable<PythonValue>, start: PythonValue = 0): PythonValue {
  if (typeof start === "string")
    throw new PythonError("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
  let total: PythonValue = start;
  for (const value of values) total = calculate("+", total, value);
  return total;
}

// The common case of small ints without the detour through bigint; undefined when that detour is needed.
function calculateInts(
  operator: ArithmeticOperator,
  left: number | bigint,
  right: number | bigint,
): number | undefined {
  if (typeof left === "bigint" || typeof right === "bigint") return undefined;
  const result =
    operator === "+" ? left + right : operator === "-" ? left - right : operator === "*" ? left * right : Number.NaN;
  return Number.isSafeInteger(result) ? result + 0 : undefined;
}

function calculateSequence(operator: ArithmeticOperator, left: PythonValue, right: PythonValue): PythonValue {
  if (operator === "+") {
    if (typeof left === "string" && typeof right === "string") return left + right;
    if (isList(left) && isList(right)) return [...left, ...right];
    if (left instanceof PythonTuple && right instanceof PythonTuple)
      return new PythonTuple([...left.values, ...right.values]);
  }
  if (operator === "*") {
    if (isRepeatable(left) && isCount(right)) return repeat(left, right);
    if (isRepeatable(right) && isCount(left)) return repeat(right, left);
  }
  if (operator === "%" && typeof left === "string") return percentFormat(left, right);
  if (left instanceof PythonObject || right instanceof PythonObject) {
    throw unsupported(`${operator} between ${typeName(left)} and ${typeName(right)}`);
  }
  throw new PythonError(
    "TypeError",
    `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function isRepeatable(value: PythonValue): value is string | readonly PythonValue[] | PythonTuple {
  return typeof value === "string" || isList(value) || value instanceof PythonTuple;
}

function isCount(value: PythonValue): value is boolean | number | bigint {
  return typeof value === "boolean" || isInt(value);
}

function repeat(value: string | readonly PythonValue[] | PythonTuple, count: boolean | number | bigint): PythonValue {
  if (typeof count === "bigint" && BigInt.asIntN(64, count) !== count) {
    throw new PythonError("OverflowError", "cannot fit 'int' into an index-sized integer");
  }
  const times = Math.max(0, toIndex(count));
  const length = value instanceof PythonTuple ? value.values.length : value.length;
  if (length * times > MAXIMUM_REPEATED_LENGTH) throw unsupported("a repetition of more than 10,000,000 members");
  if (typeof value === "string") return value.repeat(times);
  if (value instanceof PythonTuple) return new PythonTuple(Array.from({ length: times }, () => value.values).flat());
  return Array.from({ length: times }, () => value).flat();
}

function floatOf(value: number | bigint): number {
  return typeof value === "bigint" ? bigintToFloat(value) : value;
}

function divideInts(left: bigint, right: bigint): PythonValue {
  if (right === 0n) throw new PythonError("ZeroDivisionError", "division by zero");
  const quotient = Number(left) / Number(right);
  if (!Number.isSafeInteger(Number(left)) || !Number.isSafeInteger(Number(right))) {
    throw unsupported("/ of ints beyond 2^53");
  }
  return makeFloat(quotient);
}

function divideFloats(left: number, right: number): number {
  if (right === 0) throw new PythonError("ZeroDivisionError", "float division by zero");
  return left / right;
}

function floorDivide(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new PythonError("ZeroDivisionError", "integer division or modulo by zero");
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

function floatRemainder(left: number, right: number): number {
  if (right === 0) throw new PythonError("ZeroDivisionError", "float modulo");
  const remainder = left % right;
  if (remainder === 0) return right < 0 || Object.is(right, -0) ? -0 : 0;
  return remainder < 0 !== right < 0 ? remainder + right : remainder;
}

function floorDivideFloats(left: number, right: number): number {
  if (right === 0) throw new PythonError("ZeroDivisionError", "float floor division by zero");
  const remainder = left % right;
  let quotient = (left - remainder) / right;
  if (remainder !== 0 && remainder < 0 !== right < 0) quotient -= 1;
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function powerOfInts(left: bigint, right: bigint): PythonValue {
  if (right < 0n) return refusePower();
  if (right * BigInt(left.toString(2).length) > MAXIMUM_POWER_BITS)
    throw unsupported("a power of more than 100,000 bits");
  return makeInt(left ** right);
}

// V8's pow is not the C library's: the last bit can differ.
function refusePower(): never {
  throw unsupported("** with a float or negative exponent");
}
