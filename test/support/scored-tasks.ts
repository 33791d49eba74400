// Tasks of the two common kinds with random settings, and data for them: input that exists nowhere else, different for
// each seed. Unlike those of `random-prompts.ts`, all of them run, and their scores differ from 0 and 1.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../quickstart/seeded-random.ts";

type Settings = Record<string, unknown>;

const WORDS = ["red", "Blue", "grün", "雪", "no", "1.5", "(x)", "it's", "☃", "seven", "a b", "true.", "line\nbreak"];
/** What the hash model likes to say. */
const ANSWERS = ["Yes", "No", "valid", "(B)", "12", "7", "$1,3.50", "A", "c", "True"];
const REGEXES = [
  { regex_pattern: "(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select: -1 },
  { regex_pattern: "(?i)answer(?: is|:) \\(?(\\w+)" },
  { regex_pattern: "#### (\\-?[0-9\\.\\,]+)" },
  { regex_pattern: "\\(([A-Z])\\)", fallback: "none" },
];

/** Writes `count` tasks and their data into a folder with a dataset map (`map.json`); gives their names. */
export function writeScoredTasks(folder: string, seed: number, count: number): string[] {
  const random = new SeededRandom(seed);
  const map: Record<string, Record<string, string>> = {};
  mkdirSync(folder, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `generated_${index}`);
  names.forEach((name, index) => {
    map[name] = {};
    for (const [split, rows] of [
      ["train", random.between(8, 30)],
      ["test", random.between(20, 60)],
    ] as const) {
      const file = join(folder, `${name}.${split}.jsonl`);
      const documents = Array.from({ length: rows }, (_, row) => `${JSON.stringify(randomDocument(random, row))}\n`);
      writeFileSync(file, documents.join(""));
      map[name][split] = file;
    }
    const kind = index % 2 === 0 ? choiceSettings(random) : writtenSettings(random);
    const task = { task: name, dataset_path: name, ...commonSettings(random), ...kind };
    // JSON is YAML.
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(task, undefined, 1));
  });
  writeFileSync(join(folder, "map.json"), JSON.stringify(map));
  return names;
}

function randomDocument(random: SeededRandom, row: number): Settings {
  const words = (most: number): string =>
    Array.from({ length: random.between(1, most) }, () => random.pick(WORDS)).join(" ");
  const choices = Array.from({ length: 4 }, (_, choice) => `${words(2)} ${choice}`);
  return {
    question: `${row} ${words(12)}?`,
    choices,
    labelled: { text: choices, label: ["A", "B", "C", "D"] },
    answer: random.below(4),
    letter: random.pick(["A", "B", "C", "D"]),
    reply: random.pick(ANSWERS),
    replies: random.sample(ANSWERS, 3),
    weight: random.pick([0.5, 1, 2.25]),
    passage: random.pick([null, words(6)]),
  };
}

function commonSettings(random: SeededRandom): Settings {
  return {
    training_split: "train",
    test_split: "test",
    fewshot_split: random.pick(["train", "test"]),
    num_fewshot: random.below(5),
    ...maybe(random, { fewshot_config: { sampler: random.pick(["first_n", "default"]) } }),
    ...maybe(random, { description: random.pick(["Answer each question.\n\n", "About {{ weight }}. "]) }),
    ...maybe(random, { target_delimiter: random.pick(["", "\n", " = "]) }),
    ...maybe(random, { fewshot_delimiter: random.pick(["\n", "\n###\n"]) }),
    metadata: { version: random.pick([1, 2.5]) },
  };
}

function choiceSettings(random: SeededRandom): Settings {
  const [choices, target] = random.pick([
    ["choices", "answer"],
    ["{{ labelled.text }}", "{{ labelled.label.index(letter) }}"],
    [["A", "B", "C", "D"], "letter"],
    ["{{ choices }}", "{{ answer }}"],
  ] as const);
  const metrics = random.sample(["acc", "acc_norm", "acc_bytes", "exact_match"], 3).map((metric) => ({ metric }));
  return {
    output_type: "multiple_choice",
    doc_to_text: random.pick([
      "Question: {{ question.strip() }}\nAnswer:",
      "{% for c in choices %}{{ loop.index }}. {{ c|trim }}\n{% endfor %}{{ question }}",
      "{% if passage is not none %}{{ passage }}\n{% endif %}{{ question[:20] ~ ' ' ~ weight }}",
    ]),
    doc_to_choice: choices,
    doc_to_target: target,
    metric_list: metrics,
  };
}

function writtenSettings(random: SeededRandom): Settings {
  const regexes = random.sample(REGEXES, random.below(3)).map((regex, index) => ({
    name: `filter ${index}`,
    filter: [
      { function: "regex", ...regex },
      ...maybeList(random, { function: "remove_whitespace" }),
      { function: "take_first" },
    ],
  }));
  const options = {
    ...maybe(random, { ignore_case: true }),
    ...maybe(random, { ignore_punctuation: true }),
    ...maybe(random, { ignore_numbers: true }),
    ...maybe(random, { regexes_to_ignore: [",", "\\$", "\\.$"] }),
  };
  return {
    output_type: "generate_until",
    doc_to_text: random.pick([
      "Q: {{ question }}\nA:",
      "question",
      "{{ [question, passage]|select('string')|join(' / ') }}",
    ]),
    doc_to_target: random.pick(["reply", "{{ reply }}", " {{ reply|lower }}", "replies"]),
    generation_kwargs: {
      until: random.pick([["\n\n", "Question:"], ["\n"], ["."]]),
      ...maybe(random, { max_gen_toks: random.between(1, 6) }),
      do_sample: false,
    },
    ...(regexes.length === 0 ? {} : { filter_list: regexes }),
    ...(random.below(6) === 0 ? { repeats: 2 } : {}),
    metric_list: [{ metric: "exact_match", aggregation: "mean", higher_is_better: true, ...options }],
  };
}

function maybe(random: SeededRandom, settings: Settings): Settings {
  return random.below(2) === 0 ? settings : {};
}

function maybeList(random: SeededRandom, member: Settings): Settings[] {
  return random.below(2) === 0 ? [member] : [];
}
