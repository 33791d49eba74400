import { PythonError, unsupported } from "../python/python-error.ts";
import { isDict, type PythonDict, type PythonValue } from "../python/value.ts";
import { Callable, type CallValues, makeNamespace, makeRange } from "./runtime-value.ts";
import { Undefined } from "./undefined.ts";

/** What every template can name. */
const GLOBALS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ["range", new Callable(makeRange)],
  ["namespace", new Callable(makeNamespace)],
  ["dict", new Callable(makeDict)],
]);

/** Other names that Jinja gives every template; naming them is refused rather than undefined. */
const REFUSED_NAMES = new Set(["lipsum", "cycler", "joiner", "self"]);

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
    const value = this.#own?.get(name);
    if (value !== undefined) return value;
    return this.#outer === null ? this.#outermost(name) : this.#outer.lookUp(name);
  }

  #outermost(name: string): PythonValue {
    let value = this.#variables.get(name);
    if (value === undefined) value = GLOBALS.get(name);
    return value === undefined ? new Undefined(`'${name}' is undefined`) : value;
  }
}

/** Refuses names that mean something else in Jinja than a document's column. */
export function assertOrdinaryName(name: string): void {
  if (REFUSED_NAMES.has(name)) throw unsupported(`the name ${name}`);
}

function makeDict({ positional: [first, ...more], named }: CallValues): PythonDict {
  if (more.length > 0) throw new PythonError("TypeError", "dict expected at most 1 argument");
  if (first !== undefined && !isDict(first)) throw unsupported("dict() of something else than a dict");
  return new Map<PythonValue, PythonValue>([...(first ?? new Map<PythonValue, PythonValue>()), ...named]);
}
