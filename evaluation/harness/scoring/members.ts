import { PythonError } from "../python/python-error.ts";
import { isDict, isList, PythonTuple, type PythonValue, typeName } from "../python/value.ts";

/** The members that Python's `for` would give: of a list, a tuple or, character by character, a text. */
export function members(value: PythonValue): PythonValue[] {
  if (isList(value)) return [...value];
  if (value instanceof PythonTuple) return [...value.values];
  if (typeof value === "string") return Array.from(value);
  if (isDict(value)) return [...value.keys()];
  throw new PythonError("TypeError", `'${typeName(value)}' object is not iterable`);
}
