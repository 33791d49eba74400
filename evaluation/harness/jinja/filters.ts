// Jinja's filters (`jinja2/filters.py`) by name. One that is not done here is refused when the template is compiled.
import { PythonError, unsupported } from "../python/python-error.ts";
import { iterate } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import type { PythonValue } from "../python/value.ts";
import { Arguments } from "./arguments.ts";
import { byPath } from "./attribute-path.ts";
import type { Filters } from "./filter.ts";
import { NUMBER_FILTERS } from "./number-filters.ts";
import { type CallValues, Lazy } from "./runtime-value.ts";
import { SEQUENCE_FILTERS } from "./sequence-filters.ts";
import { applyTest, hasTest } from "./tests.ts";
import { TEXT_FILTERS } from "./text-filters.ts";
import { Undefined } from "./undefined.ts";

const FILTERS: Filters = {
  ...TEXT_FILTERS,
  ...NUMBER_FILTERS,
  ...SEQUENCE_FILTERS,
  default: { parameters: ["default_value?", "boolean?"], run: orDefault },
  d: { parameters: ["default_value?", "boolean?"], run: orDefault },
};

/** Filters that take other filters or tests by name; they read their arguments themselves, one value at a time. */
const HIGHER_FILTERS: { readonly [name: string]: (value: PythonValue, call: CallValues) => Generator<PythonValue> } = {
  map: mapped,
  select: (value, call) => selected(value, call, true),
  reject: (value, call) => selected(value, call, false),
  selectattr: (value, call) => selectedByAttribute(value, call, true),
  rejectattr: (value, call) => selectedByAttribute(value, call, false),
};

/** Whether there is a filter of this name. */
export function hasFilter(name: string): boolean {
  return Object.hasOwn(HIGHER_FILTERS, name) || Object.hasOwn(FILTERS, name);
}

/** Applies a filter. */
export function applyFilter(name: string, value: PythonValue, call: CallValues): PythonValue {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  if (filter === undefined) return new Lazy(HIGHER_FILTERS[name]!(value, call));
  return filter.run(value, new Arguments({ name, parameters: filter.parameters, byName: true }, call));
}

function orDefault(value: PythonValue, given: Arguments): PythonValue {
  if (!(value instanceof Undefined) && !(given.flag(1) && !isTruthy(value))) return value;
  const other = given.raw(0);
  return other === undefined ? "" : other;
}

function* mapped(value: PythonValue, { positional, named }: CallValues): Generator<PythonValue> {
  if (!isTruthy(value)) return;
  const path = named.get("attribute");
  if (positional.length === 0 && path !== undefined) {
    const fallback = named.get("default") ?? null;
    if ([...named.keys()].some((name) => name !== "attribute" && name !== "default")) {
      throw new PythonError("TypeError", "map got an unexpected keyword argument");
    }
    for (const member of iterate(value)) yield byPath(member, path, fallback);
    return;
  }
  const [name, ...rest] = positional;
  if (typeof name !== "string") throw new PythonError("TypeError", "map requires a filter argument");
  if (!hasFilter(name)) throw unsupported(`the filter ${name}`);
  for (const member of iterate(value)) yield applyFilter(name, member, { positional: rest, named });
}

function* selected(value: PythonValue, call: CallValues, wanted: boolean): Generator<PythonValue> {
  if (!isTruthy(value)) return;
  const holds = condition(call.positional, call);
  for (const member of iterate(value)) if (holds(member) === wanted) yield member;
}

function* selectedByAttribute(value: PythonValue, call: CallValues, wanted: boolean): Generator<PythonValue> {
  if (!isTruthy(value)) return;
  const [path, ...rest] = call.positional;
  if (path === undefined) throw new PythonError("TypeError", "Missing parameter for attribute name");
  const holds = condition(rest, call);
  for (const member of iterate(value)) if (holds(byPath(member, path)) === wanted) yield member;
}

/** Without the name of a test, the truth of the value. */
function condition([name, ...rest]: readonly PythonValue[], { named }: CallValues): (value: PythonValue) => boolean {
  if (name === undefined) return isTruthy;
  if (typeof name !== "string" || !hasTest(name)) {
    throw unsupported(typeof name === "string" ? `the test ${name}` : "a test whose name is no text");
  }
  return (value) => applyTest(name, value, { positional: rest, named });
}
