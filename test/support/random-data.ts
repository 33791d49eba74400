// Data files with what real ones hold and with what trips readers up: equal seeds give equal files.
import { SeededRandom } from "../../quickstart/seeded-random.ts";

const TEXTS = [
  "red",
  "",
  " grün ",
  "雪",
  "a\nb",
  "7",
  "2.50",
  "null",
  "True",
  "it's",
  '"so"',
  "☃, x",
  "2024-01-02",
  "{}",
  "[1]",
];
const NUMBERS = [
  "0",
  "-3",
  "7",
  "2.5",
  "1.0",
  "-0.0",
  "1e3",
  "0.1",
  "3.14159265358979",
  "123456.78",
  "9007199254740993",
];
const CELLS = [
  ...[
    "1",
    "2",
    "-7",
    "+5",
    "007",
    "2.5",
    "1e3",
    "0.1",
    "12345678.901234567",
    "3.141592653589793238",
    ".5",
    "5.",
    "inf",
  ],
  ...["True", "false", "TRUE", "NA", "", "None", "null", "n/a", "x", " y ", '"q, r"', '"a ""b"""', '"two\nlines"', "☃"],
];

/** Draws JSON Lines and CSV. */
export class RandomData {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** JSON Lines whose columns mostly agree on a type. */
  jsonLines(rows: number): string {
    const columns = Array.from({ length: this.#random.between(1, 5) }, (_, index) => this.#column(`c${index}`, 2));
    return Array.from({ length: rows }, () => {
      const present = columns.filter(() => this.#random.below(8) > 0);
      return `{${present.map(({ name, value }) => `${JSON.stringify(name)}: ${value()}`).join(", ")}}`;
    }).join("\n");
  }

  #column(name: string, depth: number): { readonly name: string; readonly value: () => string } {
    const random = this.#random;
    const value = this.#values(depth);
    const isSparse = random.below(3) === 0;
    return { name, value: () => (isSparse && random.below(4) === 0 ? "null" : value()) };
  }

  #values(depth: number): () => string {
    const random = this.#random;
    const shape = random.below(depth > 0 ? 8 : 4);
    const text = (): string => JSON.stringify(random.pick(TEXTS));
    const whole = (): string => random.pick(NUMBERS.filter((number) => /^-?\d+$/.test(number)));
    if (shape === 0) return text;
    if (shape === 1) return whole;
    if (shape === 2) return () => random.pick(NUMBERS);
    if (shape === 3) return () => random.pick(["true", "false"]);
    if (shape === 4) {
      const scalars = [text, whole, () => random.pick(["true", "null"])];
      return () => random.pick(scalars)();
    }
    if (shape < 7) {
      const element = this.#values(depth - 1);
      return () => `[${Array.from({ length: random.below(4) }, element).join(", ")}]`;
    }
    const fields = ["k", "l", "m"].slice(0, random.between(1, 3)).map((name) => this.#column(name, depth - 1));
    const dropsFields = random.below(3) === 0;
    return () => {
      const kept = random.shuffle(fields).filter(() => !dropsFields || random.below(4) > 0);
      return `{${kept.map(({ name, value }) => `"${name}": ${value()}`).join(", ")}}`;
    };
  }

  /** CSV with a head line; each column draws from few kinds of cells, so that all column types occur. */
  csv(rows: number): string {
    const random = this.#random;
    const columns = Array.from({ length: random.between(1, 5) }, (_, index) => ({
      name: random.pick([`c${index}`, "same", "", `"quoted ${index}"`]),
      cells: random.sample(CELLS, random.between(1, 4)),
    }));
    const lines = [columns.map(({ name }) => name).join(",")];
    for (let row = 0; row < rows; row++) lines.push(columns.map(({ cells }) => random.pick(cells)).join(","));
    return `${lines.join(random.pick(["\n", "\r\n"]))}${random.pick(["", "\n"])}`;
  }
}
