// exp(x) and x ** 2 with the bits that CPython gets from glibc (2.28 or later) on a processor with fused multiply-add.
// V8's own functions differ in the last bit, and so does x * x from pow(x, 2.0) for about one number in a thousand:
// enough to change a standard error. The method is glibc's (sysdeps/ieee754/dbl-64/e_exp.c, e_pow.c): a table of
// 2^(k/128), a table of logarithms and two short polynomials.
import { PythonError } from "../python/python-error.ts";
import { type LogStep, logSteps, type PowerOfTwo, powersOfTwo, TABLE_STEPS } from "./exact-tables.ts";
import { fusedMultiplyAdd, multiplicationError } from "./fused-multiply-add.ts";

const EXP_STEPS_PER_UNIT = Math.LOG2E * TABLE_STEPS; // 128 / ln 2
const LN2_STEP_HIGH = -0.005415212348111709; // -ln 2 / 128 in two parts: the first is short, multiples stay exact
const LN2_STEP_LOW = -1.2864023111638344e-14;
const EXP_POLYNOMIAL = [0.49999999999996786, 0.16666666666665886, 0.0416666808410674, 0.008333335853059549] as const;
const LOG_POLYNOMIAL = [
  -0.5, -0.6666666666666679, 0.5000000000000007, 0.7999999995323976, -0.6666666663487739, -1.142909628459501,
  1.0000415263675542,
] as const;
const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;
const LARGEST_EXPONENT = 709.782712893384;
const SMALLEST_EXPONENT = -745.1332191019412;
// The logarithm's intervals start here (0.7 roughly): 1 lies in the middle of one.
const LOG_RANGE_START = 0x3fe69555_00000000n;

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);
let powers: readonly PowerOfTwo[] | undefined;
let logs: readonly LogStep[] | undefined;

/** Python's `math.exp(x)`. Throws OverflowError where Python does. */
export function pythonExp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x < SMALLEST_EXPONENT) return 0;
  if (x > LARGEST_EXPONENT) throw new PythonError("OverflowError", "math range error");
  return Math.abs(x) < 2 ** -54 ? 1 + x : expOfSum(x, 0);
}

/** Python's `x ** 2` of a float. */
export function pythonSquare(x: number): number {
  const square = x * x;
  // Out of this range pow takes other paths; no score's deviation from its mean lies there.
  if (!(square > 1e-280 && square < 1e280)) return square;
  const error = Math.abs(multiplicationError(x, x, square));
  // pow is right to 0.52 units in the last place: only near the middle of two floats can it round the other way.
  if (error < 0.45 * lastPlace(square)) return square;
  const [high, low] = logInTwoParts(Math.abs(x));
  return expOfSum(2 * high, 2 * low);
}

/** exp(x + tail). */
function expOfSum(x: number, tail: number): number {
  powers ??= powersOfTwo();
  const step = roundToEven(EXP_STEPS_PER_UNIT * x);
  const position = ((step % TABLE_STEPS) + TABLE_STEPS) % TABLE_STEPS;
  const octave = (step - position) / TABLE_STEPS;
  const power = powers[position]!;
  const [c2, c3, c4, c5] = EXP_POLYNOMIAL;
  const rest = fusedMultiplyAdd(step, LN2_STEP_LOW, fusedMultiplyAdd(step, LN2_STEP_HIGH, x)) + tail;
  const square = rest * rest;
  const lower = fusedMultiplyAdd(square, fusedMultiplyAdd(rest, c3, c2), power.tail + rest);
  const sum = fusedMultiplyAdd(square * square, fusedMultiplyAdd(rest, c5, c4), lower);
  if (x <= -512) return smallNumber(power.value, sum, octave);
  const half = Math.trunc(octave / 2);
  return fusedMultiplyAdd(power.value, sum, power.value) * 2 ** half * 2 ** (octave - half);
}

/** (1 + sum) × value × 2^octave, rounded once also where it has fewer than 53 bits. glibc fuses nothing here. */
function smallNumber(value: number, sum: number, octave: number): number {
  const scale = value * 2 ** (octave + 1022);
  const change = scale * sum;
  const scaled = scale + change;
  if (scaled >= 1) return scaled * 2 ** -1022;
  // Beside 1 as many bits are left as the result has.
  const high = 1 + scaled;
  return (high + (1 - high + scaled + (scale - scaled + change)) - 1) * 2 ** -1022;
}

/** The logarithm of a positive number as a float and what it misses (about 68 bits). */
function logInTwoParts(x: number): [number, number] {
  logs ??= logSteps(logStarts());
  float[0] = x;
  const offset = bits[0]! - LOG_RANGE_START;
  const octave = Number(offset >> 52n);
  const step = logs[Number((offset >> 45n) & 127n)]!;
  bits[0] = bits[0]! - (BigInt(octave) << 52n);
  const [a0, a1, a2, a3, a4, a5, a6] = LOG_POLYNOMIAL;
  const r = fusedMultiplyAdd(float[0], step.reciprocal, -1);
  const whole = fusedMultiplyAdd(octave, LN2_HIGH, step.log);
  const withRest = whole + r;
  const low1 = fusedMultiplyAdd(octave, LN2_LOW, step.logTail);
  const low2 = whole - withRest + r;
  const ar = a0 * r;
  const ar2 = r * ar;
  const ar3 = r * ar2;
  const high = withRest + ar2;
  const low3 = fusedMultiplyAdd(ar, r, -ar2);
  const low4 = withRest - high + ar2;
  const inner = fusedMultiplyAdd(ar2, fusedMultiplyAdd(r, a6, a5), fusedMultiplyAdd(r, a4, a3));
  const polynomial = fusedMultiplyAdd(ar2, inner, fusedMultiplyAdd(r, a2, a1));
  const low = fusedMultiplyAdd(ar3, polynomial, low1 + low2 + low3 + low4);
  const sum = high + low;
  return [sum, high - sum + low];
}

function logStarts(): number[] {
  return Array.from({ length: TABLE_STEPS + 1 }, (_, index) => {
    bits[0] = LOG_RANGE_START + (BigInt(index) << 45n);
    return float[0]!;
  });
}

/** The distance from a positive normal float to the next larger one. */
function lastPlace(value: number): number {
  float[0] = value;
  bits[0] = ((bits[0]! >> 52n) - 52n) << 52n;
  return float[0];
}

function roundToEven(value: number): number {
  const magic = 6755399441055744; // 1.5 × 2^52: no fraction bits are left
  return value + magic - magic;
}
