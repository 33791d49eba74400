// The objects that exist only while a template renders.
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { isInt, PythonObject, PythonTuple, type PythonValue, typeName } from "../python/value.ts";

/** The arguments of a call as evaluated. */
export interface CallValues {
  readonly positional: readonly PythonValue[];
  readonly named: ReadonlyMap<string, PythonValue>;
}

/** A name or member that does not exist, under `StrictUndefined`: any use raises UndefinedError with its message. */
export class Undefined extends PythonObject {
  readonly typeName = "StrictUndefined";
  readonly message: string;

  constructor(message: string) {
    super();
    this.message = message;
  }

  /** The error of using it. */
  fail(): never {
    throw new PythonError("UndefinedError", this.message);
  }

  // Inside a list Python prints the object itself, which is allowed.
  override repr(): string {
    return "Undefined";
  }
  override str(): string {
    return this.fail();
  }
  override isTruthy(): boolean {
    return this.fail();
  }
  override length(): number {
    return this.fail();
  }
  override iterate(): Iterable<PythonValue> {
    return this.fail();
  }
}

/** The value, or UndefinedError if it is undefined. */
export function defined(value: PythonValue): PythonValue {
  return value instanceof Undefined ? value.fail() : value;
}

/** What looking up a missing member gives. */
export function missingMember(owner: PythonValue, key: PythonValue): Undefined {
  const name = owner === null ? "None" : `${typeName(owner)} object`;
  return new Undefined(
    typeof key === "string" ? `'${name}' has no attribute ${repr(key)}` : `${name} has no element ${repr(key)}`,
  );
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

/** The special variable `loop` of a `for` body. */
export class LoopState extends PythonObject {
  readonly typeName = "LoopContext";
  readonly #values: readonly PythonValue[];
  #changedKey: readonly PythonValue[] | undefined;
  index0 = 0;

  constructor(values: readonly PythonValue[]) {
    super();
    this.#values = values;
  }

  /** Python's `getattr(loop, name)`; undefined when there is no such attribute. */
  attribute(name: string): PythonValue | undefined {
    const last = this.#values.length - 1;
    switch (name) {
      case "index":
        return this.index0 + 1;
      case "index0":
        return this.index0;
      case "revindex":
        return last - this.index0 + 1;
      case "revindex0":
        return last - this.index0;
      case "first":
        return this.index0 === 0;
      case "last":
        return this.index0 === last;
      case "length":
        return this.#values.length;
      case "previtem":
        return this.#values[this.index0 - 1] ?? this.#neighbour(this.index0 - 1, "there is no previous item");
      case "nextitem":
        return this.#values[this.index0 + 1] ?? this.#neighbour(this.index0 + 1, "there is no next item");
      case "depth":
        return 1;
      case "depth0":
        return 0;
      case "cycle":
        return new Callable(({ positional }) => this.#cycle(positional));
      case "changed":
        return new Callable(({ positional }) => this.#changed(positional));
      default:
        return undefined;
    }
  }

  // A neighbour can be null, which is a value, or missing.
  #neighbour(index: number, message: string): PythonValue {
    return index >= 0 && index < this.#values.length ? null : new Undefined(message);
  }

  #cycle(values: readonly PythonValue[]): PythonValue {
    const value = values[this.index0 % values.length];
    if (value === undefined) throw new PythonError("TypeError", "no items for cycling given");
    return value;
  }

  #changed(values: readonly PythonValue[]): boolean {
    const before = this.#changedKey;
    this.#changedKey = values;
    return before === undefined || repr(before) !== repr(values);
  }
}

/** Python's `range(stop)` and `range(start, stop, step)`. */
export function makeRange({ positional, named }: CallValues): Range {
  if (named.size > 0) throw new PythonError("TypeError", "range() takes no keyword arguments");
  const numbers = positional.map((value) => {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (isInt(value) && typeof value === "number") return value;
    throw new PythonError("TypeError", `'${typeName(defined(value))}' object cannot be interpreted as an integer`);
  });
  const [first = 0, second, step = 1] = numbers;
  if (numbers.length < 1 || numbers.length > 3) throw new PythonError("TypeError", "range expected 1 to 3 arguments");
  if (step === 0) throw new PythonError("ValueError", "range() arg 3 must not be zero");
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > 1_000_000) throw unsupported("a range of more than 1,000,000 numbers");
  const text = step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
  return new Range(
    Array.from({ length: count }, (_, index) => start + index * step),
    text,
  );
}

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
