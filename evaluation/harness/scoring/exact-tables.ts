// The tables behind glibc's exp and pow (2.28 and later), computed here from their definitions with big integers.

const PRECISION = 160n;
const ONE = 1n << PRECISION;

/** Steps of both tables in an octave. */
export const TABLE_STEPS = 128;

/** 2^(k/128) ≈ value × (1 + tail): the nearest float and what it misses. */
export interface PowerOfTwo {
  readonly value: number;
  readonly tail: number;
}

/** One of 128 intervals of [0.7, 1.41): a short reciprocal of its centre c, and log(c) in two parts. */
export interface LogStep {
  readonly reciprocal: number;
  readonly log: number;
  readonly logTail: number;
}

/** 2^(k/128) for k from 0 to 127. */
export function powersOfTwo(): readonly PowerOfTwo[] {
  let root = 2n * ONE;
  for (let step = TABLE_STEPS; step > 1; step /= 2) root = squareRoot(root << PRECISION);
  const powers: PowerOfTwo[] = [];
  for (let k = 0, exact = ONE; k < TABLE_STEPS; k += 1, exact = (exact * root) >> PRECISION) {
    const value = toFloat(exact);
    const rounded = fromFloat(value);
    powers.push({ value, tail: toFloat(((exact - rounded) << PRECISION) / rounded) });
  }
  return powers;
}

/** The intervals of the logarithm, in order; `starts` are their lower ends. */
export function logSteps(starts: readonly number[]): readonly LogStep[] {
  return starts.slice(0, -1).map((start, index) => {
    const center = (start + starts[index + 1]!) / 2;
    const units = Math.round((center < 1 ? TABLE_STEPS : 2 * TABLE_STEPS) / center);
    const denominator = center < 1 ? TABLE_STEPS : 2 * TABLE_STEPS;
    const exact = logOfRatio(BigInt(denominator), BigInt(units));
    // Adding multiples of ln 2 to so short a number stays exact.
    const rounded = roundToBinaryDigits(exact, 43n);
    return { reciprocal: units / denominator, log: toFloat(rounded), logTail: toFloat(exact - rounded) };
  });
}

/** A fixed-point number rounded to that many binary digits after the point. */
export function roundToBinaryDigits(fixed: bigint, digits: bigint): bigint {
  const scale = PRECISION - digits;
  return ((fixed + (1n << (scale - 1n))) >> scale) << scale;
}

/** ln(numerator / denominator) = 2 artanh of their difference over their sum, as a fixed-point number. */
export function logOfRatio(numerator: bigint, denominator: bigint): bigint {
  const z = ((numerator - denominator) << PRECISION) / (numerator + denominator);
  const square = (z * z) >> PRECISION;
  let sum = 0n;
  for (let power = z, odd = 1n; power !== 0n && power !== -1n; odd += 2n) {
    sum += power / odd;
    power = (power * square) >> PRECISION;
  }
  return 2n * sum;
}

function squareRoot(value: bigint): bigint {
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** The float nearest to a fixed-point number: `Number` rounds ties to even, the power of two is exact. */
export function toFloat(fixed: bigint): number {
  return Number(fixed) / 2 ** Number(PRECISION);
}

function fromFloat(value: number): bigint {
  return BigInt(value * 2 ** 60) << (PRECISION - 60n);
}
