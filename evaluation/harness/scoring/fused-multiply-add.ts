// One rounding for a × b + c, from operations that round each time. The product and the sums are split into a rounded
// part and its exact error (Dekker, Knuth); the last sum but one is rounded to odd, which makes the final rounding the
// only one that counts (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).

const SPLITTER = 134217729; // 2^27 + 1
const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);

/** a × b + c with one rounding, for magnitudes whose products neither overflow nor become subnormal. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const productError = multiplicationError(a, b, product);
  const low = c + productError;
  const lowError = additionError(c, productError, low);
  const high = product + low;
  const highError = additionError(product, low, high);
  return high + addToOdd(lowError, highError);
}

/** The exact a × b − product, where product is the rounded one. */
export function multiplicationError(a: number, b: number, product: number): number {
  const aSplit = SPLITTER * a;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = SPLITTER * b;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

function additionError(a: number, b: number, sum: number): number {
  const bPart = sum - a;
  return a - (sum - bPart) + (b - bPart);
}

/** a + b; where it is not exact, that of the two neighbours whose last bit is 1. */
function addToOdd(a: number, b: number): number {
  const sum = a + b;
  const error = additionError(a, b, sum);
  if (error === 0) return sum;
  float[0] = sum;
  if ((bits[0]! & 1n) === 1n) return sum;
  // Counting the bits up leads away from zero.
  bits[0] = error > 0 === sum > 0 ? bits[0]! + 1n : bits[0]! - 1n;
  return float[0];
}
