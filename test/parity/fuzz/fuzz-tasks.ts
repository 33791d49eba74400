// Random tasks over random nasty documents. Half of a task's field values come from the YAML of the installed tasks, so
// that what people write is drawn as often as what we thought of. Every draw is counted by kind.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../../quickstart/seeded-random.ts";
import type { TreeValues } from "./tree-values.ts";

type Settings = Record<string, unknown>;

/** Text that programs get wrong, by kind. */
const NASTY: { readonly [kind: string]: readonly string[] } = {
  plain: ["red", "seven birds", "the answer is 4", "Yes", "no.", "(B)", "#### 1,234", "A"],
  empty: [""],
  space: [" ", "  two  spaces ", "\ttab", "a\nb", "line\r\nend", "\u00a0nbsp", "a\u0085b", "a\u2028b", "\u3000wide"],
  accents: ["naïve café", "Ünïcode", "x\u0301", "ẞ straße", "İstanbul", "ς σ", "ﬁn"],
  scripts: ["日本語の文。", "العربية ٣", "हिन्दी", "русский", "ไทย", "한국어"],
  astral: ["😀", "𝔸𝔹", "👩‍👩‍👧", "𠮷野"],
  quotes: ['"so"', "it's", "`x`", "\\n", "\\boxed{7}", "{{ x }}", "{% if %}", "<b>&amp;</b>"],
  numbers: ["007", "1.50", "1e5", "-7", "$1,3.50", "3.14.", "½", "٣", "1_000", "0x1F"],
  brackets: ["[1, 2]", '["a", "b"]', "(x)", "{}", "[x]"],
  words: ["True", "None", "nan", "null", "yes: no"],
};

/** Numbers that Python and JavaScript print differently. */
const NUMBERS = [0, 1, -1, 2, 7, 2.5, 0.1, 1e22, 1e-7, 100000, 123456789012, -0.5, 1.0e16];

/** How often each kind of thing was drawn. */
export class Draws {
  readonly counts = new Map<string, number>();

  add(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}

/** Writes `count` tasks with their data and a dataset map into a folder; gives their names. */
export function writeFuzzTasks(
  folder: string,
  wish: { readonly seed: number; readonly count: number },
  tree: TreeValues,
  draws: Draws,
): string[] {
  const { seed, count } = wish;
  mkdirSync(folder, { recursive: true });
  const map: Record<string, Record<string, string>> = {};
  const names = Array.from({ length: count }, (_, index) => `fuzz_${seed}_${index}`);
  names.forEach((name, index) => {
    const maker = new TaskMaker(new SeededRandom(seed * 100_003 + index), tree, draws);
    map[name] = {};
    for (const split of ["train", "validation", "test"]) {
      const file = join(folder, `${name}.${split}.jsonl`);
      const text = maker.documents(split === "test" ? 12 : 7).map((document) => `${JSON.stringify(document)}\n`);
      writeFileSync(file, text.join(""));
      map[name][split] = file;
    }
    // JSON is YAML, but for some line breaks.
    const yaml = JSON.stringify({ task: name, dataset_path: name, ...maker.settings() }, undefined, 1);
    writeFileSync(join(folder, `${name}.yaml`), yaml.replaceAll(/[\u0085\u2028\u2029]/g, escapeUnit));
  });
  writeFileSync(join(folder, "map.json"), JSON.stringify(map));
  return names;
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

class TaskMaker {
  readonly #random: SeededRandom;
  readonly #tree: TreeValues;
  readonly #draws: Draws;

  constructor(random: SeededRandom, tree: TreeValues, draws: Draws) {
    this.#random = random;
    this.#tree = tree;
    this.#draws = draws;
  }

  documents(most: number): Settings[] {
    const documents = Array.from({ length: 3 + this.#random.below(most) }, (_, index) => this.#document(index));
    if (this.#random.below(2) === 0) {
      this.#draws.add("rows: duplicate");
      documents.push(documents[0]!);
    }
    return documents;
  }

  #document(index: number): Settings {
    const choices = Array.from({ length: 4 }, (_, at) => `${this.#text(2)}${at}`);
    return {
      question: `${index} ${this.#text(5)}`,
      passage: this.#random.below(6) === 0 ? this.#note("rows: null", null) : this.#text(6),
      choices,
      labelled: { text: choices, label: ["A", "B", "C", "D"] },
      answer: this.#random.below(4),
      letter: this.#pick(["A", "B", "C", "D"]),
      label: this.#random.below(2),
      reply: this.#pick(["Yes", "No", "valid", "(B)", "12", "7", "A", "c", "True", this.#text(1)]),
      replies: [this.#text(1), "7", this.#text(2)],
      // One float at least: data sets whose splits have other types for a column are no data sets.
      weight: this.#note("rows: number", index === 0 ? 0.5 : this.#pick(NUMBERS)),
      flag: this.#random.below(2) === 0,
    };
  }

  #text(words: number): string {
    const parts = Array.from({ length: 1 + this.#random.below(words) }, () => {
      const kind = this.#pick(Object.keys(NASTY));
      return this.#note(`text: ${kind}`, this.#pick(NASTY[kind]!));
    });
    return parts.join(this.#pick([" ", " ", "", "\n"]));
  }

  settings(): Settings {
    const kind = this.#note(
      "output_type",
      this.#pick([
        "multiple_choice",
        "generate_until",
        "multiple_choice",
        "generate_until",
        "loglikelihood",
        "loglikelihood_rolling",
      ]),
    );
    this.#draws.add(`output_type: ${kind}`);
    const body =
      kind === "multiple_choice"
        ? this.#choice()
        : kind === "generate_until"
          ? this.#generation()
          : this.#likelihood(kind);
    return {
      output_type: kind,
      ...this.#splits(),
      ...this.#maybe("num_fewshot", () => this.#random.below(4)),
      ...this.#maybe("description", () =>
        this.#pick(["Answer each question.\n\n", "About {{ weight }}. ", "", this.#treeValue("descriptions")]),
      ),
      ...this.#maybe("target_delimiter", () => this.#pick(["", "\n", " = ", this.#treeValue("targetDelimiters")])),
      ...this.#maybe("fewshot_delimiter", () =>
        this.#pick(["", "\n", "\n###\n", this.#treeValue("fewshotDelimiters")]),
      ),
      ...this.#maybe("fewshot_config", () => this.#fewshot(kind)),
      ...(kind === "multiple_choice"
        ? {}
        : this.#maybe("gen_prefix", () => this.#pick(["Answer:", "{{ letter }}", "So "]))),
      ...this.#maybe("task_alias", () => this.#text(1)),
      ...body,
      metadata: { version: this.#pick([1, 2.5, "x"]) },
    };
  }

  #splits(): Settings {
    return {
      test_split: "test",
      ...this.#maybe("training_split", () => "train"),
      ...this.#maybe("validation_split", () => "validation"),
      ...this.#maybe("fewshot_split", () => this.#pick(["train", "validation", "test"])),
    };
  }

  #fewshot(kind: string): Settings {
    return {
      sampler: this.#note("sampler", this.#pick(["first_n", "default"])),
      ...this.#maybe("fewshot_config.doc_to_text", () => this.#template("Shot: {{ question }} >")),
      ...this.#maybe("fewshot_config.fewshot_delimiter", () => "\n=\n"),
      ...this.#maybe("fewshot_config.target_delimiter", () => "~"),
      ...(kind === "multiple_choice"
        ? {}
        : this.#maybe("fewshot_config.samples", () =>
            Array.from({ length: 4 }, (_, index) => this.#document(50 + index)),
          )),
    };
  }

  #template(fallback: string): string {
    const constructs: { readonly [construct: string]: string } = {
      plain: "Question: {{ question.strip() }}\nAnswer:",
      loop: "{% for c in choices %}{{ loop.index }}. {{ c|trim }}\n{% endfor %}{{ question }}",
      condition: "{% if passage is not none %}{{ passage }}\n{% endif %}{{ question[:20] ~ ' ' ~ weight }}",
      inline: "{{ question if flag else passage }} {{ weight }}",
      filter: "{{ [question, letter]|join(' / ') }} {{ choices|length }}",
      set: "{% set n = choices|length %}{{ n + 1 }} {{ labelled.label.index(letter) }} {{ question.lower() }}",
      method: "{{ question.replace(' ', '_').split('_')[0] }} {{ letter.upper() }} {{ question.capitalize() }}",
      printed: "{{ choices }} {{ weight }} {{ flag }} {{ labelled }}",
      column: "question",
      given: fallback,
    };
    const construct = this.#pick(Object.keys(constructs));
    return this.#note(`template: ${construct}`, constructs[construct]!);
  }

  #choice(): Settings {
    const [choices, target] = this.#pick([
      ["choices", "answer"],
      ["{{ labelled.text }}", "{{ labelled.label.index(letter) }}"],
      [["A", "B", "C", "D"], "letter"],
      ["{{ choices }}", "{{ answer }}"],
      [["no", "yes"], "label"],
      [{ a: "x", b: "y" }, "{{ label }}"],
      ["choices", "[0, {{ answer }}]"],
    ] as const);
    const isList = target.startsWith("[");
    const names = isList
      ? ["acc", "acc_norm", "exact_match"]
      : ["acc", "acc_norm", "acc_bytes", "exact_match", "f1", "mcc", "acc_mutual_info", "brier_score"];
    const isBinary = target === "label" || target.includes("label }");
    const wanted = this.#random
      .sample(names, 1 + this.#random.below(3))
      .filter((name) => isBinary || (name !== "f1" && name !== "mcc"));
    const metrics = (wanted.length === 0 ? ["acc"] : wanted).map((metric) => ({
      metric: this.#note(`metric: ${metric}`, metric),
    }));
    return {
      doc_to_text: this.#template("Pick one: {{ question }}"),
      doc_to_choice: choices,
      doc_to_target: target,
      metric_list: metrics,
    };
  }

  #generation(): Settings {
    const corpus = this.#pick(["bleu", "chrf", "ter"]);
    const metrics: Settings[] = [this.#exactMatch()];
    const isList = this.#random.below(4) === 0;
    if (!isList && this.#random.below(5) === 0) metrics.push({ metric: this.#note(`metric: ${corpus}`, corpus) });
    return {
      doc_to_text: this.#template("Q: {{ question }}\nA:"),
      doc_to_target: isList
        ? this.#note("targets: list", "replies")
        : this.#pick(["reply", "{{ reply }}", " {{ reply|lower }}", "{{ weight }}", "answer"]),
      generation_kwargs:
        this.#random.below(2) === 0
          ? this.#note("generation_kwargs: tree", this.#treeValue("generations"))
          : {
              until: this.#pick([["\n"], ["."], ["\n\n", "Q:"]]),
              do_sample: false,
              max_gen_toks: 1 + this.#random.below(8),
            },
      ...this.#maybe("filter_list", () => this.#filters()),
      ...(this.#random.below(6) === 0 ? { repeats: this.#note("repeats", 3) } : {}),
      metric_list: metrics,
    };
  }

  #exactMatch(): Settings {
    return {
      metric: this.#note("metric: exact_match", "exact_match"),
      ...this.#maybe("ignore_case", () => true),
      ...this.#maybe("ignore_punctuation", () => true),
      ...this.#maybe("ignore_numbers", () => true),
      ...this.#maybe("regexes_to_ignore", () => this.#pick([[","], ["\\$", "\\.$"], this.#treeValue("ignored")])),
    };
  }

  #filters(): Settings[] {
    const fromTree = this.#random.below(2) === 0;
    if (fromTree) return this.#note("filter_list: tree", this.#treeValue("filterLists")) as Settings[];
    const steps: { readonly [name: string]: Settings } = {
      regex: {
        function: "regex",
        regex_pattern: this.#treeValue("patterns"),
        group_select: this.#pick([0, -1]),
        fallback: "none",
      },
      remove_whitespace: { function: "remove_whitespace" },
      lowercase: { function: "lowercase" },
      uppercase: { function: "uppercase" },
      map: { function: "map", mapping_dict: { "7": "seven", Yes: "yes" }, default_value: "other" },
      multi_choice_regex: {
        function: "multi_choice_regex",
        regex_pattern: "(\\([A-Z]\\))",
        ignore_case: true,
        ignore_punctuation: this.#random.below(2) === 0,
        group_select: this.#pick([0, -1]),
      },
    };
    return Array.from({ length: 1 + this.#random.below(2) }, (_, index) => {
      const name = this.#pick(Object.keys(steps));
      this.#draws.add(`filter: ${name}`);
      const last = this.#pick(["take_first", "take_first", "majority_vote"]);
      this.#draws.add(`filter: ${last}`);
      return { name: `f${index}`, filter: [steps[name]!, { function: last }] };
    });
  }

  #likelihood(kind: string): Settings {
    const rolling = ["word_perplexity", "byte_perplexity", "bits_per_byte"];
    const names = kind === "loglikelihood" ? ["perplexity", "acc"] : rolling;
    const metrics = this.#random
      .sample(names, 1 + this.#random.below(names.length))
      .map((metric) => ({ metric: this.#note(`metric: ${metric}`, metric) }));
    return {
      doc_to_text: kind === "loglikelihood" ? this.#template("{{ question }}") : "",
      doc_to_target: this.#pick(["reply", "{{ question }}", " {{ letter }}"]),
      metric_list: metrics,
    };
  }

  #treeValue<Key extends keyof TreeValues>(key: Key): TreeValues[Key][number] {
    return this.#pick(this.#tree[key] as readonly TreeValues[Key][number][]);
  }

  #maybe(field: string, make: () => unknown): Settings {
    if (this.#random.below(2) === 0) return {};
    this.#draws.add(`field: ${field}`);
    return { [field.slice(field.lastIndexOf(".") + 1)]: make() };
  }

  #pick<Value>(values: readonly Value[]): Value {
    return this.#random.pick(values);
  }

  #note<Value>(kind: string, value: Value): Value {
    this.#draws.add(kind);
    return value;
  }
}
