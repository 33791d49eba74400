import { formatValue } from "./format-value.ts";
import { PythonError, unsupported } from "./python-error.ts";
import { repr, str } from "./represent.ts";
import type { PythonValue } from "./value.ts";

const FIELD = /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g;
const STEP = /\.([^.[\]]+)|\[([^\]]+)\]/y;

/** The arguments of a call. */
interface FormatValues {
  readonly positional: readonly PythonValue[];
  readonly named: ReadonlyMap<string, PythonValue>;
}

/** How the parts of a field's path are found. */
export interface PathSteps {
  attributeOf(owner: PythonValue, name: string): PythonValue;
  subscriptOf(owner: PythonValue, key: PythonValue): PythonValue;
}

/** Python's `text.format(...)`: fields with paths, conversions and formats. */
export function formatTemplate(text: string, values: FormatValues, steps: PathSteps): string {
  let next = 0;
  let style: "counted" | "numbered" | undefined;
  const numbered = (wanted: "counted" | "numbered"): void => {
    if (style !== undefined && style !== wanted) {
      throw new PythonError("ValueError", "cannot switch between automatic and manual field numbering");
    }
    style = wanted;
  };
  const lookUp = (name: string): PythonValue => {
    if (name === "") numbered("counted");
    else if (/^[0-9]+$/.test(name)) numbered("numbered");
    else {
      const named = values.named.get(name);
      if (named === undefined) throw new PythonError("KeyError", repr(name));
      return named;
    }
    const found = values.positional[name === "" ? next++ : Number(name)];
    if (found === undefined) throw new PythonError("IndexError", "Replacement index out of range");
    return found;
  };
  return text.replaceAll(FIELD, (part, field?: string, conversion?: string, format?: string) => {
    if (part === "{{" || part === "}}") return part.slice(1);
    if (field === undefined) throw new PythonError("ValueError", `Single '${part}' encountered in format string`);
    if (conversion === "a" || format?.includes("{") === true) throw unsupported(`the field ${part} of str.format`);
    const value = follow(field, lookUp, steps);
    return formatValue(conversion === "r" ? repr(value) : conversion === "s" ? str(value) : value, format ?? "");
  });
}

/** A field like `name`, `0.name` or `doc[key]`. */
function follow(field: string, lookUp: (name: string) => PythonValue, steps: PathSteps): PythonValue {
  const name = /^[^.[]*/.exec(field)![0];
  let value = lookUp(name);
  for (let at = name.length; at < field.length;) {
    STEP.lastIndex = at;
    const step = STEP.exec(field);
    if (step === null) throw new PythonError("ValueError", "a malformed field in a format string");
    const [whole, attribute, key] = step;
    if (attribute !== undefined) value = steps.attributeOf(value, attribute);
    else value = steps.subscriptOf(value, /^[0-9]+$/.test(key!) ? Number(key) : key!);
    at += whole.length;
  }
  return value;
}
