// Where a filter takes an attribute's name, it takes a path: `a.0.b`, or several with commas between (`make_attrgetter`
// and `make_multi_attrgetter` in `jinja2/filters.py`).
import { parseInteger } from "../python/number-text.ts";
import { isDigitText } from "../python/unicode.ts";
import type { PythonValue } from "../python/value.ts";
import { subscript } from "./members.ts";
import { Undefined } from "./undefined.ts";

/** The member at a path; null is the value itself. What a step does not find is the fallback, unless that is null. */
export function byPath(value: PythonValue, path: PythonValue, fallback: PythonValue = null): PythonValue {
  let found = value;
  for (const part of partsOf(path)) {
    found = subscript(found, part);
    if (fallback !== null && found instanceof Undefined) found = fallback;
  }
  return found;
}

/** The members at several paths; without a path the value itself. */
export function byPaths(value: PythonValue, paths: PythonValue | undefined): PythonValue[] {
  if (typeof paths !== "string") return [byPath(value, paths ?? null)];
  return paths.split(",").map((path) => byPath(value, path));
}

function partsOf(path: PythonValue): readonly PythonValue[] {
  if (path === null) return [];
  if (typeof path !== "string") return [path];
  return path.split(".").map((part) => (isDigitText(part) ? parseInteger(part) : part));
}
