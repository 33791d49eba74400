import { PythonError } from "../../python/python-error.ts";

const BEAM_WIDTH = 25;
const UNREACHED = 2 ** 30;
const [NONE, KEEP, SUBSTITUTE, DELETE, INSERT] = [0, 1, 2, 3, 4] as const;

/** Which words stand for which, and where they differ. */
export interface Alignment {
  /** For each word of the reference the word that stands for it, or the last one before. */
  readonly positions: readonly number[];
  readonly referenceErrors: readonly boolean[];
  readonly errors: readonly boolean[];
}

/**
 * Levenshtein's table between texts of one length and a reference, filled beside its diagonal only, as sacrebleu does
 * (`BeamEditDistance` in `metrics/lib_ter.py`). Rows that the text before already had are kept.
 */
export class EditTable {
  readonly #reference: readonly string[];
  readonly #length: number;
  readonly #costs: Int32Array;
  readonly #operations: Uint8Array;
  #words: readonly string[] = [];

  constructor(length: number, reference: readonly string[]) {
    this.#reference = reference;
    this.#length = length;
    this.#costs = new Int32Array((length + 1) * this.#rowLength);
    this.#operations = new Uint8Array(this.#costs.length);
    for (let column = 0; column <= reference.length; column += 1) {
      this.#costs[column] = column;
      this.#operations[column] = INSERT;
    }
  }

  get #rowLength(): number {
    return this.#reference.length + 1;
  }

  /** The fewest edits that make these words the reference. */
  distance(words: readonly string[]): number {
    let same = 0;
    while (same < this.#words.length && words[same] === this.#words[same]) same += 1;
    this.#words = words;
    for (let row = same + 1; row <= this.#length; row += 1) this.#fillRow(row);
    const distance = this.#costs.at(-1)!;
    if (distance >= UNREACHED) throw new PythonError("Exception", "unknown operation 'x'");
    return distance;
  }

  /** How the words of the last distance become the reference. */
  alignment(): Alignment {
    const [positions, referenceErrors, errors]: [number[], boolean[], boolean[]] = [[], [], []];
    for (let row = this.#length, column = this.#reference.length; row > 0 || column > 0;) {
      const operation = this.#operations[row * this.#rowLength + column]!;
      const isError = operation !== KEEP;
      if (operation !== DELETE) {
        positions.push(row - 1);
        referenceErrors.push(isError);
        column -= 1;
      }
      if (operation !== INSERT) {
        errors.push(isError);
        row -= 1;
      }
    }
    return {
      positions: positions.reverse(),
      referenceErrors: referenceErrors.reverse(),
      errors: errors.reverse(),
    };
  }

  #fillRow(row: number): void {
    const start = row * this.#rowLength;
    this.#costs.fill(UNREACHED, start, start + this.#rowLength);
    this.#operations.fill(NONE, start, start + this.#rowLength);
    const [first, end] = this.#columnsOf(row);
    for (let column = first; column < end; column += 1) this.#fillCell(row, column);
  }

  /** The columns of a row that are looked at; the last row reaches the table's end. */
  #columnsOf(row: number): [first: number, end: number] {
    const ratio = this.#reference.length / this.#length;
    const width = ratio / 2 > BEAM_WIDTH ? Math.ceil(ratio / 2 + BEAM_WIDTH) : BEAM_WIDTH;
    const diagonal = Math.floor(row * ratio);
    const end = row === this.#length ? this.#rowLength : Math.min(this.#rowLength, diagonal + width);
    return [Math.max(0, diagonal - width), end];
  }

  /** Of equal costs keeping and substituting win, then deleting. */
  #fillCell(row: number, column: number): void {
    const cell = row * this.#rowLength + column;
    const above = cell - this.#rowLength;
    if (column > 0) {
      const isSame = this.#words[row - 1] === this.#reference[column - 1];
      this.#improve(cell, this.#costs[above - 1]! + (isSame ? 0 : 1), isSame ? KEEP : SUBSTITUTE);
    }
    this.#improve(cell, this.#costs[above]! + 1, DELETE);
    if (column > 0) this.#improve(cell, this.#costs[cell - 1]! + 1, INSERT);
  }

  #improve(cell: number, cost: number, operation: number): void {
    if (cost >= this.#costs[cell]!) return;
    this.#costs[cell] = cost;
    this.#operations[cell] = operation;
  }
}
