// numpy's one-dimensional float64 arrays, as far as their arithmetic is IEEE's, element by element.
import { Callable } from "../jinja/runtime-value.ts";
import { arrayText } from "../python/array-text.ts";
import { numericValue } from "../python/equality.ts";
import { pairwiseSum } from "../python/pairwise-sum.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import { isInt, isList, makeFloat, PythonObject, PythonTuple, type PythonValue } from "../python/value.ts";

const OPERATIONS: { readonly [operator: string]: (left: number, right: number) => number } = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
};

/** An array of floats. */
export class NumberArray extends PythonObject {
  readonly typeName = "ndarray";
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    super();
    this.values = values;
  }

  override str(): string {
    return arrayText(this.values);
  }
  override iterate(): Iterable<PythonValue> {
    return Array.from(this.values, makeFloat);
  }
  override length(): number {
    return this.values.length;
  }
  override isTruthy(): boolean {
    throw unsupported("the truth of an array");
  }

  subscript(key: PythonValue): PythonValue {
    if (!isInt(key)) throw unsupported("several members of an array at once");
    const value = this.values.at(toIndex(key));
    if (value === undefined) throw new PythonError("IndexError", "index is out of bounds");
    return makeFloat(value);
  }

  attribute(name: string): PythonValue | undefined {
    if (name === "tolist") return new Callable(() => [...this.iterate()]);
    if (name === "sum") return new Callable(() => makeFloat(pairwiseSum(this.values)));
    if (name === "mean") return new Callable(() => makeFloat(pairwiseSum(this.values) / this.values.length));
    return undefined;
  }
}

/** `numpy.array(values)` of floats. */
export function makeArray(value: PythonValue | undefined): NumberArray {
  const values = [...iterate(value ?? null)];
  // Whole numbers would make an array of ints, which divides and overflows otherwise.
  if (
    values.length === 0 ||
    values.some((member) => isInt(member) || numericValue(member) === undefined || typeof member === "boolean")
  ) {
    throw unsupported("a numpy array of something else than floats");
  }
  return new NumberArray(Float64Array.from(values, (member) => Number(numericValue(member))));
}

/** `left OPERATOR right` where one side is an array; undefined where none is. */
export function combineArrays(operator: string, left: PythonValue, right: PythonValue): NumberArray | undefined {
  if (!(left instanceof NumberArray || right instanceof NumberArray)) return undefined;
  const operation = Object.hasOwn(OPERATIONS, operator) ? OPERATIONS[operator]! : undefined;
  if (operation === undefined) throw unsupported(`the operator ${operator} of arrays`);
  const [first, second] = [numbersOf(left), numbersOf(right)];
  // Numpy lays one number beside any length.
  const length = first.length === 1 ? second.length : first.length;
  if (second.length !== length && second.length !== 1) {
    throw new PythonError("ValueError", "operands could not be broadcast together");
  }
  const at = (values: Float64Array, index: number): number => values[values.length === 1 ? 0 : index]!;
  return new NumberArray(Float64Array.from({ length }, (_, index) => operation(at(first, index), at(second, index))));
}

function numbersOf(side: PythonValue): Float64Array {
  if (side instanceof NumberArray) return side.values;
  if (isList(side) || side instanceof PythonTuple) return makeArray(side).values;
  const number = numericValue(side);
  if (number === undefined) throw unsupported("arithmetic of an array and such a value");
  return Float64Array.of(Number(number));
}
