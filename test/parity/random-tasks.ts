// Random tasks with documents and responses, for scoring them twice: natively and by the reference harness.
import { PythonRandom } from "../../evaluation/harness/python/random.ts";
import { randomPair } from "../support/random-corpora.ts";

/** A task as the harness is given it. */
export interface RandomTask {
  readonly config: { readonly task: string; readonly output_type: string; readonly [key: string]: unknown };
  readonly docs: readonly { readonly [column: string]: unknown }[];
  /** In the order in which the harness asks. */
  readonly responses: readonly (string | number | readonly [number, boolean])[];
}

const PIECES = [
  "(A)",
  "(B)",
  "(C)",
  " the answer is ",
  "Answer: B",
  ": C",
  "7",
  "#### 1,234.5",
  "#### -3",
  "forty two",
  "two thousand",
  "\n",
  ".",
  ",",
  "  ",
  "Straße",
  "İstanbul",
  "naïve ☃",
  "🙂",
  "apple",
  "Pear",
  "pear tree",
  "Yes",
  "no",
  "\\",
  '"',
  "\0",
  "Ⅷ",
  "\u0085",
  "{",
  "$1,000",
  "List:",
  "zeta",
  "alpha",
  "ǅ",
  "Person: ",
  " $$ loc:",
  "('run', 'VERB')",
] as const;

const PATTERNS = [
  "#### (\\-?[0-9\\.\\,]+)",
  "(-?[$0-9.,]{2,})|(-?[0-9]+)",
  "\\(([A-Z])\\)",
  "[a-z]+",
  "(?s)answer.*",
  "(?i)yes|no",
];

/** Draws tasks from one stream: equal seeds give equal tasks. */
export class RandomTasks {
  readonly #random: PythonRandom;
  #count = 0;

  constructor(seed: number) {
    this.#random = new PythonRandom(seed);
  }

  multipleChoice(
    wanted: readonly (string | { readonly metric: string; readonly aggregation: string })[],
    hasLists: boolean,
  ): RandomTask {
    const metricList = wanted.map((metric) => (typeof metric === "string" ? { metric } : metric));
    const metrics = metricList.map(({ metric }) => metric);
    const docs = this.#documents(30, (position) => {
      const choices = Array.from({ length: 2 + this.#below(3) }, () => this.#text(1 + this.#below(3)) || "x");
      if (metrics.includes("f1")) choices.length = 2;
      // Sometimes out of range; in the first document the harness does not stand it.
      const index = (): number => this.#below(choices.length + (position > 0 && this.#below(12) === 0 ? 2 : 0));
      const one = metrics.includes("f1") ? this.#below(2) : index();
      return { q: this.#text(4), choices, answer: hasLists ? [one, index()] : one };
    });
    const perDocument = metrics.includes("acc_mutual_info") ? 2 : 1;
    const responses = docs.flatMap(({ choices }) =>
      Array.from({ length: choices.length * perDocument }, () => [this.#logprob(), this.#below(4) === 0] as const),
    );
    const config = { doc_to_choice: "choices", metric_list: metricList };
    return this.#task("multiple_choice", config, { docs, responses });
  }

  /** As many choices in all documents, and what is right is among them: the Brier score needs that. */
  brier(choiceCount: number): RandomTask {
    const docs = this.#documents(30, () => ({
      q: this.#text(2),
      choices: Array.from({ length: choiceCount }, () => this.#word()),
      answer: this.#below(choiceCount),
    }));
    const responses = docs.flatMap(({ choices }) => choices.map(() => [this.#logprob(), false] as const));
    const metrics = ["brier_score", "acc"].map((metric) => ({ metric }));
    return this.#task("multiple_choice", { doc_to_choice: "choices", metric_list: metrics }, { docs, responses });
  }

  likelihood(): RandomTask {
    const docs = this.#documents(25, () => ({ q: this.#text(4), answer: this.#text(2) }));
    const responses = docs.map(() => [this.#logprob() / 10, this.#below(2) === 0] as const);
    return this.#task("loglikelihood", {}, { docs, responses });
  }

  rolling(): RandomTask {
    const docs = this.#documents(25, () => ({ q: "", answer: `${this.#text(9)} end` }));
    return this.#task("loglikelihood_rolling", {}, { docs, responses: docs.map(() => this.#logprob() * 5) });
  }

  /** Text answers through the given pipelines. */
  generation(
    filterList: readonly unknown[] | null,
    wish: {
      readonly options?: object;
      readonly hasLists?: boolean;
      readonly repeats?: number;
      readonly metrics?: readonly object[];
    } = {},
  ): RandomTask {
    const { options = {}, hasLists = false, repeats = 1 } = wish;
    const docs = this.#documents(40, () => ({
      q: this.#text(3),
      input: `Which?\n(A) ${this.#word()} (B) ${this.#word()}\n(C) ${this.#word()} pear\nList: zeta alpha ${this.#word()}`,
      choices: [this.#word(), `${this.#word()} tree`, this.#word()],
      answer: hasLists ? Array.from({ length: 1 + this.#below(3) }, () => this.#target()) : this.#target(),
    }));
    const responses = docs.flatMap(({ answer }) =>
      Array.from({ length: repeats }, () => {
        const right = Array.isArray(answer) ? answer[0]! : answer;
        return this.#below(3) === 0 ? right.toLowerCase() : this.#text(this.#below(6));
      }),
    );
    const config = {
      metric_list: wish.metrics ?? [{ metric: "exact_match", aggregation: "mean", ...options }],
      generation_kwargs: { until: ["\n\n", "☃"], do_sample: false, temperature: 0, top_p: 0.9 },
      repeats,
      ...(filterList === null ? {} : { filter_list: filterList }),
    };
    return this.#task("generate_until", config, { docs, responses });
  }

  /** Text answers that are scored as one corpus. */
  translation(
    metricList: readonly object[],
    settings: { readonly hasLists?: boolean; readonly [name: string]: unknown } = {},
  ): RandomTask {
    const { hasLists = false, ...config } = settings;
    const pairs = Array.from({ length: 12 }, () => randomPair(this.#random, 12));
    const docs = this.#documents(pairs.length, (position) => {
      const answer = pairs[position]![0];
      return { q: this.#text(2), answer: hasLists ? [answer, this.#text(2)].slice(0, 1 + this.#below(2)) : answer };
    });
    const responses = pairs.map(([, prediction]) => prediction);
    return this.#task("generate_until", { metric_list: metricList, ...config }, { docs, responses });
  }

  pattern(): string {
    return PATTERNS[this.#below(PATTERNS.length)]!;
  }

  #target(): string {
    return this.#below(2) === 0 ? this.#word() : this.#text(1 + this.#below(2));
  }

  #task(
    outputType: string,
    config: object,
    parts: { readonly docs: RandomTask["docs"]; readonly responses: RandomTask["responses"] },
  ): RandomTask {
    this.#count += 1;
    const base = { task: `task_${this.#count}`, output_type: outputType, test_split: "test", doc_to_text: "q" };
    return { ...parts, config: { ...base, doc_to_target: "answer", target_delimiter: "", ...config } };
  }

  #documents<Doc extends object>(
    count: number,
    make: (position: number) => Doc,
  ): (Doc & { weight: number; nested: object })[] {
    return Array.from({ length: count }, (_, index) => ({
      ...make(index),
      weight: index + 0.5,
      nested: { empty: [] as string[], deep: [{ text: this.#word(), flag: index % 2 === 0 }] },
    }));
  }

  /** Ties are common. */
  #logprob(): number {
    return this.#below(5) === 0 ? -1.5 : -(this.#random.random() * 20);
  }

  #word(): string {
    return ["apple", "pear", "Pear", "zeta", "Straße", "naïve", "7", "Yes"][this.#below(8)]!;
  }

  #text(pieces: number): string {
    return Array.from({ length: pieces }, () => PIECES[this.#below(PIECES.length)]!).join("");
  }

  #below(limit: number): number {
    return this.#random.randomBelow(limit);
  }
}
