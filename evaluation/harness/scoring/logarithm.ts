// log(x) with the bits that CPython gets from glibc (2.28 or later) on a processor with fused multiply-add. The method
// is glibc's (sysdeps/ieee754/dbl-64/e_log.c): a table of logarithms and a short polynomial; close to 1, where the
// table's error would show, a long polynomial of x - 1.
import { PythonError } from "../python/python-error.ts";
import { TABLE_STEPS } from "./exact-tables.ts";
import { fusedMultiplyAdd } from "./fused-multiply-add.ts";
import { type LogarithmStep, logarithmSteps } from "./logarithm-table.ts";

const RANGE_START = 0x3fe60000_00000000n;
const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;
const POLYNOMIAL = [
  -0.5000000000000001, 0.33333333331825593, -0.2499999999622955, 0.20000304511814496, -0.16667054827627667,
] as const;
/** From the third power on; the second's coefficient is -1/2. */
const LONG_POLYNOMIAL = [
  0.3333333333333352, -0.24999999999998432, 0.19999999999320328, -0.16666666669929706, 0.14285715076560868,
  -0.12499997863982555, 0.11110712032936046, -0.10000486757818193, 0.09181994006195467, -0.08328363062289341,
] as const;
const NEAR_ONE = { low: 1 - 1 / 16, high: 1.064697265625 } as const;

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);
let steps: readonly LogarithmStep[] | undefined;

/** Python's `math.log(x)` for normal numbers. Throws ValueError where Python does. */
export function pythonLog(x: number): number {
  if (x <= 0) throw new PythonError("ValueError", "math domain error");
  if (!(x < Number.POSITIVE_INFINITY)) return x;
  return x >= NEAR_ONE.low && x < NEAR_ONE.high ? logNearOne(x) : logByTable(x);
}

function logByTable(x: number): number {
  steps ??= logarithmSteps();
  float[0] = x;
  const offset = bits[0]! - RANGE_START;
  const octave = offset >> 52n;
  const step = steps[Number((offset >> 45n) & BigInt(TABLE_STEPS - 1))]!;
  bits[0] = bits[0]! - (octave << 52n);
  const [a0, a1, a2, a3, a4] = POLYNOMIAL;
  const r = fusedMultiplyAdd(float[0], step.reciprocal, -1);
  const whole = Number(octave) * LN2_HIGH + step.log;
  const high = whole + r;
  const low = fusedMultiplyAdd(Number(octave), LN2_LOW, whole - high + r);
  const square = r * r;
  const inner = fusedMultiplyAdd(square, fusedMultiplyAdd(r, a4, a3), fusedMultiplyAdd(r, a2, a1));
  return fusedMultiplyAdd(r * square, inner, fusedMultiplyAdd(square, a0, low)) + high;
}

function logNearOne(x: number): number {
  const r = x - 1;
  if (r === 0) return 0;
  const [b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = LONG_POLYNOMIAL;
  const square = r * r;
  const cube = r * square;
  const first = fusedMultiplyAdd(square, b3, fusedMultiplyAdd(r, b2, b1));
  const second = fusedMultiplyAdd(square, b6, fusedMultiplyAdd(r, b5, b4));
  const third = fusedMultiplyAdd(cube, b10, fusedMultiplyAdd(square, b9, fusedMultiplyAdd(r, b8, b7)));
  const polynomial = fusedMultiplyAdd(cube, fusedMultiplyAdd(cube, third, second), first);
  // r in two parts, so that the square of the first is exact.
  const shift = r * 2 ** 27;
  const head = r + shift - shift;
  const half = head * head * -0.5;
  const high = r + half;
  const low = fusedMultiplyAdd(-0.5 * (r - head), head + r, r - high + half);
  return high + fusedMultiplyAdd(cube, polynomial, low);
}
