// Edits with shifts: sacrebleu's search for runs of words to move (`metrics/lib_ter.py`), which follows Tercom. What it
// looks at, in which order, and when it stops decide the score.
import { type Alignment, EditTable } from "./edit-table.ts";

const LONGEST_SHIFT = 10;
const FARTHEST_SHIFT = 50;
const MOST_CANDIDATES = 1000;

/** A run of words that stands in both texts. */
interface SharedRun {
  readonly start: number;
  readonly referenceStart: number;
  readonly length: number;
}

/** A move of a run, and by how much it shortens the edits. */
interface Shift {
  readonly gain: number;
  readonly length: number;
  readonly start: number;
  readonly target: number;
  readonly words: readonly string[];
}

/** How many edits and moves make `words` equal to `reference`. */
export function countEdits(words: readonly string[], reference: readonly string[]): number {
  if (reference.length === 0) return words.length;
  const search = new ShiftSearch(words.length, reference);
  let current = words;
  for (let shifts = 0; ; shifts += 1) {
    const best = search.bestShift(current);
    if (search.isExhausted || best === undefined || best.gain <= 0) return shifts + search.distance(current);
    current = best.words;
  }
}

class ShiftSearch {
  readonly #reference: readonly string[];
  readonly #table: EditTable;
  #candidates = 0;

  constructor(length: number, reference: readonly string[]) {
    this.#reference = reference;
    this.#table = new EditTable(length, reference);
  }

  get isExhausted(): boolean {
    return this.#candidates >= MOST_CANDIDATES;
  }

  distance(words: readonly string[]): number {
    return this.#table.distance(words);
  }

  /** The move that shortens the edits most; undefined where none is worth a try. */
  bestShift(words: readonly string[]): Shift | undefined {
    const before = this.#table.distance(words);
    const alignment = this.#table.alignment();
    let best: Shift | undefined;
    for (const run of sharedRuns(words, this.#reference)) {
      if (!isWorthMoving(run, alignment)) continue;
      for (const target of targetsOf(run, alignment)) {
        const moved = move(words, run, target);
        const { start, length } = run;
        const shift = { gain: before - this.#table.distance(moved), length, start, target, words: moved };
        this.#candidates += 1;
        if (best === undefined || isBetter(shift, best)) best = shift;
      }
      if (this.isExhausted) break;
    }
    return best;
  }
}

/** All runs, shorter ones first where they start alike. */
function* sharedRuns(words: readonly string[], reference: readonly string[]): Generator<SharedRun> {
  for (let start = 0; start < words.length; start += 1) {
    const last = Math.min(reference.length - 1, start + FARTHEST_SHIFT);
    for (let referenceStart = Math.max(0, start - FARTHEST_SHIFT); referenceStart <= last; referenceStart += 1) {
      const longest = Math.min(LONGEST_SHIFT, words.length - start, reference.length - referenceStart);
      for (let length = 1; length <= longest; length += 1) {
        if (words[start + length - 1] !== reference[referenceStart + length - 1]) break;
        yield { start, referenceStart, length };
      }
    }
  }
}

/** Both the run and its place in the reference must have an error, and it must not stand there already. */
function isWorthMoving({ start, referenceStart, length }: SharedRun, alignment: Alignment): boolean {
  const { errors, referenceErrors, positions } = alignment;
  if (!errors.slice(start, start + length).includes(true)) return false;
  if (!referenceErrors.slice(referenceStart, referenceStart + length).includes(true)) return false;
  const position = positions[referenceStart]!;
  return position < start || position >= start + length;
}

/** Where the run may go: before the place in the reference, and after each of its words. */
function* targetsOf({ referenceStart, length }: SharedRun, { positions }: Alignment): Generator<number> {
  let previous = -1;
  for (let place = referenceStart - 1; place < referenceStart + length; place += 1) {
    const target = place < 0 ? 0 : positions[place]! + 1;
    if (target !== previous) yield target;
    previous = target;
  }
}

function move(words: readonly string[], { start, length }: SharedRun, target: number): string[] {
  const run = words.slice(start, start + length);
  if (target < start) {
    return [...words.slice(0, target), ...run, ...words.slice(target, start), ...words.slice(start + length)];
  }
  // A target inside the run counts from its start.
  const end = target > start + length ? target : target + length;
  return [...words.slice(0, start), ...words.slice(start + length, end), ...run, ...words.slice(end)];
}

/** Larger gains first, then longer runs, then those that start and end up earlier. */
function isBetter(shift: Shift, other: Shift): boolean {
  if (shift.gain !== other.gain) return shift.gain > other.gain;
  if (shift.length !== other.length) return shift.length > other.length;
  return shift.start === other.start ? shift.target < other.target : shift.start < other.start;
}
