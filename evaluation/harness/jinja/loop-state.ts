// Jinja's `LoopContext` (`jinja2/runtime.py`): it takes values one at a time, and reads ahead only when it is asked what
// comes next.
import { memberEquals } from "../python/equality.ts";
import { PythonError } from "../python/python-error.ts";
import { iterate, lengthOf } from "../python/sequence.ts";
import { PythonObject, PythonTuple, type PythonValue } from "../python/value.ts";
import { Callable, Lazy } from "./runtime-value.ts";
import { Undefined } from "./undefined.ts";

/** The special variable `loop` of a `for` body. */
export class LoopState extends PythonObject {
  readonly typeName = "LoopContext";
  readonly #source: PythonValue;
  #iterator: Iterator<PythonValue>;
  #length: number | undefined;
  #before: PythonValue | undefined;
  #current: PythonValue | undefined;
  #after: PythonValue | undefined;
  #lastChanged: PythonTuple | undefined;
  #index0 = -1;

  constructor(source: PythonValue) {
    super();
    this.#source = source;
    this.#iterator = iterate(source)[Symbol.iterator]();
  }

  /** The next value; undefined at the end. */
  next(): PythonValue | undefined {
    const value = this.#peek();
    if (value === undefined) return undefined;
    this.#after = undefined;
    this.#index0 += 1;
    this.#before = this.#current;
    this.#current = value;
    return value;
  }

  /** Python's `getattr(loop, name)`; undefined when there is no such attribute. */
  attribute(name: string): PythonValue | undefined {
    switch (name) {
      case "index":
        return this.#index0 + 1;
      case "index0":
        return this.#index0;
      case "revindex":
        return this.length() - this.#index0;
      case "revindex0":
        return this.length() - this.#index0 - 1;
      case "first":
        return this.#index0 === 0;
      case "last":
        return this.#peek() === undefined;
      case "length":
        return this.length();
      case "previtem":
        return this.#neighbour(this.#before, "there is no previous item");
      case "nextitem":
        return this.#neighbour(this.#peek(), "there is no next item");
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

  /** What has no length of its own is read to its end to count it. */
  override length(): number {
    if (this.#length !== undefined) return this.#length;
    if (!(this.#source instanceof Lazy)) return (this.#length = lengthOf(this.#source));
    const rest: PythonValue[] = [];
    for (let next = this.#iterator.next(); next.done !== true; next = this.#iterator.next()) rest.push(next.value);
    this.#iterator = rest[Symbol.iterator]();
    this.#length = rest.length + this.#index0 + 1 + (this.#after === undefined ? 0 : 1);
    return this.#length;
  }

  #peek(): PythonValue | undefined {
    if (this.#after !== undefined) return this.#after;
    const next = this.#iterator.next();
    this.#after = next.done === true ? undefined : next.value;
    return this.#after;
  }

  #neighbour(value: PythonValue | undefined, message: string): PythonValue {
    return value === undefined ? new Undefined(message) : value;
  }

  #cycle(values: readonly PythonValue[]): PythonValue {
    const value = values[this.#index0 % values.length];
    if (value === undefined) throw new PythonError("TypeError", "no items for cycling given");
    return value;
  }

  #changed(values: readonly PythonValue[]): boolean {
    const value = new PythonTuple(values);
    if (this.#lastChanged !== undefined && memberEquals(this.#lastChanged, value)) return false;
    this.#lastChanged = value;
    return true;
  }
}
