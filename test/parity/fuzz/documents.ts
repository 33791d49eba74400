// Documents full of text and numbers that programs get wrong.
import type { Draws, Table } from "./draws.ts";
import type { TaskBody } from "./tree-values.ts";

/** A document, or the settings of a task. */
export type Settings = Record<string, unknown>;

const NASTY: Table<readonly string[]> = {
  plain: ["red", "seven birds", "the answer is 4", "Yes", "no.", "(B)", "#### 1,234", "A"],
  empty: [""],
  space: [" ", "  two  spaces ", "\ttab", "a\nb", "line\r\nend", "\u00a0nbsp", "a\u0085b", "a\u2028b", "\u3000wide"],
  control: [
    "\u001cfs",
    "us\u001f",
    "\u0000nul",
    "bell\u0007",
    "\u007fdel",
    "\ufeffbom",
    "zero\u200bwidth",
    "\u202ertl",
  ],
  accents: ["naïve café", "Ünïcode", "x\u0301", "ẞ straße", "İstanbul", "ς σ", "ﬁn", "ǆ ǅ", "ŉ"],
  scripts: ["日本語の文。", "العربية ٣", "हिन्दी", "русский", "ไทย", "한국어", "Ⅷ ②"],
  astral: ["😀", "𝔸𝔹", "👩‍👩‍👧", "𠮷野", "\u{1d7d8}"],
  quotes: ['"so"', "it's", "`x`", "\\n", "\\boxed{7}", "{{ x }}", "{% if %}", "<b>&amp;</b>", "{# no #}"],
  numbers: ["007", "1.50", "1e5", "-7", "$1,3.50", "3.14.", "½", "٣", "1_000", "0x1F"],
  brackets: ["[1, 2]", '["a", "b"]', "(x)", "{}", "[x]", "[A]"],
  words: ["True", "None", "nan", "null", "yes: no"],
};

const SEPARATORS: Table<string> = { space: " ", "two spaces": "  ", nothing: "", "line break": "\n" };

/** Numbers that Python and JavaScript print differently, or could. */
const NUMBERS: Table<number> = {
  zero: 0,
  "minus zero": -0,
  whole: 7,
  negative: -1,
  half: 2.5,
  tenth: 0.1,
  "whole with exponent": 1e22,
  "largest before an exponent": 1e16,
  small: 1e-7,
  subnormal: 5e-324,
  long: 123456789012,
  seventeen: 0.30000000000000004,
};

const LETTERS = ["A", "B", "C", "D"];

/** Rows of one split; every row has the same columns, with values of the same types. */
export class DocumentMaker {
  readonly #draws: Draws;
  readonly #body: TaskBody | null;

  /** `body`: templates of an installed task, whose columns the rows have too. */
  constructor(draws: Draws, body: TaskBody | null) {
    this.#draws = draws;
    this.#body = body;
  }

  rows(most: number): readonly Settings[] {
    const rows = Array.from({ length: 3 + this.#draws.below(most) }, (_, index) => this.row(index));
    if (this.#draws.happens("rows: duplicate", 2)) rows.push(rows[0]!);
    return rows;
  }

  row(index: number): Settings {
    const draws = this.#draws;
    const choices = LETTERS.map((_, at) => `${this.text(2)}${at}`);
    const row: Settings = {
      question: `${index} ${this.text(5)}`,
      passage: index > 0 && draws.happens("rows: null", 6) ? null : this.text(6),
      choices,
      labelled: { text: choices, label: LETTERS },
      answer: draws.below(LETTERS.length),
      letter: draws.pick(LETTERS),
      label: draws.below(2),
      idx: { paragraph: draws.below(2), question: draws.below(3) },
      reply: draws.pick(["Yes", "No", "valid", "(B)", "12", "7", "A", "c", "True", this.text(1)]),
      replies: [this.text(1), "7", this.text(2)],
      // One float at least: data sets whose splits have other types for a column are no data sets.
      weight: index === 0 ? 0.5 : draws.from("rows: number", NUMBERS),
      flag: draws.below(2) === 0,
    };
    for (const [column, kind] of this.#body?.columns ?? []) row[column] ??= this.#value(kind);
    return row;
  }

  /** One to `words` nasty pieces. */
  text(words: number): string {
    const parts = Array.from({ length: 1 + this.#draws.below(words) }, () =>
      this.#draws.pick(this.#draws.from("text", NASTY)),
    );
    return parts.join(this.#draws.from("text between", SEPARATORS));
  }

  #value(kind: string): unknown {
    if (kind === "letter") return this.#draws.pick(LETTERS);
    if (kind === "index") return this.#draws.below(LETTERS.length);
    if (kind === "list") return LETTERS.map(() => this.text(2));
    const members = kind.startsWith("record:") ? kind.slice("record:".length).split(",") : null;
    if (members === null) return this.text(4);
    return Object.fromEntries(
      members.map((name) => [name, LETTERS.map((letter) => (name === "label" ? letter : this.text(1)))]),
    );
  }
}
