import { assert } from "../../base/assert.ts";

interface Entry {
  readonly atMs: number;
  /** Orders entries of the same time by when they were made. */
  readonly order: number;
  readonly action: () => void;
}

/** Time that passes only from one scheduled action to the next: hours take seconds, and every run is repeatable. */
export class VirtualClock {
  nowMs = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  /** Schedules an action. */
  after(delayMs: number, action: () => void): void {
    assert(delayMs >= 0, "time does not run backwards");
    this.#heap.push({ atMs: this.nowMs + delayMs, order: this.#order++, action });
    this.#rise(this.#heap.length - 1);
  }

  /** Performs the next action; false where none is left before `untilMs`. */
  advance(untilMs: number): boolean {
    const [next] = this.#heap;
    if (next === undefined || next.atMs > untilMs) return false;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.nowMs = next.atMs;
    next.action();
    return true;
  }

  #rise(start: number): void {
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!isBefore(this.#heap[at]!, this.#heap[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(start: number): void {
    for (let at = start; ;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && isBefore(this.#heap[child]!, this.#heap[first]!)) first = child;
      }
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #swap(left: number, right: number): void {
    [this.#heap[left], this.#heap[right]] = [this.#heap[right]!, this.#heap[left]!];
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
