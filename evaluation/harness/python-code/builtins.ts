// Python's built-in functions and types, as far as they are done exactly.
import { Callable, type CallValues, Lazy, makeRange, Range } from "../jinja/runtime-value.ts";
import { absolute, round, sum } from "../python/arithmetic.ts";
import { dictSet } from "../python/equality.ts";
import { parseInteger, toFloat, toInt } from "../python/number-text.ts";
import { isOrdered } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr, str } from "../python/represent.ts";
import { iterate, lengthOf, toIndex } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, isFloat, isInt, isList, PythonSet, PythonTuple, type PythonValue } from "../python/value.ts";
import { attributeOf } from "./access.ts";
import { exceptionTypes } from "./exceptions.ts";
import { formatValue } from "../python/format-value.ts";
import { membersOf, pairsOf, sortBy } from "./members.ts";
import { callWith, TypeObject } from "./runtime.ts";
import { makeSet } from "./sets.ts";

/** A function of positional arguments alone, so many at least and at most. */
export function plainFunction(
  name: string,
  [least, most]: readonly [number, number],
  run: (...values: PythonValue[]) => PythonValue,
): Callable {
  return new Callable(({ positional, named }) => {
    if (named.size > 0) throw unsupported(`${name}() with named arguments`);
    if (positional.length < least || positional.length > most) {
      throw new PythonError("TypeError", `${name}() got ${positional.length} arguments`);
    }
    return run(...positional);
  });
}

const TYPES = {
  str: new TypeObject(
    "str",
    convert("str", (value) => (value === undefined ? "" : str(value))),
    (value) => typeof value === "string",
  ),
  int: new TypeObject("int", makeInt, (value) => isInt(value) || typeof value === "boolean"),
  float: new TypeObject(
    "float",
    convert("float", (value) => toFloat(value === undefined ? 0 : value)),
    isFloat,
  ),
  bool: new TypeObject(
    "bool",
    convert("bool", (value) => value !== undefined && isTruthy(value)),
    (value) => typeof value === "boolean",
  ),
  list: new TypeObject(
    "list",
    convert("list", (value) => (value === undefined ? [] : [...iterate(value)])),
    isList,
  ),
  tuple: new TypeObject(
    "tuple",
    convert("tuple", (value) => new PythonTuple(value === undefined ? [] : [...iterate(value)])),
    (value) => value instanceof PythonTuple,
  ),
  dict: new TypeObject("dict", makeDict, isDict),
  set: new TypeObject(
    "set",
    convert("set", (value) => makeSet(value === undefined ? [] : membersOf(value))),
    (value) => value instanceof PythonSet,
  ),
};

function convert(
  name: string,
  run: (value: PythonValue | undefined) => PythonValue,
): (values: CallValues) => PythonValue {
  return ({ positional, named }) => {
    if (named.size > 0 || positional.length > 1) throw unsupported(`${name}() with several arguments`);
    return run(positional[0]);
  };
}

function makeInt({ positional: [value, base], named }: CallValues): PythonValue {
  if (named.size > 0) throw unsupported("int() with named arguments");
  if (base === undefined) return value === undefined ? 0 : toInt(value);
  if (typeof value !== "string")
    throw new PythonError("TypeError", "int() can't convert non-string with explicit base");
  return parseInteger(value, toIndex(base));
}

function makeDict({ positional: [value], named }: CallValues): PythonValue {
  const dict = new Map<PythonValue, PythonValue>();
  for (const [key, member] of value === undefined ? [] : pairsOf(value)) dictSet(dict, key, member);
  for (const [key, member] of named) dict.set(key, member);
  return dict;
}

function isInstance(value: PythonValue, type: PythonValue): boolean {
  if (type instanceof PythonTuple) return type.values.some((each) => isInstance(value, each));
  if (type instanceof TypeObject) return type.includes(value);
  throw unsupported("isinstance of such a type");
}

function typeOf(value: PythonValue): PythonValue {
  if (typeof value === "boolean") return TYPES.bool;
  const type = Object.values(TYPES).find((candidate) => candidate.includes(value));
  if (type === undefined) throw unsupported("type() of such a value");
  return type;
}

function extreme(name: string, operator: "<" | ">"): Callable {
  return new Callable(({ positional, named }) => {
    const values = positional.length === 1 ? [...membersOf(positional[0]!)] : positional;
    const key = named.get("key") ?? null;
    if (values.length === 0) {
      const fallback = named.get("default");
      if (fallback !== undefined) return fallback;
      throw new PythonError("ValueError", `${name}() arg is an empty sequence`);
    }
    if (positional.length === 1 && positional[0] instanceof PythonSet && key !== null)
      throw unsupported(`${name} of a set by key`);
    const ranks = key === null ? values : values.map((value) => callWith(key, value));
    let best = 0;
    ranks.forEach((rank, index) => {
      if (isOrdered(operator, rank, ranks[best]!)) best = index;
    });
    return values[best]!;
  });
}

function* zip(sources: readonly PythonValue[]): Generator<PythonValue> {
  const iterators = sources.map((source) => iterate(source)[Symbol.iterator]());
  if (iterators.length === 0) return;
  for (;;) {
    const row: PythonValue[] = [];
    for (const iterator of iterators) {
      const { done, value } = iterator.next();
      if (done === true) return;
      row.push(value);
    }
    yield new PythonTuple(row);
  }
}

function* enumerate(source: PythonValue, start: number): Generator<PythonValue> {
  let index = start;
  for (const value of iterate(source)) yield new PythonTuple([index++, value]);
}

function* mapped(callee: PythonValue, sources: readonly PythonValue[]): Generator<PythonValue> {
  const [only] = sources;
  if (sources.length === 1) for (const value of iterate(only!)) yield callWith(callee, value);
  else for (const row of zip(sources)) yield callWith(callee, ...(row as PythonTuple).values);
}

function* filtered(callee: PythonValue, source: PythonValue): Generator<PythonValue> {
  for (const value of iterate(source)) if (isTruthy(callee === null ? value : callWith(callee, value))) yield value;
}

function next(source: PythonValue, fallback: PythonValue | undefined): PythonValue {
  if (!(source instanceof Lazy)) throw unsupported("next() of something else than an iterator");
  for (const value of source.iterate()) return value;
  if (fallback !== undefined) return fallback;
  throw new PythonError("StopIteration", "");
}

/** Whether a member has this truth; members after it are not looked at. */
function anyOf(values: PythonValue, truth: boolean): boolean {
  for (const value of membersOf(values)) if (isTruthy(value) === truth) return true;
  return false;
}

function reversed(source: PythonValue): PythonValue {
  if (!isList(source) && typeof source !== "string" && !(source instanceof PythonTuple || source instanceof Range)) {
    throw unsupported("reversed() of such a value");
  }
  return new Lazy([...iterate(source)].reverse());
}

function sumOf({ positional: [values, start], named }: CallValues): PythonValue {
  const from = start ?? named.get("start") ?? 0;
  if (values instanceof PythonSet && values.values.some(isFloat)) throw unsupported("the sum of a set of floats");
  return sum(membersOf(values!), from);
}

const FUNCTIONS: { readonly [name: string]: Callable } = {
  ...TYPES,
  frozenset: TYPES.set,
  len: plainFunction("len", [1, 1], (value) => lengthOf(value)),
  range: new Callable(makeRange),
  enumerate: new Callable(
    ({ positional: [source, start], named }) => new Lazy(enumerate(source!, toIndex(start ?? named.get("start") ?? 0))),
  ),
  zip: new Callable(({ positional, named }) => {
    if (named.size > 0) throw unsupported("zip(strict=)");
    return new Lazy(zip(positional));
  }),
  map: plainFunction("map", [2, 9], (callee, ...sources) => new Lazy(mapped(callee, sources))),
  filter: plainFunction("filter", [2, 2], (callee, source) => new Lazy(filtered(callee, source))),
  sorted: new Callable(({ positional: [values], named }) => {
    if (values instanceof PythonSet && named.has("key") && values.values.length > 1)
      throw unsupported("sorting a set by a key");
    return sortBy([...membersOf(values!)], named);
  }),
  reversed: plainFunction("reversed", [1, 1], (source) => reversed(source)),
  min: extreme("min", "<"),
  max: extreme("max", ">"),
  sum: new Callable(sumOf),
  abs: plainFunction("abs", [1, 1], (value) => absolute(value)),
  round: plainFunction("round", [1, 2], (value, digits) =>
    round(value, digits === undefined || digits === null ? null : toIndex(digits)),
  ),
  any: plainFunction("any", [1, 1], (values) => anyOf(values, true)),
  all: plainFunction("all", [1, 1], (values) => !anyOf(values, false)),
  isinstance: plainFunction("isinstance", [2, 2], (value, type) => isInstance(value, type)),
  type: plainFunction("type", [1, 1], (value) => typeOf(value)),
  callable: plainFunction("callable", [1, 1], (value) => value instanceof Callable),
  repr: plainFunction("repr", [1, 1], (value) => repr(value)),
  format: plainFunction("format", [1, 2], (value, specification) =>
    formatValue(value, specification === undefined ? "" : str(specification)),
  ),
  chr: plainFunction("chr", [1, 1], (code) => character(toIndex(code))),
  ord: plainFunction("ord", [1, 1], (text) => codePoint(text)),
  iter: plainFunction("iter", [1, 1], (source) => (source instanceof Lazy ? source : new Lazy(iterate(source)))),
  next: plainFunction("next", [1, 2], (source, fallback) => next(source, fallback)),
  print: new Callable(() => null),
  getattr: plainFunction("getattr", [2, 2], (owner, name) => attributeOf(owner, str(name))),
};

function character(code: number): string {
  if (code < 0 || code > 0x10ffff) throw new PythonError("ValueError", "chr() arg not in range(0x110000)");
  return String.fromCodePoint(code);
}

function codePoint(text: PythonValue): number {
  const [only, ...rest] = typeof text === "string" ? Array.from(text) : [];
  if (only === undefined || rest.length > 0) throw new PythonError("TypeError", "ord() expected a character");
  return only.codePointAt(0)!;
}

const BUILTINS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ...Object.entries(FUNCTIONS),
  ...exceptionTypes(),
]);

/** The built-in of that name. */
export function findBuiltin(name: string): PythonValue | undefined {
  return BUILTINS.get(name);
}
