// Python's `json.dumps` (`Lib/json/encoder.py`).
import { sortValues } from "./order.ts";
import { PythonError } from "./python-error.ts";
import { formatFloat } from "./represent.ts";
import { isDict, isInt, isList, PythonFloat, PythonObject, PythonTuple, type PythonValue, typeName } from "./value.ts";

const MAXIMUM_DEPTH = 900;
const SHORT_ESCAPES: { readonly [character: string]: string } = {
  "\\": "\\\\",
  '"': '\\"',
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** The options of `json.dumps`, with its defaults: no indent, ASCII only, insertion order, NaN allowed. */
export interface PythonJsonOptions {
  /** Spaces a level, or null for one line. */
  readonly indent?: number | null;
  /** Whether characters beyond ASCII are escaped; true unless given. */
  readonly ensureAscii?: boolean;
  readonly sortKeys?: boolean;
  /** Between members, and between key and value; `[", ", ": "]`, or `[",", ": "]` with an indent. */
  readonly separators?: readonly [string, string];
}

interface Style {
  readonly indent: number | null;
  readonly ensureAscii: boolean;
  readonly sortKeys: boolean;
  readonly betweenMembers: string;
  readonly afterKey: string;
}

/** Python's `json.dumps(value, ...)`. Throws TypeError for sets and for keys that JSON cannot have. */
export function formatPythonJson(value: PythonValue, options: PythonJsonOptions = {}): string {
  const indent = options.indent ?? null;
  const [betweenMembers, afterKey] = options.separators ?? [indent === null ? ", " : ",", ": "];
  const { ensureAscii = true, sortKeys = false } = options;
  return format(value, { indent, ensureAscii, sortKeys, betweenMembers, afterKey }, 0);
}

function format(value: PythonValue, style: Style, depth: number): string {
  if (typeof value === "string") return formatText(value, style.ensureAscii);
  const scalar = formatScalar(value);
  if (scalar !== undefined) return scalar;
  if (depth > MAXIMUM_DEPTH) throw new PythonError("Unsupported", `JSON of more than ${MAXIMUM_DEPTH} levels`);
  if (isDict(value)) {
    const keys = style.sortKeys ? sortValues([...value.keys()]) : [...value.keys()];
    const parts = keys.map((key) => {
      const member = format(value.get(key) as PythonValue, style, depth + 1);
      return formatText(keyText(key), style.ensureAscii) + style.afterKey + member;
    });
    return enclose("{", parts, "}", { style, depth });
  }
  if (value instanceof PythonObject) throw new PythonError("Unsupported", `JSON of a ${value.typeName}`);
  const values = isList(value) ? value : value instanceof PythonTuple ? value.values : undefined;
  if (values === undefined)
    throw new PythonError("TypeError", `Object of type ${typeName(value)} is not JSON serializable`);
  const parts = values.map((member) => format(member, style, depth + 1));
  return enclose("[", parts, "]", { style, depth });
}

function enclose(open: string, parts: string[], close: string, at: { style: Style; depth: number }): string {
  if (parts.length === 0) return open + close;
  const { indent, betweenMembers } = at.style;
  if (indent === null) return open + parts.join(betweenMembers) + close;
  const inner = `\n${" ".repeat(indent * (at.depth + 1))}`;
  const outer = `\n${" ".repeat(indent * at.depth)}`;
  return open + inner + parts.join(betweenMembers + inner) + outer + close;
}

function formatScalar(value: PythonValue): string | undefined {
  if (value === null) return "null";
  if (typeof value === "boolean" || isInt(value)) return String(value);
  const float = value instanceof PythonFloat ? value.value : value;
  if (typeof float !== "number") return undefined;
  if (Number.isNaN(float)) return "NaN";
  if (!Number.isFinite(float)) return float > 0 ? "Infinity" : "-Infinity";
  return formatFloat(float);
}

function keyText(key: PythonValue): string {
  if (typeof key === "string") return key;
  const scalar = formatScalar(key);
  if (scalar !== undefined) return scalar;
  throw new PythonError("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function formatText(text: string, ensureAscii: boolean): string {
  // oxlint-disable-next-line no-control-regex -- JSON escapes exactly these
  const escaped = text.replaceAll(/[\\"\0-\x1f]/g, escapeUnit);
  return `"${ensureAscii ? escaped.replaceAll(/[^ -~]/g, escapeUnit) : escaped}"`;
}

function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
