import { assert } from "../base/assert.ts";

/** A small seeded random stream (splitmix32, 32-bit integers only), so that the suite is the same on every machine. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `bound` − 1. The bias of the remainder is far below what 200 samples could show. */
  below(bound: number): number {
    assert(Number.isInteger(bound) && bound > 0, "a bound must be a positive whole number");
    return this.#next() % bound;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    assert(chosen !== undefined, "cannot pick from an empty list");
    return chosen;
  }

  /** A new list with the same elements in a random order (Fisher and Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const rest = [...list];
    const shuffled: T[] = [];
    while (rest.length > 0) shuffled.push(...rest.splice(this.below(rest.length), 1));
    return shuffled;
  }

  /** `count` elements of a list, no position twice. */
  sample<T>(list: readonly T[], count: number): T[] {
    assert(count <= list.length, "cannot take more elements than there are");
    return this.shuffle(list).slice(0, count);
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
