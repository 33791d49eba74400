// The objects that exist only while a template renders.
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { isInt, PythonObject, PythonTuple, type PythonValue, typeName } from "../python/value.ts";
import { defined } from "./undefined.ts";

/** The arguments of a call as evaluated. */
export interface CallValues {
  readonly positional: readonly PythonValue[];
  readonly named: ReadonlyMap<string, PythonValue>;
}

/** Something that can be called: a method of a value, or a global function. */
export class Callable extends PythonObject {
  readonly typeName = "builtin_function_or_method";
  readonly call: (values: CallValues) => PythonValue;

  constructor(call: (values: CallValues) => PythonValue) {
    super();
    this.call = call;
  }
}

/** Jinja's `namespace()`: attributes that loops can write. */
export class Namespace extends PythonObject {
  readonly typeName = "Namespace";
  readonly attributes: Map<PythonValue, PythonValue>;

  constructor(attributes: Map<PythonValue, PythonValue>) {
    super();
    this.attributes = attributes;
  }
}

/** Python's `range`. */
export class Range extends PythonObject {
  readonly typeName = "range";
  readonly values: readonly number[];
  readonly #text: string;

  constructor(values: readonly number[], text: string) {
    super();
    this.values = values;
    this.#text = text;
  }

  override repr(): string {
    return this.#text;
  }
  override isTruthy(): boolean {
    return this.values.length > 0;
  }
  override length(): number {
    return this.values.length;
  }
  override iterate(): Iterable<PythonValue> {
    return this.values;
  }
}

/** What `dict.keys()`, `.values()` and `.items()` give. */
export class DictView extends PythonObject {
  readonly typeName: string;
  readonly #values: readonly PythonValue[];

  constructor(kind: "keys" | "values" | "items", values: readonly PythonValue[]) {
    super();
    this.typeName = `dict_${kind}`;
    this.#values = values;
  }

  override repr(): string {
    return `${this.typeName}(${repr(this.#values)})`;
  }
  override isTruthy(): boolean {
    return this.#values.length > 0;
  }
  override hasHashedMembers(): boolean {
    return this.typeName === "dict_keys";
  }
  override length(): number {
    return this.#values.length;
  }
  override iterate(): Iterable<PythonValue> {
    return this.#values;
  }
}

/** A Python generator or iterator: its values can be taken once. */
export class Lazy extends PythonObject {
  readonly typeName = "generator";
  readonly #iterator: Iterator<PythonValue>;

  constructor(values: Iterable<PythonValue>) {
    super();
    this.#iterator = values[Symbol.iterator]();
  }

  override iterate(): Iterable<PythonValue> {
    const iterator = this.#iterator;
    // Without `return`, stopping early keeps the rest for the next reader, as in Python.
    return { [Symbol.iterator]: () => ({ next: () => iterator.next() }) };
  }
}

/** As many as there are code points, which helpers go through. */
const RANGE_MAX = 1_200_000;

/** Python's `range(stop)` and `range(start, stop, step)`. */
export function makeRange({ positional, named }: CallValues): Range {
  if (named.size > 0) throw new PythonError("TypeError", "range() takes no keyword arguments");
  const numbers = positional.map((value) => {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "bigint") throw unsupported("a range of numbers beyond 2^53");
    if (isInt(value)) return value;
    throw new PythonError("TypeError", `'${typeName(defined(value))}' object cannot be interpreted as an integer`);
  });
  const [first = 0, second, step = 1] = numbers;
  if (numbers.length < 1 || numbers.length > 3) throw new PythonError("TypeError", "range expected 1 to 3 arguments");
  if (step === 0) throw new PythonError("ValueError", "range() arg 3 must not be zero");
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > RANGE_MAX) throw unsupported("a range of more than 1,200,000 numbers");
  const text = step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
  return new Range(
    Array.from({ length: count }, (_, index) => start + index * step),
    text,
  );
}

/** What `tojson` and `safe` give: text that escapes what is joined to it, so that here it can only be printed. */
export class Markup extends PythonObject {
  readonly typeName = "Markup";
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override str(): string {
    return this.#text;
  }
  override isTruthy(): boolean {
    return this.#text !== "";
  }
  override length(): number {
    throw unsupported("the length of what tojson or safe gives");
  }
  override iterate(): Iterable<PythonValue> {
    throw unsupported("the characters of what tojson or safe gives");
  }
}

/** What `groupby` gives: a pair whose parts have names. */
export class GroupTuple extends PythonTuple {}

/** Jinja's `namespace(...)`: from a dict and named values. */
export function makeNamespace({ positional, named }: CallValues): Namespace {
  const [first] = positional;
  if (first !== undefined && !(first instanceof Map)) throw unsupported("namespace() of something else than a dict");
  return new Namespace(new Map<PythonValue, PythonValue>([...(first ?? new Map()), ...named]));
}

/** Pairs as Python tuples. */
export function makePairs(entries: Iterable<readonly [PythonValue, PythonValue]>): PythonTuple[] {
  return Array.from(entries, ([key, value]) => new PythonTuple([key, value]));
}
