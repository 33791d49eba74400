import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import type { PythonValue } from "../python/value.ts";
import type { CallValues } from "./runtime-value.ts";

/** Python's `text.format(...)` with fields that are empty, a position or a name; formats and paths are refused. */
export function formatText(text: string, { positional, named }: CallValues): string {
  let next = 0;
  let style: "counted" | "numbered" | undefined;
  const positionOf = (field: string): number => {
    const wanted = field === "" ? "counted" : "numbered";
    if (style !== undefined && style !== wanted) {
      throw new PythonError("ValueError", "cannot switch between automatic and manual field numbering");
    }
    style = wanted;
    return field === "" ? next++ : Number(field);
  };
  return text.replaceAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (part, field: string | undefined) => {
    if (part === "{{" || part === "}}") return part.slice(1);
    if (field === undefined) throw new PythonError("ValueError", `Single '${part}' encountered in format string`);
    if (/[^\p{L}\p{N}_]/u.test(field)) throw unsupported(`the field {${field}} of str.format`);
    const isPosition = /^[0-9]*$/.test(field);
    return str(found(isPosition ? positional[positionOf(field)] : named.get(field), isPosition, field));
  });
}

function found(value: PythonValue | undefined, isPosition: boolean, field: string): PythonValue {
  if (value !== undefined) return value;
  if (isPosition) throw new PythonError("IndexError", "Replacement index out of range for positional args tuple");
  throw new PythonError("KeyError", field);
}
