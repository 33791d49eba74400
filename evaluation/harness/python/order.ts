import { memberEquals, numericValue } from "./equality.ts";
import { PythonError } from "./python-error.ts";
import { isList, PythonSet, PythonTuple, type PythonValue, typeName } from "./value.ts";

/** The order operators of Python. */
export type OrderOperator = "<" | "<=" | ">" | ">=";

/** Python's `left OPERATOR right`. Throws TypeError for values without an order. */
export function isOrdered(operator: OrderOperator, left: PythonValue, right: PythonValue): boolean {
  const leftNumber = numericValue(left);
  const rightNumber = numericValue(right);
  if (leftNumber !== undefined && rightNumber !== undefined) return applyOrder(operator, leftNumber, rightNumber);
  if (typeof left === "string" && typeof right === "string") {
    return applyOrder(operator, compareTexts(left, right), 0);
  }
  if (isList(left) && isList(right)) return sequencesOrdered(operator, left, right);
  if (left instanceof PythonTuple && right instanceof PythonTuple) {
    return sequencesOrdered(operator, left.values, right.values);
  }
  if (left instanceof PythonSet && right instanceof PythonSet) {
    throw new PythonError("Unsupported", `'${operator}' between sets`);
  }
  throw new PythonError(
    "TypeError",
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}

/** The order of two texts by code points (UTF-16 order puts emoji before U+FFxx): negative, zero or positive. */
export function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit === rightUnit) continue;
    // Surrogates stand for the highest code points, so they sort after every other unit.
    const isLeftHigh = leftUnit >= 0xd800 && leftUnit <= 0xdfff;
    const isRightHigh = rightUnit >= 0xd800 && rightUnit <= 0xdfff;
    if (isLeftHigh !== isRightHigh) return isLeftHigh ? 1 : -1;
    return leftUnit - rightUnit;
  }
  return left.length - right.length;
}

/** Python's `sorted(values)`, stable; `reverse` keeps the order of equal values too. */
export function sortValues(values: readonly PythonValue[], reverse = false): PythonValue[] {
  const order = (left: PythonValue, right: PythonValue) =>
    isOrdered("<", left, right) ? -1 : isOrdered("<", right, left) ? 1 : 0;
  return reverse ? values.toSorted((left, right) => -order(left, right)) : values.toSorted(order);
}

function sequencesOrdered(
  operator: OrderOperator,
  left: readonly PythonValue[],
  right: readonly PythonValue[],
): boolean {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const leftMember = left[index] as PythonValue;
    const rightMember = right[index] as PythonValue;
    if (!memberEquals(leftMember, rightMember)) return isOrdered(operator, leftMember, rightMember);
  }
  return applyOrder(operator, left.length, right.length);
}

function applyOrder(operator: OrderOperator, left: number | bigint, right: number | bigint): boolean {
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}
