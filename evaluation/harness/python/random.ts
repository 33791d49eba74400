// The Mersenne Twister of CPython 3.11 (`Modules/_randommodule.c`, `Lib/random.py`): the same seed draws the same
// few-shot documents and bootstrap samples. 624 words of state; each draw tempers one word.
import { PythonError } from "./python-error.ts";

const STATE_WORDS = 624;
const SHIFT_WORDS = 397;

/** Python's `random.Random(seed)` for integer seeds: the same stream to the bit. */
export class PythonRandom {
  readonly #state = new Uint32Array(STATE_WORDS);
  /** The same words as signed numbers, which are faster to mix. */
  readonly #signed = new Int32Array(this.#state.buffer);
  #index = STATE_WORDS;

  constructor(seed: number | bigint) {
    this.seed(seed);
  }

  /** Python's `seed(int)`: the absolute value counts. */
  seed(seed: number | bigint): void {
    let rest = BigInt(seed);
    if (rest < 0n) rest = -rest;
    const key: number[] = [];
    for (; rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn));
    this.#seedByKey(key.length === 0 ? [0] : key);
  }

  /** Python's `random()`: a float in [0, 1) with 53 random bits. */
  random(): number {
    const high = this.#nextWord() >>> 5;
    const low = this.#nextWord() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Python's `getrandbits(count)` for 0 to 53 bits. */
  getRandomBits(count: number): number {
    if (count < 0) throw new PythonError("ValueError", "number of bits must be non-negative");
    if (count > 53) throw new PythonError("Unsupported", "getrandbits of more than 53 bits");
    if (count === 0) return 0;
    if (count <= 32) return this.#nextWord() >>> (32 - count);
    const low = this.#nextWord();
    return (this.#nextWord() >>> (64 - count)) * 4294967296 + low;
  }

  /** Python's `_randbelow(limit)`: an int in [0, limit), limit at least 1 and at most 2^53 - 1. */
  randomBelow(limit: number): number {
    const bits = limit < 4294967296 ? 32 - Math.clz32(limit) : 64 - Math.clz32(Math.floor(limit / 4294967296));
    let value = this.getRandomBits(bits);
    while (value >= limit) value = this.getRandomBits(bits);
    return value;
  }

  /** Python's `randrange(start, stop, step)`; `randrange(stop)` is `randomRange(0, stop)`. */
  randomRange(start: number, stop: number, step = 1): number {
    if (step === 0) throw new PythonError("ValueError", "zero step for randrange()");
    const count = step > 0 ? Math.ceil((stop - start) / step) : Math.ceil((start - stop) / -step);
    if (count <= 0) throw new PythonError("ValueError", `empty range for randrange() (${start}, ${stop}, ${step})`);
    return start + step * this.randomBelow(count);
  }

  /** Python's `randint(low, high)`: both ends included. */
  randomInteger(low: number, high: number): number {
    return this.randomRange(low, high + 1);
  }

  /** Python's `uniform(low, high)`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Python's `choice(values)`. */
  choice<Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new PythonError("IndexError", "list index out of range");
    return values[this.randomBelow(values.length)] as Value;
  }

  /** Python's `choices(values, k=count)` without weights: with replacement. */
  choices<Value>(values: readonly Value[], count: number): Value[] {
    const result: Value[] = [];
    if (values.length === 0 && count > 0) throw new PythonError("IndexError", "list index out of range");
    for (let drawn = 0; drawn < count; drawn += 1) {
      result.push(values[Math.floor(this.random() * values.length)] as Value);
    }
    return result;
  }

  /** The indices that `choices` would draw from `length` values, into `indices`; the bootstrap's inner loop. */
  fillChoiceIndices(indices: Uint32Array, length: number): void {
    const state = this.#signed;
    let position = this.#index;
    for (let drawn = 0; drawn < indices.length; drawn += 1) {
      // Two words at a time while both are there; `random()` deals with the ends.
      if (position + 2 > STATE_WORDS) {
        this.#index = position;
        indices[drawn] = Math.floor(this.random() * length);
        position = this.#index;
        continue;
      }
      const high = temper(state[position] as number) >>> 5;
      const low = temper(state[position + 1] as number) >>> 6;
      position += 2;
      // The same float as `random()`: the division by 2^53 is exact.
      indices[drawn] = (high * 67108864 + low) * 2 ** -53 * length;
    }
    this.#index = position;
  }

  /** Python's `shuffle(values)`: in place. */
  shuffle(values: unknown[]): void {
    for (let index = values.length - 1; index >= 1; index -= 1) {
      const other = this.randomBelow(index + 1);
      const value = values[index];
      values[index] = values[other];
      values[other] = value;
    }
  }

  /** Python's `sample(values, count)`: distinct positions in order of selection. */
  sample<Value>(values: readonly Value[], count: number): Value[] {
    const length = values.length;
    if (count < 0 || count > length) {
      throw new PythonError("ValueError", "Sample larger than population or is negative");
    }
    return length <= smallPopulationSize(count)
      ? this.#sampleFromPool([...values], count)
      : this.#sampleByRejection(values, count);
  }

  #sampleFromPool<Value>(pool: Value[], count: number): Value[] {
    const result: Value[] = [];
    for (let drawn = 0; drawn < count; drawn += 1) {
      const position = this.randomBelow(pool.length - drawn);
      result.push(pool[position] as Value);
      pool[position] = pool[pool.length - drawn - 1] as Value;
    }
    return result;
  }

  #sampleByRejection<Value>(values: readonly Value[], count: number): Value[] {
    const selected = new Set<number>();
    while (selected.size < count) selected.add(this.randomBelow(values.length));
    return Array.from(selected, (position) => values[position] as Value);
  }

  #seedByWord(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let index = 1; index < STATE_WORDS; index += 1) {
      const before = state[index - 1] as number;
      state[index] = Math.imul(1812433253, before ^ (before >>> 30)) + index;
    }
    this.#index = STATE_WORDS;
  }

  #seedByKey(key: readonly number[]): void {
    const state = this.#state;
    this.#seedByWord(19650218);
    let index = 1;
    let keyIndex = 0;
    for (let round = Math.max(STATE_WORDS, key.length); round > 0; round -= 1) {
      const before = state[index - 1] as number;
      const mixed = (state[index] as number) ^ Math.imul(before ^ (before >>> 30), 1664525);
      state[index] = mixed + (key[keyIndex] as number) + keyIndex;
      index = this.#wrap(index + 1);
      keyIndex = (keyIndex + 1) % key.length;
    }
    for (let round = STATE_WORDS - 1; round > 0; round -= 1) {
      const before = state[index - 1] as number;
      state[index] = ((state[index] as number) ^ Math.imul(before ^ (before >>> 30), 1566083941)) - index;
      index = this.#wrap(index + 1);
    }
    state[0] = 0x80000000;
  }

  #wrap(index: number): number {
    if (index < STATE_WORDS) return index;
    this.#state[0] = this.#state[STATE_WORDS - 1] as number;
    return 1;
  }

  #nextWord(): number {
    if (this.#index >= STATE_WORDS) this.#regenerate();
    const word = this.#state[this.#index] as number;
    this.#index += 1;
    return temper(word) >>> 0;
  }

  #regenerate(): void {
    const state = this.#signed;
    const last = STATE_WORDS - 1;
    const wrap = STATE_WORDS - SHIFT_WORDS;
    for (let index = 0; index < wrap; index += 1) {
      state[index] = twist(state[index] as number, state[index + 1] as number, state[index + SHIFT_WORDS] as number);
    }
    for (let index = wrap; index < last; index += 1) {
      state[index] = twist(state[index] as number, state[index + 1] as number, state[index - wrap] as number);
    }
    state[last] = twist(state[last] as number, state[0] as number, state[SHIFT_WORDS - 1] as number);
    this.#index = 0;
  }
}

function twist(word: number, next: number, other: number): number {
  const mixed = (word & -0x80000000) | (next & 0x7fffffff);
  return other ^ (mixed >>> 1) ^ (-(mixed & 1) & -0x66f74f21);
}

function temper(state: number): number {
  let word = state ^ (state >>> 11);
  word ^= (word << 7) & -0x62d3a980;
  word ^= (word << 15) & -0x103a0000;
  return word ^ (word >>> 18);
}

// CPython copies the population up to this size and draws from the copy; above, it rejects repeats with a set.
function smallPopulationSize(count: number): number {
  if (count <= 5) return 21;
  let power = 1;
  while (power < count * 3) power *= 4;
  return 21 + power;
}
