import { isIn } from "../python/equality.ts";
import { unsupported } from "../python/python-error.ts";
import { isDict, PythonTuple, type PythonValue } from "../python/value.ts";
import { DictView, Markup } from "./runtime-value.ts";
import { defined, Undefined } from "./undefined.ts";

/** A value that something is done with: UndefinedError if it is undefined, and a refusal if it is markup. */
export function operand(value: PythonValue): PythonValue {
  if (value instanceof Markup) throw unsupported("anything but printing what tojson or safe gives");
  return defined(value);
}

/** Jinja's `value in container`. Only members are compared with an undefined value, so an empty list raises nothing. */
export function isMember(value: PythonValue, container: PythonValue): boolean {
  if (container instanceof DictView && container.typeName === "dict_items" && !(value instanceof PythonTuple))
    return false;
  const isCompared = value instanceof Undefined && !isDict(container);
  return isIn(isCompared ? value : operand(value), operand(container));
}
