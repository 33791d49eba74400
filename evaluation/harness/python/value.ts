// Python values in TypeScript. An integral `number` is a Python int, any other `number` is a Python float, and the
// floats that happen to be integral (1.0, -0.0) are wrapped so that they keep printing as floats. There is exactly one
// representation of every value, so `===` is a valid fast path everywhere.

import { PythonError, unsupported } from "./python-error.ts";

/** A Python float whose value is a safe integer (1.0, -0.0). Build floats with `makeFloat`, never directly. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A Python tuple. Lists are plain arrays. */
export class PythonTuple {
  readonly values: readonly PythonValue[];

  constructor(values: readonly PythonValue[]) {
    this.values = values;
  }
}

/** A Python set whose members are already distinct. Its Python order depends on hashes, so it cannot be printed. */
export class PythonSet {
  readonly values: readonly PythonValue[];

  constructor(values: readonly PythonValue[]) {
    this.values = values;
  }
}

/** Any other Python object (a range, an undefined name ...); says itself how it prints, counts and iterates. */
export abstract class PythonObject {
  /** Python's name of its type. */
  abstract readonly typeName: string;

  /** Python's `repr()`. Refuses unless overridden, since most objects print their address. */
  repr(): string {
    throw unsupported(`printing a ${this.typeName}`);
  }

  /** Python's `str()`. */
  str(): string {
    return this.repr();
  }

  /** Python's truth of it. */
  isTruthy(): boolean {
    return true;
  }

  /** Python's `len()`. */
  length(): number {
    throw new PythonError("TypeError", `object of type '${this.typeName}' has no len()`);
  }

  /** Python's `iter()`. */
  iterate(): Iterable<PythonValue> {
    throw new PythonError("TypeError", `'${this.typeName}' object is not iterable`);
  }

  /** Whether Python looks members up by their hash, so that an unhashable value is a TypeError. */
  hasHashedMembers(): boolean {
    return false;
  }

  /** Python's `==` with another object than itself. */
  equals(_other: PythonValue): boolean {
    throw unsupported(`comparing a ${this.typeName}`);
  }
}

/** A Python list. */
export type PythonList = readonly PythonValue[];

/** A Python dict in insertion order. Read and build it with the functions of `equality.ts` when keys are not strings. */
export interface PythonDict extends ReadonlyMap<PythonValue, PythonValue> {}

/**
 * Any Python value the harness's documents and templates use. Integral safe `number` = int, `bigint` = int beyond
 * 2^53 - 1, other `number` (1.5, NaN, Infinity, 1e300) = float, `PythonFloat` = integral float, array = list, Map = dict.
 */
export type PythonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PythonFloat
  | PythonList
  | PythonTuple
  | PythonSet
  | PythonObject
  | PythonDict;

/** The float of this value in its one representation. */
export function makeFloat(value: number): number | PythonFloat {
  return Number.isSafeInteger(value) ? new PythonFloat(value) : value;
}

/** The int of this value in its one representation. */
export function makeInt(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** True for list values. */
export function isList(value: unknown): value is PythonList {
  return Array.isArray(value);
}

/** True for dict values. */
export function isDict(value: unknown): value is PythonDict {
  return value instanceof Map;
}

/** True for ints without booleans. */
export function isInt(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

/** True for floats. */
export function isFloat(value: unknown): value is number | PythonFloat {
  return value instanceof PythonFloat || (typeof value === "number" && !Number.isSafeInteger(value));
}

/** Python's name of the value's type, as its error messages print it. */
export function typeName(value: PythonValue): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (isInt(value)) return "int";
  if (isFloat(value)) return "float";
  if (isList(value)) return "list";
  if (value instanceof PythonTuple) return "tuple";
  if (value instanceof PythonObject) return value.typeName;
  return value instanceof PythonSet ? "set" : "dict";
}
