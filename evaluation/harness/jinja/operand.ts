import { unsupported } from "../python/python-error.ts";
import type { PythonValue } from "../python/value.ts";
import { Markup } from "./runtime-value.ts";
import { defined } from "./undefined.ts";

/** A value that something is done with: UndefinedError if it is undefined, and a refusal if it is markup. */
export function operand(value: PythonValue): PythonValue {
  if (value instanceof Markup) throw unsupported("anything but printing what tojson or safe gives");
  return defined(value);
}
