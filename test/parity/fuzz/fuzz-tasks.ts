// Random tasks over random nasty documents. Half of a task's field values come from the YAML of the installed tasks, so
// that what people write is drawn as often as what we thought of. Every draw is counted by kind.
import { DocumentMaker, type Settings } from "./documents.ts";
import type { Draws, Table } from "./draws.ts";
import type { TaskBody, TreeValues } from "./tree-values.ts";

/** A task or group, its data, and how it is run. */
export interface FuzzTask {
  readonly settings: Settings;
  /** By split; none for a group. */
  readonly rows: { readonly [split: string]: readonly Settings[] };
  readonly limit: number | null;
  readonly numFewshot: number | null;
}

const TEMPLATES: Table<string> = {
  strip: "Question: {{ question.strip() }}\nAnswer:",
  loop: "{% for c in choices %}{{ loop.index }}. {{ c|trim }}\n{% endfor %}{{ question }}",
  "loop with else and last":
    "{% for c in replies if c %}{{ c }}{% if not loop.last %}; {% endif %}{% else %}-{% endfor %}{{ question }}",
  condition: "{% if passage is not none %}{{ passage }}\n{% elif flag %}!{% endif %}{{ question[:20] ~ ' ' ~ weight }}",
  "inline if": "{{ question if flag else passage }} {{ weight }}",
  "filters join and length":
    "{{ [question, letter]|join(' / ') }} {{ choices|length }} {{ question|upper|replace('A', 'b') }}",
  "filters of numbers":
    "{{ weight|round(2) }} {{ answer|string }} {{ (answer / 3)|round(1) }} {{ choices|first }} {{ question|title }}",
  set: "{% set n = choices|length %}{{ n + 1 }} {{ labelled.label.index(letter) }} {{ question.lower() }}",
  "white space control": "{%- for c in choices -%}\n  {{ c }},\n{%- endfor %}\n  {{- question -}}  ",
  comment: "{# asked #}{{ question }}{# \n #} ?\n",
  raw: "{% raw %}{{ x }}{% endraw %} {{ question }}\n\n",
  methods:
    "{{ question.replace(' ', '_').split('_')[0] }} {{ letter.upper() }} {{ question.capitalize() }} {{ question.title() }}",
  "methods of lists":
    "{{ choices.index(choices[answer]) }} {{ replies.count('7') }} {{ choices[::-1] }} {{ choices[-1][1:] }}",
  printed: "{{ choices }} {{ weight }} {{ flag }} {{ labelled }} {{ passage }}",
  arithmetic:
    "{{ answer + 1 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 2 ** 5 }} {{ weight * 2 }} {{ answer == 1 and not flag }} {{ question }}",
  namespace:
    "{% set ns = namespace(n=0) %}{% for c in choices %}{% set ns.n = ns.n + c|length %}{% endfor %}{{ ns.n }} {{ question }}",
  test: "{{ answer is odd }} {{ passage is string }} {{ nothing is defined }} {{ letter in 'AB' }} {{ question }}",
  range: "{% for i in range(2) %}{{ i }}{{ choices[i] }}{% endfor %} {{ question.startswith('1') }} {{ question }}",
  format: "{{ '%s is %d' % (letter, answer) }} {{ '{:>5}|{}'.format(letter, weight) }} {{ question }}",
  escape: "{{ question|tojson }} {{ labelled|tojson }}",
  column: "question",
  text: "No template at all",
};

const CHOICES: Table<Settings> = {
  "column and index": { doc_to_choice: "choices", doc_to_target: "answer" },
  templates: { doc_to_choice: "{{ labelled.text }}", doc_to_target: "{{ labelled.label.index(letter) }}" },
  "letters and a letter": { doc_to_choice: ["A", "B", "C", "D"], doc_to_target: "letter" },
  "printed list": { doc_to_choice: "{{ choices }}", doc_to_target: "{{ answer }}" },
  "letters and a text": { doc_to_choice: ["A", "B", "C", "D"], doc_to_target: "{{ letter }}" },
  "two words": { doc_to_choice: ["no", "yes"], doc_to_target: "label" },
  dictionary: { doc_to_choice: { a: "x", b: "y" }, doc_to_target: "{{ label }}" },
  "list of targets": { doc_to_choice: "choices", doc_to_target: "[0, {{ answer }}]" },
  functions: { doc_to_choice: "!function functions.options", doc_to_target: "!function functions.target_index" },
  "several contexts": {
    doc_to_text: "label",
    doc_to_choice: ["{{ question }} one", "{{ question }} two"],
    doc_to_target: "reply",
  },
  "out of range": { doc_to_choice: ["no", "yes", "may be"], doc_to_target: "answer" },
};

const TARGETS: Table<unknown> = {
  column: "reply",
  template: "{{ reply }}",
  filter: " {{ reply|lower }}",
  number: "{{ weight }}",
  index: "answer",
  "printed list": "['{{ letter }}', '7']",
  list: "replies",
  function: "!function functions.target_text",
};

const FILTERS: Table<Settings> = {
  regex: { function: "regex", regex_pattern: "(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select: -1 },
  "regex with groups": { function: "regex", regex_pattern: "(\\w)\\W*(\\d)?", group_select: 0, fallback: "none" },
  remove_whitespace: { function: "remove_whitespace" },
  lowercase: { function: "lowercase" },
  uppercase: { function: "uppercase" },
  map: { function: "map", mapping_dict: { "7": "seven", Yes: "yes", A: "a" }, default_value: "other" },
  multi_choice_regex: {
    function: "multi_choice_regex",
    regex_pattern: "(\\([A-Z]\\))",
    ignore_case: true,
    group_select: -1,
  },
  "multi_choice_regex without punctuation": {
    ...{ function: "multi_choice_regex", regex_pattern: "([A-Z])", ignore_punctuation: true },
    ...{ group_select: 0, regexes_to_ignore: [",", "\\$"] },
  },
  regex_pos: { function: "regex_pos", regex_pattern: "\\('(.*?)'\\)" },
  format_span: { function: "format_span" },
};

const LAST_FILTERS: Table<readonly Settings[]> = {
  take_first: [{ function: "take_first" }],
  majority_vote: [{ function: "majority_vote" }, { function: "take_first" }],
  take_first_k: [{ function: "take_first_k", k: 1 }, { function: "take_first" }],
};

const metric = (name: string, more: Settings = {}): Settings => ({ metric: name, ...more });
const CHOICE_METRICS: Table<Settings> = {
  acc: metric("acc"),
  acc_norm: metric("acc_norm", { aggregation: "mean", higher_is_better: true }),
  acc_bytes: metric("acc_bytes"),
  exact_match: metric("exact_match"),
  acc_mutual_info: metric("acc_mutual_info"),
  brier_score: metric("brier_score"),
  "acc as median": metric("acc", { aggregation: "median" }),
  "acc as nanmean": metric("acc", { aggregation: "nanmean", higher_is_better: false }),
};
const BINARY_METRICS: Table<Settings> = { f1: metric("f1"), mcc: metric("mcc"), acc: metric("acc") };
const TEXT_METRICS: Table<Settings> = {
  bleu: metric("bleu"),
  chrf: metric("chrf"),
  "chrf++": metric("chrf++"),
  ter: metric("ter"),
  bypass: metric("bypass"),
};
const LIKELIHOOD_METRICS: Table<Settings> = { perplexity: metric("perplexity"), acc: metric("acc") };
const ROLLING_METRICS: Table<Settings> = {
  word_perplexity: metric("word_perplexity"),
  byte_perplexity: metric("byte_perplexity"),
  bits_per_byte: metric("bits_per_byte"),
};

/** Makes one task after the other. */
export class TaskMaker {
  readonly #draws: Draws;
  readonly #tree: TreeValues;

  constructor(draws: Draws, tree: TreeValues) {
    this.#draws = draws;
    this.#tree = tree;
  }

  /** A group of tasks that are there already. */
  group(name: string, tasks: readonly FuzzTask[]): FuzzTask {
    const draws = this.#draws;
    const members = draws.some(tasks, 4).map(({ settings }) => settings["task"] as string);
    const changed = draws.happens("group: a task with other settings", 3) ? [{ task: members[0], num_fewshot: 1 }] : [];
    const inner = draws.happens("group: a group within", 3)
      ? [{ group: `${name}_inner`, task: members.slice(0, 1), aggregate_metric_list: [metric("acc")] }]
      : [];
    const rest = members.slice(changed.length > 0 || inner.length > 0 ? 1 : 0);
    const aggregate = draws
      .someFrom("group metric", { acc: "acc", exact_match: "exact_match", bits_per_byte: "bits_per_byte" }, 2)
      .map((wanted) => ({
        metric: wanted,
        ...draws.field("aggregate_metric_list.weight_by_size", 2, () => draws.pick([true, false])),
        ...draws.field("aggregate_metric_list.filter_list", 3, () => draws.pick(["none", ["none", "f0"], "f0"])),
        ...draws.field("aggregate_metric_list.aggregation", 3, () => "mean"),
      }));
    const settings = {
      group: name,
      ...draws.field("group_alias", 3, () => "Several"),
      task: inner.length > 0 ? [...inner, ...rest] : [...changed, ...rest],
      ...draws.field("aggregate_metric_list", 1, () => aggregate),
      metadata: { version: 3 },
    };
    return { settings, rows: {}, limit: null, numFewshot: null };
  }

  task(name: string): FuzzTask {
    const draws = this.#draws;
    const kinds = { multiple_choice: 0, generate_until: 0, loglikelihood: 0, loglikelihood_rolling: 0 };
    const outputType = draws.once(3) ? "generate_until" : draws.from("output_type", kindsOf(kinds));
    const bodies = this.#tree.bodies[outputType] ?? [];
    const body = bodies.length > 0 && draws.happens("body of an installed task", 3) ? draws.pick(bodies) : null;
    const documents = new DocumentMaker(draws, body);
    const settings = {
      task: name,
      dataset_path: name,
      output_type: outputType,
      ...this.#splits(),
      ...this.#prompt(documents),
      ...this.#asked(outputType, body),
      ...this.#unusual(),
    };
    return {
      settings,
      rows: { train: documents.rows(7), validation: documents.rows(7), test: documents.rows(12) },
      limit: draws.happens("run: limit", 6) ? draws.pick([2, 5, 0.4]) : null,
      numFewshot: draws.happens("run: num_fewshot", 6) ? draws.below(3) : null,
    };
  }

  #splits(): Settings {
    const draws = this.#draws;
    return {
      ...draws.from("evaluated split", {
        test: { test_split: "test" },
        validation: { validation_split: "validation" },
      }),
      ...draws.field("training_split", 2, () => "train"),
      ...draws.field("validation_split", 2, () => "validation"),
      ...draws.field("fewshot_split", 2, () => draws.pick(["train", "validation", "test"])),
    };
  }

  #prompt(documents: DocumentMaker): Settings {
    const draws = this.#draws;
    const delimiters: Table<string> = { empty: "", line: "\n", text: " = ", "with a template": "{{ letter }}: " };
    return {
      ...draws.field("num_fewshot", 2, () => draws.pick([0, 1, 2, 3])),
      ...draws.field("description", 2, () =>
        draws.once(2)
          ? this.#treeValue("description")
          : draws.from("description", { plain: "Answer each.\n\n", template: "About {{ weight }}. ", empty: "" }),
      ),
      ...draws.field("target_delimiter", 2, () =>
        draws.once(2) ? this.#treeValue("target_delimiter") : draws.from("target_delimiter", delimiters),
      ),
      ...draws.field("fewshot_delimiter", 2, () =>
        draws.once(2) ? this.#treeValue("fewshot_delimiter") : draws.pick(["", "\n", "\n###\n"]),
      ),
      ...draws.field("gen_prefix", 4, () =>
        draws.from("gen_prefix", { plain: "Answer:", template: "{{ letter }}", space: "So " }),
      ),
      ...draws.field("fewshot_config", 2, () => this.#fewshot(documents)),
    };
  }

  #fewshot(documents: DocumentMaker): unknown {
    const draws = this.#draws;
    if (draws.happens("fewshot_config of an installed task", 5)) return this.#treeValue("fewshot_config");
    const rows = Array.from({ length: 4 }, (_, index) => documents.row(50 + index));
    return {
      ...draws.field("fewshot_config.sampler", 2, () =>
        draws.from("sampler", { first_n: "first_n", default: "default" }),
      ),
      ...draws.field("fewshot_config.split", 5, () => draws.pick(["train", "validation", "test"])),
      ...draws.field("fewshot_config.fewshot_indices", 6, () => [2, 0, 1]),
      ...draws.field("fewshot_config.samples", 5, () => draws.pick([rows, rows, "!function functions.shots"])),
      ...draws.field("fewshot_config.process_docs", 8, () => "!function functions.numbered"),
      ...draws.field("fewshot_config.doc_to_text", 3, () => draws.from("template", TEMPLATES)),
      ...draws.field("fewshot_config.doc_to_target", 8, () => "letter"),
      ...draws.field("fewshot_config.doc_to_choice", 8, () => ["A", "B", "C", "D"]),
      ...draws.field("fewshot_config.gen_prefix", 6, () => "Then: "),
      ...draws.field("fewshot_config.fewshot_delimiter", 4, () => "\n=\n"),
      ...draws.field("fewshot_config.target_delimiter", 4, () => "~"),
    };
  }

  /** What is asked and how it is scored. */
  #asked(outputType: string, body: TaskBody | null): Settings {
    if (outputType === "multiple_choice") return this.#choice(body);
    if (outputType === "generate_until") return this.#generation(body);
    return this.#likelihood(outputType, body);
  }

  #text(): string {
    if (this.#draws.happens("function: doc_to_text", 15)) return "!function functions.ask";
    return this.#draws.from("template", TEMPLATES);
  }

  #choice(body: TaskBody | null): Settings {
    const draws = this.#draws;
    const own = draws.from("choices", CHOICES);
    const isBinary = body === null && (own["doc_to_target"] === "label" || own["doc_to_target"] === "{{ label }}");
    const isList = body === null && String(own["doc_to_target"]).startsWith("[");
    const table = isBinary ? BINARY_METRICS : isList ? pickFrom(CHOICE_METRICS, LIST_METRICS) : CHOICE_METRICS;
    return {
      doc_to_text: this.#text(),
      ...(body === null ? own : { ...own, ...body.settings }),
      metric_list: draws.someFrom("metric", table, 3),
      ...(draws.happens("function: process_results", 8)
        ? { process_results: "!function functions.judge_choice", ...JUDGED }
        : {}),
    };
  }

  #generation(body: TaskBody | null): Settings {
    const draws = this.#draws;
    const metrics = [this.#exactMatch()];
    if (draws.once(6)) metrics.push(draws.from("metric", TEXT_METRICS));
    return {
      doc_to_text: this.#text(),
      doc_to_target: draws.from("target", TARGETS),
      ...body?.settings,
      ...draws.field("doc_to_choice", 8, () => "choices"),
      ...draws.field("generation_kwargs", 1.2, () => this.#generationKwargs()),
      ...draws.field("filter_list", 2, () => this.#filters()),
      ...draws.field("repeats", 6, () => 3),
      metric_list: metrics,
      ...(draws.happens("function: process_results of texts", 12)
        ? {
            process_results: "!function functions.judge_text",
            metric_list: [metric("exact_match"), metric("acc", MEAN)],
          }
        : {}),
    };
  }

  #generationKwargs(): unknown {
    const draws = this.#draws;
    if (draws.once(2)) return this.#treeValue("generation_kwargs");
    return {
      ...draws.field("generation_kwargs.until", 1.3, () => draws.pick([["\n"], ["."], ["\n\n", "Q:"], "\n", []])),
      ...draws.field("generation_kwargs.do_sample", 2, () => false),
      ...draws.field("generation_kwargs.temperature", 3, () => draws.pick([0, 0.0, 0.5])),
      ...draws.field("generation_kwargs.max_gen_toks", 2, () => 1 + draws.below(8)),
    };
  }

  #exactMatch(): Settings {
    const draws = this.#draws;
    return {
      metric: "exact_match",
      ...draws.field("metric.aggregation", 2, () => "mean"),
      ...draws.field("metric.higher_is_better", 2, () => true),
      ...draws.field("metric.ignore_case", 2, () => true),
      ...draws.field("metric.ignore_punctuation", 2, () => true),
      ...draws.field("metric.ignore_numbers", 3, () => true),
      ...draws.field("metric.regexes_to_ignore", 2, () =>
        draws.pick([[","], ["\\$", "\\.$"], draws.pick(this.#tree.ignored)]),
      ),
    };
  }

  #filters(): unknown {
    const draws = this.#draws;
    if (draws.happens("filter_list of an installed task", 2)) return this.#treeValue("filter_list");
    if (draws.happens("filter: custom", 20)) {
      return [
        {
          name: "f0",
          filter: [{ function: "custom", filter_fn: "!function functions.shout" }, { function: "take_first" }],
        },
      ];
    }
    const pattern = {
      function: "regex",
      regex_pattern: draws.pick(this.#tree.patterns),
      group_select: draws.pick([0, -1]),
    };
    const table = { ...FILTERS, "regex of an installed task": pattern };
    return Array.from({ length: 1 + draws.below(2) }, (_, index) => ({
      name: `f${index}`,
      filter: [...draws.someFrom("filter", table, 2), ...draws.from("filter", LAST_FILTERS)],
    }));
  }

  #likelihood(outputType: string, body: TaskBody | null): Settings {
    const draws = this.#draws;
    const isRolling = outputType === "loglikelihood_rolling";
    const judged = !isRolling && draws.happens("function: process_results of pairs", 8);
    return {
      doc_to_text: isRolling ? "" : this.#text(),
      doc_to_target: draws.pick(["reply", "{{ question }}", " {{ letter }}"]),
      ...body?.settings,
      metric_list: draws.someFrom("metric", isRolling ? ROLLING_METRICS : LIKELIHOOD_METRICS, 3),
      ...(judged
        ? { process_results: "!function functions.judge_pair", metric_list: [metric("acc"), metric("acc_all")] }
        : {}),
    };
  }

  #unusual(): Settings {
    const draws = this.#draws;
    return {
      ...draws.field("process_docs", 8, () =>
        draws.from("function", { filter: "!function functions.keep_some", map: "!function functions.numbered" }),
      ),
      ...draws.field("task_alias", 3, () => draws.pick(["Alias", "  two  words ", this.#treeValue("task_alias")])),
      ...draws.field("tag", 4, () => draws.pick(["fuzz_tag", ["fuzz_one", "fuzz_two"]])),
      ...draws.field("dataset_name", 6, () => draws.pick(["main", null])),
      ...draws.field("should_decontaminate", 6, () => true),
      ...draws.field("doc_to_decontamination_query", 6, () => "question"),
      ...draws.field("unsafe_code", 10, () => false),
      ...draws.field("metadata", 1.2, () => ({ version: draws.pick([1, 2.5, "x", 0.1]) })),
    };
  }

  #treeValue(field: keyof TreeValues["fields"]): unknown {
    const values = this.#tree.fields[field];
    return values.length === 0 ? undefined : this.#draws.pick(values);
  }
}

const MEAN = { aggregation: "mean", higher_is_better: true };
const JUDGED = { metric_list: [metric("acc"), metric("acc_norm")] };
/** Metrics that stand several right answers. */
const LIST_METRICS = ["acc", "acc_norm", "exact_match"];

function pickFrom<Value>(table: Table<Value>, names: readonly string[]): Table<Value> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)));
}

function kindsOf(table: object): Table<string> {
  return Object.fromEntries(Object.keys(table).map((kind) => [kind, kind]));
}
