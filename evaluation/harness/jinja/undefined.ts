import { PythonError, unsupported } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { PythonObject, type PythonValue, typeName } from "../python/value.ts";

/** A name or member that does not exist, under `StrictUndefined`: any use raises UndefinedError with its message. */
export class Undefined extends PythonObject {
  readonly typeName: string = "StrictUndefined";
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
  override equals(): boolean {
    return this.fail();
  }
}

/** What `a if b` without `else` gives: Jinja's plain `Undefined`, which prints as nothing and is false, even here. */
export class Blank extends Undefined {
  override readonly typeName = "Undefined";

  override fail(): never {
    throw unsupported("using the value of an inline if without else");
  }
  override str(): string {
    return "";
  }
  override isTruthy(): boolean {
    return false;
  }
  override length(): number {
    return 0;
  }
  override iterate(): Iterable<PythonValue> {
    return [];
  }
}

/** The value, or UndefinedError if it is undefined. */
export function defined(value: PythonValue): PythonValue {
  return value instanceof Undefined ? value.fail() : value;
}

/** What looking up a missing member gives. */
export function missingMember(owner: PythonValue, key: PythonValue): Undefined {
  if (owner === null) return new Undefined(`'None' has no attribute ${typeof key === "string" ? repr(key) : "at all"}`);
  const name = `${typeName(owner)} object`;
  return new Undefined(
    typeof key === "string" ? `'${name}' has no attribute ${repr(key)}` : `${name} has no element ${elementName(key)}`,
  );
}

function elementName(key: PythonValue): string {
  return key instanceof PythonObject ? `of type ${key.typeName}` : repr(key);
}
