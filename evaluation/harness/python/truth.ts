import { isDict, isList, PythonFloat, PythonObject, type PythonValue } from "./value.ts";

/** Python's truth of a value: empty texts and containers, zeros, None and False are false. */
export function isTruthy(value: PythonValue): boolean {
  if (value === null) return false;
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return value !== 0;
    case "bigint":
      return value !== 0n;
    case "string":
      return value !== "";
    default:
      if (value instanceof PythonFloat) return value.value !== 0;
      if (value instanceof PythonObject) return value.isTruthy();
      if (isList(value)) return value.length > 0;
      return isDict(value) ? value.size > 0 : value.values.length > 0;
  }
}
