import { codePointAt, codePointLength, sliceList, sliceText, type SliceBounds } from "./code-points.ts";
import { PythonError, unsupported } from "./python-error.ts";
import { isDict, isInt, isList, PythonObject, PythonSet, PythonTuple, type PythonValue, typeName } from "./value.ts";

/** Python's `iter(value)`: members, dict keys, or the characters of a text. Throws TypeError for scalars. */
export function iterate(value: PythonValue): Iterable<PythonValue> {
  if (isList(value) || typeof value === "string") return value;
  if (value instanceof PythonTuple) return value.values;
  if (isDict(value)) return value.keys();
  if (value instanceof PythonObject) return value.iterate();
  if (!(value instanceof PythonSet)) throw new PythonError("TypeError", `'${typeName(value)}' object is not iterable`);
  if (value.values.length > 1) throw unsupported("iterating over a set of several members");
  return value.values;
}

/** Python's `len(value)`. */
export function lengthOf(value: PythonValue): number {
  if (typeof value === "string") return codePointLength(value);
  if (isList(value)) return value.length;
  if (isDict(value)) return value.size;
  if (value instanceof PythonTuple || value instanceof PythonSet) return value.values.length;
  if (value instanceof PythonObject) return value.length();
  throw new PythonError("TypeError", `object of type '${typeName(value)}' has no len()`);
}

/** Python's `value[index]` of a text, list or tuple; undefined when out of range. */
export function memberAt(value: string | readonly PythonValue[], index: number): PythonValue | undefined {
  return typeof value === "string" ? codePointAt(value, index) : value.at(index);
}

/** Python's `value[start:stop:step]`. Throws TypeError for values that have no slices. */
export function sliceOf(value: PythonValue, bounds: SliceBounds): PythonValue {
  if (typeof value === "string") return sliceText(value, bounds);
  if (isList(value)) return sliceList(value, bounds);
  if (value instanceof PythonTuple) return new PythonTuple(sliceList(value.values, bounds));
  if (value instanceof PythonObject) throw unsupported(`slices of a ${value.typeName}`);
  throw new PythonError("TypeError", `'${typeName(value)}' object is not subscriptable by slices`);
}

/** An int used as an index or count; huge ones are cut to the largest safe number. Throws TypeError for other types. */
export function toIndex(value: PythonValue): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  if (isInt(value)) return value;
  throw new PythonError("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
}
