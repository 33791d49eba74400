import { unsupported } from "../python/python-error.ts";
import type { PythonDict, PythonValue } from "../python/value.ts";
import { Callable, makeNamespace, makeRange, Undefined } from "./runtime-value.ts";

/** What every template can name. */
const GLOBALS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ["range", new Callable(makeRange)],
  ["namespace", new Callable(makeNamespace)],
  ["dict", new Callable(({ positional, named }) => makeDict(positional[0], named))],
]);

/** Other globals of Jinja; naming them is refused rather than undefined. */
const REFUSED_GLOBALS = new Set(["lipsum", "cycler", "joiner"]);

/** The names at one place of a template: a loop's body has its own, which end with each turn. */
export class Scope {
  readonly #outer: Scope | null;
  readonly #variables: PythonDict;
  #own: Map<string, PythonValue> | null = null;

  constructor(variables: PythonDict, outer: Scope | null = null) {
    this.#variables = variables;
    this.#outer = outer;
  }

  /** A scope within this one. */
  inner(): Scope {
    return new Scope(this.#variables, this);
  }

  set(name: string, value: PythonValue): void {
    this.#own ??= new Map();
    this.#own.set(name, value);
  }

  lookUp(name: string): PythonValue {
    const own = this.#own?.get(name);
    if (own !== undefined) return own;
    if (this.#outer !== null) return this.#outer.lookUp(name);
    const value = this.#variables.get(name) ?? GLOBALS.get(name);
    if (value !== undefined) return value;
    if (REFUSED_GLOBALS.has(name)) throw unsupported(`the global ${name}`);
    return this.#variables.has(name) ? null : new Undefined(`'${name}' is undefined`);
  }
}

function makeDict(first: PythonValue | undefined, named: ReadonlyMap<string, PythonValue>): PythonDict {
  if (first !== undefined && !(first instanceof Map)) throw unsupported("dict() of something else than a dict");
  return new Map<PythonValue, PythonValue>([...(first ?? new Map<PythonValue, PythonValue>()), ...named]);
}
