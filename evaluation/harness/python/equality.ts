import { PythonError } from "./python-error.ts";
import {
  isDict,
  isList,
  type PythonDict,
  PythonFloat,
  PythonObject,
  PythonSet,
  PythonTuple,
  type PythonValue,
  typeName,
} from "./value.ts";

/** Python's `left == right`: numbers and booleans compare by value, lists never equal tuples. */
export function equals(left: PythonValue, right: PythonValue): boolean {
  if (left === right) return true;
  if (left instanceof PythonObject) return left.equals(right);
  if (right instanceof PythonObject) return right.equals(left);
  const leftNumber = numericValue(left);
  if (leftNumber !== undefined) {
    const rightNumber = numericValue(right);
    // Loose equality compares a bigint with a number by their exact mathematical values, as Python does.
    // eslint-disable-next-line eqeqeq
    return rightNumber !== undefined && leftNumber == rightNumber;
  }
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  return containersEqual(left, right);
}

/** The number behind an int, float or boolean; undefined for everything else. */
export function numericValue(value: PythonValue): number | bigint | undefined {
  switch (typeof value) {
    case "number":
    case "bigint":
      return value;
    case "boolean":
      return value ? 1 : 0;
    default:
      return value instanceof PythonFloat ? value.value : undefined;
  }
}

/** Python's `==` of members: the identical object counts as equal, also NaN. */
export function memberEquals(left: PythonValue, right: PythonValue): boolean {
  return Object.is(left, right) || equals(left, right);
}

function containersEqual(left: object & PythonValue, right: object & PythonValue): boolean {
  if (isList(left)) return isList(right) && sequencesEqual(left, right);
  if (left instanceof PythonTuple) return right instanceof PythonTuple && sequencesEqual(left.values, right.values);
  if (isDict(left)) {
    if (!isDict(right) || left.size !== right.size) return false;
    for (const [key, value] of left) {
      const other = dictGet(right, key);
      if (other === undefined || !memberEquals(value, other)) return false;
    }
    return true;
  }
  if (!(left instanceof PythonSet && right instanceof PythonSet)) return false;
  return left.values.length === right.values.length && left.values.every((value) => contains(right.values, value));
}

function sequencesEqual(left: readonly PythonValue[], right: readonly PythonValue[]): boolean {
  return left.length === right.length && left.every((value, index) => memberEquals(value, right[index] as PythonValue));
}

/** Whether a member of the sequence equals the value. */
export function contains(values: readonly PythonValue[], value: PythonValue): boolean {
  return values.some((member) => memberEquals(member, value));
}

/** Python's `value in container`. Throws TypeError where Python does. */
export function isIn(value: PythonValue, container: PythonValue): boolean {
  if (typeof container === "string") {
    if (typeof value === "string") return container.includes(value);
    throw new PythonError("TypeError", `'in <string>' requires string as left operand, not ${typeName(value)}`);
  }
  if (isList(container)) return contains(container, value);
  if (isDict(container)) return dictHas(container, value);
  if (container instanceof PythonTuple || container instanceof PythonSet) return contains(container.values, value);
  if (container instanceof PythonObject) {
    if (container.hasHashedMembers()) assertHashable(value);
    return contains([...container.iterate()], value);
  }
  throw new PythonError("TypeError", `argument of type '${typeName(container)}' is not iterable`);
}

/** Python's `dict.get(key)`; undefined when absent. `1`, `1.0` and `True` are one key. */
export function dictGet(dict: PythonDict, key: PythonValue): PythonValue | undefined {
  const direct = dict.get(key);
  if (direct !== undefined || typeof key === "string") return direct;
  const same = equalKey(dict, key);
  return same === undefined ? undefined : dict.get(same.key);
}

/** Python's `key in dict`. */
export function dictHas(dict: PythonDict, key: PythonValue): boolean {
  return dict.has(key) || (typeof key !== "string" && equalKey(dict, key) !== undefined);
}

/** Python's `dict[key] = value`: an equal key keeps its first spelling and place. Throws TypeError if unhashable. */
export function dictSet(dict: Map<PythonValue, PythonValue>, key: PythonValue, value: PythonValue): void {
  if (typeof key === "string") dict.set(key, value);
  else dict.set(equalKey(dict, key)?.key ?? key, value);
}

/** Throws TypeError for a value that Python cannot hash (lists, dicts and sets, also within tuples). */
export function assertHashable(value: PythonValue): void {
  if (isList(value) || isDict(value) || value instanceof PythonSet) {
    throw new PythonError("TypeError", `unhashable type: '${typeName(value)}'`);
  }
  if (value instanceof PythonTuple) value.values.forEach(assertHashable);
}

function equalKey(dict: PythonDict, key: PythonValue): { readonly key: PythonValue } | undefined {
  assertHashable(key);
  for (const other of dict.keys()) if (equals(other, key)) return { key: other };
  return undefined;
}
