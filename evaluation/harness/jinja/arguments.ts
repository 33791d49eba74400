import { PythonError } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { toIndex } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { type PythonValue, typeName } from "../python/value.ts";
import type { CallValues } from "./runtime-value.ts";
import { operand } from "./operand.ts";

/** The parameters of a filter, test or method, in order; those with `?` may be left out. */
export interface Signature {
  readonly name: string;
  readonly parameters: readonly string[];
  /** Whether arguments may be given by name. */
  readonly byName: boolean;
}

/** The arguments of a call, read by the position of their parameter. */
export class Arguments {
  readonly #values: readonly (PythonValue | undefined)[];
  readonly #name: string;

  constructor(signature: Signature, call: CallValues) {
    this.#name = signature.name;
    this.#values = bind(signature, call);
  }

  /** The raw value, or undefined where it was left out. */
  raw(index: number): PythonValue | undefined {
    return this.#values[index];
  }

  /** A defined value, or undefined where it was left out. */
  value(index: number): PythonValue | undefined {
    const value = this.#values[index];
    return value === undefined ? undefined : operand(value);
  }

  /** A text; TypeError for anything else. */
  text(index: number): string {
    const value = this.value(index);
    if (typeof value === "string") return value;
    throw new PythonError(
      "TypeError",
      `${this.#name}: argument ${index + 1} must be str, not ${typeName(value ?? null)}`,
    );
  }

  /** A text or None; null where it was left out. */
  optionalText(index: number): string | null {
    return (this.value(index) ?? null) === null ? null : this.text(index);
  }

  /** The value as `str()` prints it. */
  printed(index: number, fallback: string): string {
    const value = this.#values[index];
    return value === undefined ? fallback : str(value);
  }

  /** An int. */
  integer(index: number, fallback: number): number {
    const value = this.value(index);
    return value === undefined ? fallback : toIndex(value);
  }

  /** An int or None. */
  optionalInteger(index: number): number | null {
    return (this.value(index) ?? null) === null ? null : this.integer(index, 0);
  }

  /** The truth of the value; false where it was left out. */
  flag(index: number): boolean {
    const value = this.value(index);
    return value !== undefined && isTruthy(value);
  }
}

function bind(signature: Signature, call: CallValues): (PythonValue | undefined)[] {
  const { name, parameters, byName } = signature;
  if (call.positional.length > parameters.length) {
    throw new PythonError("TypeError", `${name}() takes at most ${parameters.length} arguments`);
  }
  const values: (PythonValue | undefined)[] = [...call.positional];
  for (const [parameter, value] of call.named) {
    const index = parameters.findIndex((candidate) => candidate.replace("?", "") === parameter);
    if (!byName || index < 0)
      throw new PythonError("TypeError", `${name}() got an unexpected keyword argument '${parameter}'`);
    if (values[index] !== undefined)
      throw new PythonError("TypeError", `${name}() got multiple values for '${parameter}'`);
    values[index] = value;
  }
  const missing = parameters.find((parameter, index) => !parameter.endsWith("?") && values[index] === undefined);
  if (missing !== undefined) throw new PythonError("TypeError", `${name}() missing the argument '${missing}'`);
  return values;
}
