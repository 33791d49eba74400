import { unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import type { PythonValue } from "../python/value.ts";
import type { Arguments } from "./arguments.ts";
import { Markup } from "./runtime-value.ts";

/** A filter: its parameters after the value, and what it does. The value may be undefined. */
export interface Filter {
  readonly parameters: readonly string[];
  readonly run: (value: PythonValue, given: Arguments) => PythonValue;
}

/** A table of filters by name. */
export type Filters = { readonly [name: string]: Filter };

/** A filter without parameters. */
export function plain(run: (value: PythonValue) => PythonValue): Filter {
  return { parameters: [], run };
}

/** Jinja's `soft_str`: the value as text. Markup would stay markup, which is refused. */
export function softText(value: PythonValue): string {
  if (value instanceof Markup) throw unsupported("a filter on what tojson or safe gives");
  return str(value);
}
