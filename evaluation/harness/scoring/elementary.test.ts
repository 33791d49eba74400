import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { pythonExp, pythonSquare } from "./elementary.ts";
import { fusedMultiplyAdd } from "./fused-multiply-add.ts";
import { pythonLog } from "./logarithm.ts";

const python = harnessPython();
const SEED = Number(process.env["MUSTER_SEED"] ?? 7);

/** Runs a Python program that writes float64 values. */
function floatsOf(program: string): Float64Array {
  const bytes = execFileSync(python!, ["-c", program], { maxBuffer: 1 << 26 });
  return new Float64Array(new Uint8Array(bytes).buffer);
}

const PRELUDE = `
import math, random, struct, sys
from fractions import Fraction
random.seed(${SEED})
def number(low, high): return math.ldexp(random.random(), random.randint(low, high))
def put(*values): sys.stdout.buffer.write(struct.pack('<%dd' % len(values), *values))
`;

/** Compares in one go: a test of a million expectations would be slow. */
function differences(rows: Float64Array, width: number, compute: (row: Float64Array) => number): number[][] {
  const wrong: number[][] = [];
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    if (!Object.is(compute(row), row[width - 1])) wrong.push([...row]);
  }
  return wrong;
}

describe.skipIf(python === null)(`CPython's bits (MUSTER_SEED=${SEED})`, () => {
  test("a square is what Python's ** 2 gives, which is not always the rounded product", () => {
    const rows = floatsOf(`${PRELUDE}
for _ in range(100000):
    x = random.choice((random.random(), -random.random(), number(-100, 100)))
    put(x, x ** 2)`);
    expect(differences(rows, 2, ([x]) => pythonSquare(x!))).toEqual([]);
    expect(differences(rows, 2, ([x]) => x! * x!).length).toBeGreaterThan(20);
  });

  test("an exponential is what Python's math.exp gives, which is not V8's", () => {
    const rows = floatsOf(`${PRELUDE}
for x in (0.0, -0.0, 5e-324, 1e-17, 709.782712893384, -745.1332191019411, -745.1332191019412, -1e4, -2.5e9): put(x, math.exp(x))
for _ in range(100000):
    x = random.choice((random.random(), random.random() * 709, number(-60, 9), -random.random() * 746, -700 - random.random() * 46))
    put(x, math.exp(x))`);
    expect(differences(rows, 2, ([x]) => pythonExp(x!))).toEqual([]);
    expect(differences(rows, 2, ([x]) => Math.exp(x!)).length).toBeGreaterThan(100);
    expect(() => pythonExp(709.79)).toThrow(/math range error/);
  });

  test("a logarithm is what Python's math.log gives, which is not V8's", () => {
    const rows = floatsOf(`${PRELUDE}
for x in (1.0, 0.9375, math.nextafter(0.9375, 0), 1.064697265625, math.nextafter(1.064697265625, 1), 2.0, 100.0, 0.6875, 1.375):
    put(x, math.log(x))
for _ in range(60000):
    x = random.choice((random.random() * 100, 0.9 + random.random() / 5, number(-900, 900), 100 * random.randint(1, 99) / random.randint(1, 10 ** 6)))
    put(x, math.log(x))`);
    expect(differences(rows, 2, ([x]) => pythonLog(x!))).toEqual([]);
    expect(differences(rows, 2, ([x]) => Math.log(x!)).length).toBeGreaterThan(100);
    expect(() => pythonLog(0)).toThrow(/math domain error/);
  });

  test("a fused multiplication and addition is the exact result, rounded once", () => {
    const rows = floatsOf(`${PRELUDE}
for _ in range(50000):
    a, b = number(-40, 40), -number(-40, 40)
    c = random.choice((-a * b, number(-60, 60), -a * b * (1 + 2 ** -52), -number(-120, 20)))
    put(a, b, c, float(Fraction(a) * Fraction(b) + Fraction(c)))`);
    expect(differences(rows, 4, ([a, b, c]) => fusedMultiplyAdd(a!, b!, c!))).toEqual([]);
  });
});
