// Tasks with every way of writing a prompt, and data for them, different for each seed.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../quickstart/seeded-random.ts";

type Settings = Record<string, unknown>;

const WORDS = ["red", "Blue ", " grün", "雪", "no\n", "1.5", "7", "[x]", "it's", '"so"', "☃", "007", "a\u0085b"];

/** Writes `count` tasks, their data and a dataset map (`map.json`) into a folder. */
export function writeRandomTasks(folder: string, seed: number, count: number): void {
  const random = new SeededRandom(seed);
  const splits: Record<string, string> = {};
  mkdirSync(join(folder, "data"), { recursive: true });
  for (const [split, rows] of [
    ["train", 14],
    ["validation", 9],
    ["test", 11],
  ] as const) {
    // prettier-ignore
    const docs = Array.from({ length: rows }, (_, index) => randomDocument(random, index));
    // A repeated row meets the rule for examples that equal the evaluated document.
    docs.push(docs[0]!);
    writeFileSync(join(folder, "data", `${split}.jsonl`), docs.map((doc) => `${JSON.stringify(doc)}\n`).join(""));
    splits[split] = join(folder, "data", `${split}.jsonl`);
  }
  writeFileSync(join(folder, "map.json"), JSON.stringify({ data: splits }));
  for (let index = 0; index < count; index += 1) {
    const task = { task: `random_${index}`, dataset_path: "data", ...randomSettings(random) };
    // JSON is YAML, but for the line break U+0085.
    const text = JSON.stringify(task, undefined, 1).replaceAll("\u0085", String.raw`\u0085`);
    writeFileSync(join(folder, `random_${index}.yaml`), text);
  }
}

function randomText(random: SeededRandom, words: number): string {
  return Array.from({ length: 1 + random.below(words) }, () => random.pick(WORDS)).join(" ");
}

function randomDocument(random: SeededRandom, index: number): Settings {
  return {
    id: index,
    question: randomText(random, 6),
    passage: randomText(random, 9),
    choices: ["first", "second one", " third"].map((choice) => `${choice}${random.below(3)}`),
    answer: random.below(3),
    letter: random.pick(["A", "B", "C"]),
    targets: [randomText(random, 2), randomText(random, 2)],
    start: random.pick(["So", "So ", "", "The answer:"]),
  };
}

function randomSettings(random: SeededRandom): Settings {
  const kind = random.pick(["multiple_choice", "generate_until", "loglikelihood", "loglikelihood_rolling"]);
  return {
    output_type: kind,
    test_split: "test",
    ...maybe(random, { validation_split: "validation" }),
    ...maybe(random, { training_split: "train" }),
    ...maybe(random, { fewshot_split: random.pick(["train", "test", "validation"]) }),
    ...maybe(random, { num_fewshot: random.below(4) }),
    ...maybe(random, { description: random.pick(["About {{passage}}.\n", "Plain words. ", "passage"]) }),
    ...maybe(random, { target_delimiter: random.pick(["", "\n", " -> "]) }),
    ...maybe(random, { fewshot_delimiter: random.pick(["", "\n", "\n###\n"]) }),
    ...maybe(random, { gen_prefix: random.pick(["start", "{{start}}", "Answer", ""]) }),
    ...maybe(random, { fewshot_config: randomFewshot(random) }),
    ...(random.below(5) === 0 ? { repeats: 2 } : {}),
    ...(kind === "generate_until" ? maybe(random, { generation_kwargs: randomGeneration(random) }) : {}),
    ...(kind === "multiple_choice" ? randomChoices(random) : randomTarget(random)),
  };
}

function maybe(random: SeededRandom, settings: Settings): Settings {
  return random.below(2) === 0 ? settings : {};
}

function randomGeneration(random: SeededRandom): Settings {
  return { ...maybe(random, { until: random.pick([["\n"], "stop", []]) }), ...maybe(random, { temperature: 1 }) };
}

function randomFewshot(random: SeededRandom): Settings {
  const sample = (index: number): Settings => ({ ...randomDocument(random, 100 + index), extra: "more" });
  return {
    sampler: random.pick(["default", "first_n"]),
    ...maybe(random, { samples: Array.from({ length: 4 }, (_, index) => sample(index)) }),
    ...maybe(random, { doc_to_text: "Shot: {{question}}\n>" }),
    ...maybe(random, { fewshot_delimiter: "\n=\n" }),
    ...maybe(random, { target_delimiter: "~" }),
    ...maybe(random, { gen_prefix: "{{letter}}" }),
  };
}

function randomTarget(random: SeededRandom): Settings {
  return {
    doc_to_text: random.pick(["question", "Q: {{question}}\nA:", "{{passage}}", ""]),
    doc_to_target: random.pick(["passage", "{{letter}}", "{{question}}", "targets", "{{targets}}", "[{{answer}}]"]),
  };
}

function randomChoices(random: SeededRandom): Settings {
  const choices = random.pick<unknown>([["A", "B", "C"], "choices", "{{choices}}", { a: "x", b: "y", c: "z" }]);
  const metrics = { metric_list: [{ metric: "acc" }, { metric: random.pick(["acc_norm", "acc_mutual_info"]) }] };
  if (random.below(4) === 0) {
    return { doc_to_text: "answer", doc_to_target: "passage", doc_to_choice: choices, ...metrics };
  }
  return {
    doc_to_text: random.pick(["question", "{{question}}", "Pick: {{passage}}\n"]),
    doc_to_target: random.pick<unknown>(["answer", "{{answer}}", "letter", 0, "[0, {{answer}}]"]),
    doc_to_choice: choices,
    ...metrics,
  };
}
