import { assert } from "../../../base/assert.ts";
import { toFloatNumber } from "../python/number-text.ts";
import type { ColumnData } from "../../task-scorer.ts";
import { PythonTuple, type PythonValue } from "../python/value.ts";

/** One column, sample after sample: numbers in 8 bytes each, or values as they are where the width is null. */
export class ColumnValues {
  readonly #width: 1 | 2 | null;
  readonly #values: PythonValue[] = [];
  #numbers = new Float64Array(256);
  #length = 0;

  constructor(width: 1 | 2 | null) {
    this.#width = width;
  }

  /** Adds one sample's value: a number, or a pair where the column is wide. */
  push(value: PythonValue): void {
    if (this.#width === null) {
      this.#values.push(value);
      return;
    }
    const parts = numbersOf(value);
    assert(parts.length === this.#width, `a value of ${parts.length} numbers for a column of ${this.#width}`);
    if (this.#length + parts.length > this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    for (const part of parts) this.#numbers[this.#length++] = part;
  }

  values(): ColumnData {
    return this.#width === null ? this.#values : this.#numbers.subarray(0, this.#length);
  }
}

/** The numbers of a metric's value: one, or those of a tuple. */
export function numbersOf(value: PythonValue): number[] {
  return value instanceof PythonTuple ? value.values.map(toFloatNumber) : [toFloatNumber(value)];
}
