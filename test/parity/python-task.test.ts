// Tasks whose Python functions make documents, prompts, metrics and aggregations, run by the reference harness and by
// Muster on the hash model: the same prompts, samples and numbers to the last bit.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, test } from "vitest";
import { harnessPython } from "../support/harness-python.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import type { GoldenRun } from "./golden-runs.ts";
import { expectSameRun } from "./same-run.ts";

const HELPERS = `
import re
import string
from collections import Counter
from functools import partial

import datasets
import numpy as np
from sklearn.metrics import f1_score

LETTERS = ["A", "B", "C", "D"]


def keep(dataset: datasets.Dataset, topic) -> datasets.Dataset:
    def tidy(doc, strip=True):
        text = re.sub(r"\\[.*?\\]", "", doc["text"])
        text = text.replace("  ", " ").strip() if strip else text
        return {"query": text.capitalize(), "size": len(doc["options"]), "pair": [doc["topic"], text[::-1]]}

    return dataset.filter(lambda doc: doc["topic"] == topic).map(tidy)


keep_birds = partial(keep, topic="birds")
globals().update({f"keep_{topic}": partial(keep, topic=topic) for topic in ("stones", "rivers")})


def ask(doc):
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, doc["options"])]
    return "Q: {query}\\n{0}\\nA:".format("\\n".join(lines), query=doc["query"])


def answer(doc):
    return LETTERS[doc["answer"]]


def choices(doc):
    return [option.title() if i % 2 else option for i, option in enumerate(doc["options"])]


def examples():
    return [
        {"query": "One?", "options": ["x", "y", "z"], "answer": 1, "topic": "t", "text": "One", "size": 3, "pair": ["a", "b"]},
        {"query": "Two?", "options": ["u", "v", "w"], "answer": 0, "topic": "t", "text": "Two", "size": 3, "pair": ["a", "b"]},
    ]


def normalize(text):
    table = str.maketrans("", "", string.punctuation)
    return " ".join(word for word in text.lower().translate(table).split() if word not in {"a", "an", "the"})


def score(doc, results):
    said = normalize(results[0])
    wanted = normalize(doc["options"][doc["answer"]])
    common = Counter(said) & Counter(wanted)
    same = sum(common.values())
    f1 = 0 if same == 0 else 2 * same / (len(said) + len(wanted))
    try:
        number = int(re.findall(r"-?\\d+", results[0])[-1])
    except (IndexError, ValueError):
        number = None
    return {"em": said == wanted, "f1": f1, "labels": (len(said) % 3, doc["answer"] % 3), "spread": {"n": number or 0}}


def macro(items):
    right, said = zip(*items)
    return f1_score(right, said, average="macro")


def widest(items):
    return max(abs(item["n"]) for item in items)


def weigh(items):
    pairs = list(zip(*items))
    return f1_score(pairs[0], pairs[1], average="weighted")
`;

const COMMON = `
dataset_path: things
test_split: test
num_fewshot: 2
fewshot_config:
  samples: !function helpers.examples
metadata:
  version: 1.0
`;

const GENERATION = `
task: python_generation
process_docs: !function helpers.keep_birds
doc_to_text: !function helpers.ask
doc_to_target: !function helpers.answer
doc_to_choice: !function helpers.choices
output_type: generate_until
generation_kwargs: {until: ["\\n"], max_gen_toks: 20}
process_results: !function helpers.score
metric_list:
  - {metric: em, aggregation: mean, higher_is_better: true}
  - {metric: f1, aggregation: mean, higher_is_better: true}
  - {metric: labels, aggregation: !function helpers.macro, higher_is_better: true}
  - {metric: spread, aggregation: !function helpers.widest, higher_is_better: false}
${COMMON}`;

const CHOICE = `
task: python_choice
process_docs: !function helpers.keep_stones
doc_to_text: "{{query}} ({{pair[1]}})"
doc_to_target: answer
doc_to_choice: !function helpers.choices
output_type: multiple_choice
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: f1, aggregation: !function helpers.weigh, higher_is_better: true}
${COMMON}`;

const python = harnessPython();

describe.skipIf(python === null || sharedFolder === null)("tasks with Python functions", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "muster-python-tasks-"));
    const words = ["the heron", "ÉTÉ", "a 42 geese", "", "x-7", "日本 crane", "ﬁnch's", "two  gulls"];
    const rows = Array.from({ length: 60 }, (_, index) => ({
      text: `[note ${index}] where is ${words[index % words.length]!} in line ${index}?  `,
      options: Array.from(
        { length: 2 + (index % 3) },
        (_unused, at) => words[(index * 3 + at) % words.length]! || `n${index}`,
      ),
      answer: index % 2,
      topic: ["birds", "stones", "rivers"][index % 3]!,
    }));
    writeFileSync(join(folder, "things.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    writeFileSync(join(folder, "map.json"), JSON.stringify({ things: { test: "things.jsonl" } }));
    writeFileSync(join(folder, "helpers.py"), HELPERS);
    writeFileSync(join(folder, "generation.yaml"), GENERATION);
    writeFileSync(join(folder, "choice.yaml"), CHOICE);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test("documents, prompts, metrics and aggregations have the harness's bits", async () => {
    const names = ["python_generation", "python_choice"];
    const file = join(folder, "harness.json");
    const script = join(sharedFolder!, "parity", "reference.py");
    const places = ["--include-path", folder, "--map", join(folder, "map.json")];
    await promisify(execFile)(python!, [script, names.join(","), file, ...places], {
      env: { ...process.env, HF_HOME: join(folder, "hf") },
      maxBuffer: 1 << 26,
    });
    const harness = JSON.parse(readFileSync(file, "utf8")) as GoldenRun;
    const datasetMap = join(folder, "map.json");
    await expectSameRun(harness, { tasks: names, limit: null, numFewshot: null, includePaths: [folder], datasetMap });
  });
});
