import { describe, expect, test } from "vitest";
import { askPython, type Question } from "../../../test/support/ask-python.ts";
import { harnessPython } from "../../../test/support/harness-python.ts";
import { arrayText } from "./array-text.ts";
import { PythonRandom } from "./random.ts";

const python = harnessPython();
const seed = Number(process.env["MUSTER_TEST_SEED"] ?? 20261125);

test("columns are aligned, and small numbers are written with exponents", () => {
  expect(arrayText(Float64Array.of(0.5, 1, 0.25))).toBe("[0.5  1.   0.25]");
  expect(arrayText(Float64Array.of(0.5, 1e-100, 0))).toBe("[5.e-001 1.e-100 0.e+000]");
  expect(() => arrayText(new Float64Array(1001))).toThrow(/more than 1000/);
});

function randomArray(random: PythonRandom): Float64Array {
  const spread = random.choice([0, 1, 4, 12, 300]);
  const special = random.randomBelow(6) === 0 ? [Number.NaN, Infinity, -Infinity, 0, -0] : [0, 1, 0.5];
  const digits = random.choice([1, 3, 8, 9, 20]);
  return Float64Array.from({ length: 1 + random.randomBelow(30) }, () => {
    if (random.randomBelow(8) === 0) return random.choice(special);
    const value = Number(random.random().toFixed(digits)) * 10 ** (random.random() * -spread);
    return random.randomBelow(12) === 0 ? -value * 1000 : value;
  });
}

describe.skipIf(python === null)(`numpy's texts (MUSTER_TEST_SEED=${seed})`, () => {
  test("arrays of all sizes", () => {
    const random = new PythonRandom(seed);
    const arrays = Array.from({ length: 4000 }, () => randomArray(random));
    const expression = 'str(__import__("numpy").array([float(value) for value in values]))';
    const questions = arrays.map((values): Question => {
      return [expression, { values: Array.from(values, (value) => (Object.is(value, -0) ? "-0.0" : String(value))) }];
    });
    expect(arrays.map(arrayText)).toEqual(askPython(python!, questions).map(([text]) => text));
  });
});
