import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PlanRequest } from "../plan-request.ts";
import { measureCoverage } from "./coverage.ts";
import { findMediaRefusal } from "./judge-task.ts";
import { showDocument } from "./show-document.ts";
import { validateTasks } from "./validate-tasks.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-inspection-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: readonly string[]): string {
  const file = join(folder, "tasks", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

const DATA = ["dataset_path: mine", "test_split: test", "doc_to_text: '{{question}}'", "doc_to_target: answer"];

function places() {
  return { includePaths: [join(folder, "tasks")], cacheFolder: join(folder, "cache") };
}

/** The place of each problem, and what is said of it. */
function problems(...words: readonly string[]): string[] {
  return validateTasks(places(), words).tasks.flatMap(({ name, problems }) =>
    problems.map(
      ({ kind, file, line, message }) =>
        `${kind} ${name} ${file?.slice(folder.length + 7) ?? "-"}:${line ?? "-"} ${message}`,
    ),
  );
}

test.each<[string, readonly string[], RegExp]>([
  ["an unknown setting", [...DATA, "colour: red"], /^badData mine \w+\.yaml:6 .*unknown setting colour/],
  [
    "an expression that Python does not take",
    [...DATA, 'filter_list: [{name: strict, filter: [{function: regex, regex_pattern: "(a"}]}]'],
    /^badData mine \w+\.yaml:6 .*its filter regex \(strict\) with the expression "\(a" cannot be made: missing \)/,
  ],
  [
    "an expression that has no translation",
    [...DATA, 'filter_list: [{name: strict, filter: [{function: regex, regex_pattern: "(a)?(?(1)b|c)"}]}]'],
    /^unsupported mine \w+\.yaml:6 .*with the expression "\(a\).*" cannot be made: .*conditional group/,
  ],
  [
    "a template",
    ["doc_to_choice: '{{a'", ...DATA],
    /^badData mine \w+\.yaml:2 The template doc_to_choice .* cannot be read/,
  ],
  ["a number", [...DATA, "num_fewshot: many"], /^badData mine \w+\.yaml:6 .*num_fewshot 'many'/],
  ["a metric", [...DATA, "metric_list:", "  - metric: beauty"], /^unsupported mine \w+\.yaml:6 .*beauty/],
  [
    "a filter",
    [...DATA, "filter_list:", "  - {name: a, filter: [{function: sieve}]}"],
    /^unsupported mine \w+\.yaml:6 .*sieve/,
  ],
  ["an example's setting", [...DATA, "fewshot_config:", "  sampler: odd"], /^badData mine \w+\.yaml:7 .*sampler 'odd'/],
  [
    "an example's template",
    [...DATA, "fewshot_config:", "  doc_to_text: '{% x %}'"],
    /^\w+ mine \w+\.yaml:7 .*fewshot_config/,
  ],
  ["what is included", ["include: base"], /^badData mine base:1 .*unknown setting mood/],
  ["broken YAML", ["x: [1", "y: 2"], /^badData .*\.yaml \w+\.yaml:[23] .*is not valid YAML/],
  ["a missing include", ["include: nowhere"], /^notFound .*\.yaml \w+\.yaml:2 .*does not exist/],
])("validation names file and line of %s", (_what, lines, sentence) => {
  write("base", "mood: good", ...DATA);
  const file = write("mine.yaml", "task: mine", ...lines);
  expect(problems(file)).toEqual([expect.stringMatching(sentence)]);
});

test("a Python function that cannot be run is shown where it is named", () => {
  write("helpers.py", "import pickle", "def score(doc, results):", "    return pickle.dumps(doc)");
  const file = write(
    "mine.yaml",
    "task: mine",
    ...DATA,
    "process_results: !function helpers.score",
    "metric_list:",
    "  - metric: a",
  );
  expect(problems(file)).toEqual([expect.stringMatching(/^unsupported mine mine\.yaml:6 .*pickle/)]);
});

test("what can be run has no problems; what is not there is one", () => {
  write("one.yaml", "task: one", "tag: both", ...DATA);
  write("two.yaml", "task: two", "tag: both", ...DATA, "bad: 1");
  expect(problems("one")).toEqual([]);
  expect(problems("both")).toHaveLength(1);
  expect(problems("nothing")).toEqual([expect.stringMatching(/^notFound nothing -:- /)]);
});

test("tasks of images and sounds run nowhere, and a model that judges is left to the harness", async () => {
  write(
    "helpers.py",
    "from openai import OpenAI",
    "def look(doc):",
    "    return [doc['image']]",
    "def judge(doc, results):",
    "    return {'acc': float(OpenAI().responses.create(model='m', input=results[0]).output_text == 'yes')}",
  );
  write("seen.yaml", "task: seen", ...DATA, "doc_to_image: !function helpers.look");
  write("heard.yaml", "task: heard", ...DATA, "doc_to_audio: sound");
  write("judged.yaml", "task: judged", ...DATA, "process_results: !function helpers.judge");
  expect(problems("seen", "heard", "judged")).toEqual([
    expect.stringMatching(
      /^unsupported seen .*seen cannot be run exactly: it shows images to the model \(doc_to_image\)/,
    ),
    expect.stringMatching(
      /^unsupported heard .*heard cannot be run exactly: it plays audio to the model \(doc_to_audio\)/,
    ),
    expect.stringMatching(/^unsupported judged .*openai/),
  ]);
  const { tasks } = await measureCoverage(places());
  expect(tasks.map(({ name, kind }) => [name, kind])).toEqual([
    ["heard", "refused"],
    ["judged", "bridge"],
    ["seen", "refused"],
  ]);
  expect(findMediaRefusal(places(), ["judged"])).toBeNull();
  expect(findMediaRefusal(places(), ["judged", "heard"])?.message).toMatch(/heard .* plays audio/);
});

test("coverage counts what runs, what needs the harness and what runs nowhere, with reasons and functions", async () => {
  write("helpers.py", "import pickle", "def clean(rows):", "    return pickle.loads(rows)");
  write("native.yaml", "task: piqa", ...DATA);
  write("helper.yaml", "task: helped", ...DATA, "process_docs: !function helpers.clean");
  write("helper_two.yaml", "task: helped_too", ...DATA, "process_docs: !function helpers.clean");
  write("class.yaml", "task: squadv2", "class: !function helpers.Unusual");
  write("image.yaml", "task: seeing", ...DATA, "doc_to_image: image");
  write("broken.yaml", "task: broken", ...DATA, "unknown: 1");
  const { counts, reasons, headline, tasks } = await measureCoverage(places());
  expect(counts).toEqual({ native: 1, bridge: 3, refused: 2 });
  expect(tasks.map(({ name }) => name)).toEqual(["broken", "helped", "helped_too", "piqa", "seeing", "squadv2"]);
  expect(reasons[0]).toMatchObject({ kind: "bridge", tasks: 2, helpers: ["clean"] });
  expect(reasons[0]!.reason).toMatch(/^process_docs: .*pickle/);
  expect(headline.map(({ name, tasks }) => [name, tasks[0]!.kind])).toEqual([
    ["piqa", "native"],
    ["squadv2", "bridge"],
  ]);
});

test("a document is shown with the prompt that a run would send, also far from the first", async () => {
  const rows = Array.from({ length: 40 }, (_, row) => ({ question: `Q${row}`, answer: `A${row}` }));
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  write("mine.yaml", "task: mine", ...DATA, "num_fewshot: 1", "training_split: train");
  writeFileSync(join(folder, "data.jsonl"), lines);
  const map = { mine: { test: "data.jsonl", train: "data.jsonl" } };
  writeFileSync(join(folder, "map.json"), JSON.stringify(map));
  const request: Omit<PlanRequest, "limit"> = {
    tasks: ["mine"],
    ...places(),
    datasetMap: join(folder, "map.json"),
    numFewshot: null,
    seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
    generationOverrides: null,
    bootstrapIterations: 0,
  };
  const around = { signal: new AbortController().signal, onProgress: () => undefined };
  const shown = await showDocument(request, 2, around);
  expect(shown).toMatchObject({ documents: 40, sample: { docId: 2, target: '"A2"' } });
  expect(shown.requests.map(({ context }) => context)).toEqual([expect.stringMatching(/^Q\d+ A\d+\n\nQ2$/)]);
  await expect(showDocument(request, 40, around)).rejects.toThrow("mine has no document 40");
  write("other.yaml", "task: other", ...DATA);
  await expect(showDocument({ ...request, tasks: ["mine", "other"] }, 0, around)).rejects.toThrow("stands for 2 tasks");
});
