import { SeededRandom } from "../../../quickstart/seeded-random.ts";

/** A table of things to draw from, by kind. */
export interface Table<Value> {
  readonly [kind: string]: Value;
}

/** Draws from one stream, and counts how often each kind of thing was drawn by all streams that share the counts. */
export class Draws {
  readonly #random: SeededRandom;
  readonly #counts: Map<string, number>;

  /** `counts` by kind; a kind that could have been drawn and never was stands there with 0. */
  constructor(seed: number, counts: Map<string, number>) {
    this.#random = new SeededRandom(seed);
    this.#counts = counts;
  }

  below(limit: number): number {
    return this.#random.below(limit);
  }

  /** True once in so many times, which need not be whole. */
  once(times: number): boolean {
    return this.#random.below(1000) < 1000 / times;
  }

  pick<Value>(values: readonly Value[]): Value {
    return this.#random.pick(values);
  }

  some<Value>(values: readonly Value[], most: number): readonly Value[] {
    return this.#random.sample(values, 1 + this.#random.below(Math.min(most, values.length)));
  }

  /** One of a table's values, counted as `group: kind`. */
  from<Value>(group: string, table: Table<Value>): Value {
    const kinds = Object.keys(table);
    for (const kind of kinds) this.#count(`${group}: ${kind}`, 0);
    const kind = this.pick(kinds);
    this.#count(`${group}: ${kind}`, 1);
    return table[kind]!;
  }

  /** Some of a table's values. */
  someFrom<Value>(group: string, table: Table<Value>, most: number): readonly Value[] {
    const kinds = Object.keys(table);
    for (const kind of kinds) this.#count(`${group}: ${kind}`, 0);
    return this.some(kinds, most).map((kind) => {
      this.#count(`${group}: ${kind}`, 1);
      return table[kind]!;
    });
  }

  /** A field with a value once in so many times, else nothing. The value may be undefined: nothing then, too. */
  field(name: string, times: number, make: () => unknown): { readonly [key: string]: unknown } {
    this.#count(`field: ${name}`, 0);
    const value = this.once(times) ? make() : undefined;
    if (value === undefined) return {};
    this.#count(`field: ${name}`, 1);
    return { [name.slice(name.lastIndexOf(".") + 1)]: value };
  }

  /** Whether something happens that is counted. */
  happens(kind: string, times: number): boolean {
    const does = this.once(times);
    this.#count(kind, does ? 1 : 0);
    return does;
  }

  #count(kind: string, more: number): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + more);
  }
}
