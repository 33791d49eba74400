import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../quickstart/seeded-random.ts";

/** How much to make. */
export interface MadeTasksWish {
  readonly choiceDocuments: number;
  readonly writtenDocuments: number;
}

const WORDS = ["red", "Blue", "grün", "雪", "no", "1.5", "a b", "(x)", "ja", "☃", "seven", "true"];

/**
 * Writes a multiple-choice task `made_choice` and a generation task `made_written`, with their data, into a folder:
 * input that exists nowhere else, different for each seed.
 */
export function makeTasks(folder: string, seed: number, wish: MadeTasksWish): void {
  mkdirSync(folder, { recursive: true });
  const random = new SeededRandom(seed);
  const word = (): string => random.pick(WORDS);
  const question = (position: number): string =>
    `${seed}-${position} ${Array.from({ length: 5 + random.below(20) }, word).join(" ")}?`;
  const choices = rows(wish.choiceDocuments + 8, (position) => ({
    question: question(position),
    choices: Array.from({ length: 4 }, (_, choice) => `${word()} ${choice}`),
    answer: random.below(4),
  }));
  const written = rows(wish.writtenDocuments + 8, (position) => ({
    question: question(position),
    answer: String(random.below(40)),
  }));
  write(folder, "made_choice", choices, [
    "output_type: multiple_choice",
    "num_fewshot: 2",
    'doc_to_text: "Question: {{question}}\\nAnswer:"',
    "doc_to_choice: choices",
    "doc_to_target: answer",
    "metric_list:",
    "  - metric: acc",
    "  - metric: acc_norm",
  ]);
  write(folder, "made_written", written, [
    "output_type: generate_until",
    "num_fewshot: 1",
    'doc_to_text: "Q: {{question}}\\nA:"',
    'doc_to_target: "{{answer}}"',
    "generation_kwargs:",
    '  until: ["\\n\\n", "Question:"]',
    "  do_sample: false",
    "  max_gen_toks: 24",
    "filter_list:",
    "  - name: number",
    "    filter:",
    "      - function: regex",
    '        regex_pattern: "([0-9]+)"',
    "      - function: take_first",
    "metric_list:",
    "  - metric: exact_match",
    "    ignore_case: true",
  ]);
}

function rows(count: number, make: (position: number) => object): string[] {
  return Array.from({ length: count }, (_, position) => JSON.stringify(make(position)));
}

function write(folder: string, task: string, documents: readonly string[], lines: readonly string[]): void {
  const file = (split: string): string => join(folder, `${task}.${split}.jsonl`);
  writeFileSync(file("train"), `${documents.slice(0, 8).join("\n")}\n`);
  writeFileSync(file("test"), `${documents.slice(8).join("\n")}\n`);
  const head = [
    `task: ${task}`,
    "tag: made",
    "dataset_path: json",
    "dataset_kwargs:",
    "  data_files:",
    `    train: ${file("train")}`,
    `    test: ${file("test")}`,
    "training_split: train",
    "fewshot_split: train",
    "test_split: test",
  ];
  writeFileSync(join(folder, `${task}.yaml`), `${[...head, ...lines].join("\n")}\n`);
}
