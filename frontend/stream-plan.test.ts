import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PlanEnd, PlanHeader, PlanPack } from "../evaluation/plan.ts";
import type { PlanProgress, PlanRequest } from "./plan-request.ts";
import { streamPlan } from "./stream-plan.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-plan-"));
  mkdirSync(join(folder, "tasks"));
  const rows = (count: number) =>
    Array.from({ length: count }, (_, index) => `${JSON.stringify({ q: `Q${index}`, a: String(index % 3) })}\n`).join(
      "",
    );
  writeFileSync(join(folder, "test.jsonl"), rows(700));
  writeFileSync(join(folder, "train.jsonl"), rows(3));
  writeFileSync(join(folder, "empty.jsonl"), "");
  writeFileSync(
    join(folder, "map.json"),
    JSON.stringify({ sums: { test: "test.jsonl", train: "train.jsonl" }, nothing: { test: "empty.jsonl" } }),
  );
  writeTask("sums");
});

afterEach(() => rmSync(folder, { recursive: true }));

const SUMS: Record<string, unknown> = {
  dataset_path: "sums",
  test_split: "test",
  doc_to_text: "{{q}} =",
  doc_to_target: "{{a}}",
  metadata: { version: 2 },
};

function writeTask(name: string, changes: Record<string, unknown> = {}): void {
  writeFileSync(
    join(folder, "tasks", `${name}.yaml`),
    JSON.stringify({ task: name, ...SUMS, ...changes }, undefined, 1),
  );
}

function request(changes: Partial<PlanRequest> = {}): PlanRequest {
  return {
    tasks: ["sums"],
    includePaths: [join(folder, "tasks")],
    datasetMap: join(folder, "map.json"),
    limit: null,
    numFewshot: null,
    seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
    generationOverrides: null,
    bootstrapIterations: 1000,
    cacheFolder: join(folder, "cache"),
    ...changes,
  };
}

async function plan(changes: Partial<PlanRequest> = {}, progress: PlanProgress[] = []) {
  const packs: PlanPack[] = [];
  let [header, end]: [PlanHeader | undefined, PlanEnd | undefined] = [undefined, undefined];
  const { signal } = new AbortController();
  for await (const piece of streamPlan(request(changes), { signal, onProgress: (said) => progress.push(said) })) {
    if (piece.kind === "header") header = piece.header;
    else if (piece.kind === "pack") packs.push(piece.pack);
    else end = piece.end;
  }
  return { header: header!, packs, end: end! };
}

test("a plan is a header, packs of about 256 requests in order, and an end that counts them", async () => {
  const progress: PlanProgress[] = [];
  const { header, packs, end } = await plan({}, progress);
  expect(header.profile).toBe("lm-eval 0.4.13");
  expect(header.tasks[0]).toMatchObject({ name: "sums", version: "2", numFewshot: 0, outputKind: "generate_until" });
  expect(packs.map(({ requests }) => requests.length)).toEqual([256, 256, 188]);
  const requests = packs.flatMap((pack) => pack.requests);
  expect(requests.map(({ index }) => index)).toEqual(Array.from({ length: 700 }, (_, index) => index));
  expect(requests[5]).toEqual({
    index: 5,
    kind: "generate_until",
    context: "Q5 =",
    continuation: "",
    generation: { until: ["\n\n"], maxTokens: 256, temperature: 0, extra: {} },
  });
  expect(packs[1]!.samples[0]).toEqual({
    index: 256,
    task: 0,
    docId: 256,
    doc: '{"q": "Q256", "a": "1"}',
    target: '"1"',
    firstRequest: 256,
    requestCount: 1,
  });
  expect(packs.map(({ sampleCostTokens }) => sampleCostTokens.length)).toEqual([256, 256, 188]);
  expect(end).toMatchObject({
    requestCount: 700,
    sampleCount: 700,
    taskCounts: [{ samples: 700, originalSamples: 700 }],
  });
  expect(end.datasets).toEqual([expect.objectContaining({ dataset: "sums", split: "test", rows: 700 })]);
  expect(new Set(progress.map(({ stage }) => stage))).toEqual(new Set(["index", "data", "prompts"]));
  expect(progress.at(-1)).toMatchObject({ subject: "sums", done: 700, total: 700 });
});

test("equal requests give equal plans", async () => {
  const wish = { numFewshot: 2, limit: 0.1, tasks: ["sums"] };
  expect(await plan(wish)).toEqual(await plan(wish));
});

test("a limit below one is a share, rounded up; a number is a count", async () => {
  expect((await plan({ limit: 0.0101 })).end.taskCounts).toEqual([{ samples: 8, originalSamples: 700 }]);
  expect((await plan({ limit: 3 })).end.taskCounts).toEqual([{ samples: 3, originalSamples: 700 }]);
  expect((await plan({ limit: 1e6 })).end.sampleCount).toBe(700);
});

test("generation settings of the run go over the task's; equal ones are listed once", async () => {
  writeTask("second");
  const { header } = await plan({
    tasks: ["sums", "second"],
    limit: 1,
    generationOverrides: '{"temperature": 0.5, "top_p": 0.9, "max_gen_toks": 7}',
  });
  expect(header.generations).toEqual([{ until: ["\n\n"], maxTokens: 7, temperature: 0.5, extra: { top_p: 0.9 } }]);
});

test("worked examples in the YAML's zero are not overridden; the data they come from is recorded", async () => {
  writeTask("fixed", { num_fewshot: 0, training_split: "train" });
  writeTask("open", { training_split: "train" });
  const { header, end } = await plan({ tasks: ["fixed", "open"], numFewshot: 2, limit: 1 });
  expect(header.tasks.map(({ numFewshot }) => numFewshot)).toEqual([0, 2]);
  expect(end.datasets.map(({ split }) => split)).toEqual(["test", "train"]);
});

test("groups keep their members; filters they leave open are those of their tasks", async () => {
  writeTask("second", { filter_list: [{ name: "strict", filter: [{ function: "take_first" }] }] });
  writeFileSync(
    join(folder, "tasks", "both.yaml"),
    "group: both\ntask: [sums, second]\naggregate_metric_list: {metric: exact_match}\nmetadata: {version: 1.0}\n",
  );
  const { header } = await plan({ tasks: ["both"], limit: 1 });
  expect(header.tasks.map(({ name }) => name)).toEqual(["sums", "second"]);
  expect(header.groups).toEqual([
    expect.objectContaining({
      name: "both",
      alias: "both",
      version: '"1.0"',
      members: ["sums", "second"],
      aggregates: [{ metric: "exact_match", filters: ["none", "strict"], weightBySize: true }],
    }),
  ]);
});

test.each<[string, Record<string, unknown>, Partial<PlanRequest>, readonly [string, RegExp]]>([
  ["an unknown task", {}, { tasks: ["summs"] }, ["notFound", /no task, group or tag summs/]],
  ["no task", {}, { tasks: [] }, ["usage", /No task was named/]],
  ["a limit of zero", {}, { limit: 0 }, ["usage", /leaves no samples/]],
  ["a broken number of examples", {}, { numFewshot: -1 }, ["usage", /-1 is no number of worked examples/]],
  [
    "too many examples",
    { training_split: "train" },
    { numFewshot: 4 },
    ["badData", /bad .*: 4 worked examples .* from 3/],
  ],
  [
    "a missing split",
    { test_split: "exam" },
    {},
    ["badData", /sums has no split exam, which the task bad is evaluated on/],
  ],
  ["a missing pool", { fewshot_split: "dev", num_fewshot: 1 }, {}, ["badData", /no split dev, .* worked examples/]],
  ["an empty split", { dataset_path: "nothing" }, {}, ["badData", /no rows, so the task bad has no samples/]],
  [
    "a missing column",
    { doc_to_text: "{{question}}" },
    {},
    ["badData", /bad stops at document 0 .*'question' is undefined/],
  ],
  ["an unknown setting", { doc_to_txt: "x" }, {}, ["badData", /bad.* has the unknown setting doc_to_txt/]],
  ["an unknown metric", { metric_list: [{ metric: "nice" }] }, {}, ["unsupported", /bad cannot be scored.*nice/]],
  ["images", { doc_to_image: "i" }, {}, ["unsupported", /bad cannot be run exactly: it shows images/]],
])("%s is refused with one clear sentence", async (_case, changes, wish, [kind, message]) => {
  writeTask("bad", changes);
  const refusal = { kind, message: expect.stringMatching(message) as string };
  await expect(plan({ tasks: ["bad"], ...wish })).rejects.toThrow(expect.objectContaining(refusal));
});

test("a task that needs Python is refused by the function's name and file", async () => {
  writeFileSync(
    join(folder, "tasks", "helpers.py"),
    "import pandas\n\ndef clean(docs):\n    return pandas.concat(docs)\n",
  );
  writeFileSync(
    join(folder, "tasks", "python.yaml"),
    "task: python\ndataset_path: sums\ntest_split: test\ndoc_to_text: q\ndoc_to_target: a\nprocess_docs: !function helpers.clean\n",
  );
  await expect(plan({ tasks: ["python"] })).rejects.toThrow(
    expect.objectContaining({
      kind: "unsupported",
      message: expect.stringMatching(
        /python .*the Python function clean in .*helpers\.py \(process_docs\): .*pandas/,
      ) as string,
      wayOut: expect.stringContaining("harness itself") as string,
    }),
  );
});

test("a task's Python functions make its documents, questions and answers", async () => {
  writeFileSync(
    join(folder, "tasks", "helpers.py"),
    [
      "from functools import partial",
      "",
      "def keep(docs, word):",
      "    return docs.filter(lambda doc: doc['q'] != word).map(lambda doc: {'q': doc['q'].lower()})",
      "",
      "clean = partial(keep, word='Q5')",
      "",
      "def ask(doc):",
      "    return f\"{doc['q']:>6} is\"",
      "",
    ].join("\n"),
  );
  writeFileSync(
    join(folder, "tasks", "python.yaml"),
    "task: python\ndataset_path: sums\ntest_split: test\ndoc_to_text: !function helpers.ask\ndoc_to_target: a\nprocess_docs: !function helpers.clean\n",
  );
  const asked = (await plan({ tasks: ["python"] })).packs.flatMap((pack) => pack.requests);
  const documents = (await plan({ tasks: ["sums"] })).packs.flatMap((pack) => pack.samples.map(({ doc }) => doc));
  const questions = documents.map((doc) => (JSON.parse(doc) as { q: string }).q);
  const kept = questions.filter((q) => q !== "Q5");
  expect(kept.length).toBeLessThan(questions.length);
  expect(asked.map(({ context }) => context)).toEqual(kept.map((q) => `${q.toLowerCase().padStart(6)} is`));
});

test("malformed YAML is refused with file and line", async () => {
  writeFileSync(join(folder, "tasks", "sums.yaml"), "task: sums\ndoc_to_text: a: b\n");
  await expect(plan()).rejects.toThrow(/sums\.yaml:2 is not valid YAML/);
});

test("several refused tasks are counted and named", async () => {
  for (const name of ["one", "two"]) writeTask(name, { doc_to_image: "i" });
  await expect(plan({ tasks: ["one", "sums", "two"] })).rejects.toThrow(/2 of 3 tasks cannot be run \(one, two\)/);
});

test("an aborted plan stops at once and says that it was stopped", async () => {
  const controller = new AbortController();
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    for await (const piece of streamPlan(request(), { signal: controller.signal, onProgress: () => undefined })) {
      seen.push(piece.kind);
      controller.abort();
    }
  };
  await expect(read()).rejects.toThrow(expect.objectContaining({ kind: "interrupted" }));
  expect(seen).toEqual(["header"]);
});

test("a template that fails for one document names task, document, data set, template and message", async () => {
  writeTask("picky", { doc_to_text: "{{ (q ~ '').split('Q5')[1] if q == 'Q3' else q }}" });
  await expect(plan({ tasks: ["picky"] })).rejects.toThrow(
    expect.objectContaining({
      kind: "badData",
      message: expect.stringMatching(
        /^The task picky stops at document 3 of sums, split test: .+ \(template "\{\{ \(q ~ .+ else q \}\}"\)\.$/,
      ) as string,
      wayOut: expect.stringContaining("The columns are: q, a") as string,
    }),
  );
});

test("choices that are no Python list name the template that gives them", async () => {
  writeTask("loose", { output_type: "multiple_choice", doc_to_choice: "{{q}}, {{a}}", doc_to_target: 0 });
  await expect(plan({ tasks: ["loose"] })).rejects.toThrow(/document 0 .*\(template "\{\{q\}\}, \{\{a\}\}"\)/);
});

test("tasks of another version of the harness are named in the plan and in a note", async () => {
  mkdirSync(join(folder, "lm_eval", "tasks"), { recursive: true });
  mkdirSync(join(folder, "lm_eval-0.4.8.dist-info"));
  renameSync(join(folder, "tasks", "sums.yaml"), join(folder, "lm_eval", "tasks", "sums.yaml"));
  const notes: string[] = [];
  const wanted = request({ includePaths: [join(folder, "lm_eval", "tasks")] });
  const around = { signal: new AbortController().signal, onProgress: () => undefined };
  for await (const piece of streamPlan(wanted, { ...around, onNote: (note) => notes.push(note) })) {
    if (piece.kind === "header") expect(piece.header.otherVersions).toEqual([{ version: "0.4.8", tasks: ["sums"] }]);
  }
  expect(notes).toEqual([expect.stringContaining("scores are those of 0.4.13's rules")]);
  writeTask("own");
  expect((await plan({ tasks: ["own"] })).header).not.toHaveProperty("otherVersions");
});

test.each(["Q0", "Q3"])("%s, whose prompt would never be made, ends the plan and is named", async (document) => {
  writeFileSync(
    join(folder, "tasks", "helpers.py"),
    `import re\n\ndef ask(doc):\n    return re.sub(r"${".*".repeat(60)}x$", "", doc["q"] + "-" * 40 if doc["q"] == "${document}" else doc["q"])\n`,
  );
  writeFileSync(
    join(folder, "tasks", "endless.yaml"),
    "task: endless\ndataset_path: sums\ntest_split: test\ndoc_to_text: !function helpers.ask\ndoc_to_target: a\n",
  );
  const around = { signal: new AbortController().signal, onProgress: () => undefined, documentLimitMs: 400 };
  const read = async () => {
    for await (const piece of streamPlan(request({ tasks: ["endless"] }), around)) expect(piece.kind).toBe("header");
  };
  await expect(read()).rejects.toThrow(
    expect.objectContaining({
      kind: "badData",
      message: `The task endless, document ${document.slice(1)}: its prompts took more than 0.4 s to make.`,
    }),
  );
});

test("a setting that names a column which the data set no longer has is pointed out, with the columns that there are", async () => {
  writeTask("changed", { doc_to_text: "question", doc_to_target: "a" });
  const notes: string[] = [];
  const around = { signal: new AbortController().signal, onProgress: () => undefined, onNote: notes.push.bind(notes) };
  for await (const piece of streamPlan(request({ tasks: ["changed"], limit: 1 }), around)) {
    if (piece.kind === "pack") expect(piece.pack.requests[0]!.context).toBe("question");
  }
  expect(notes).toEqual([
    "The doc_to_text of the task changed is question, which is no column of its data set (q, a): " +
      "it is taken for text, as the harness does.",
  ]);
  writeTask("gone", { doc_to_text: "{{question}}" });
  await expect(plan({ tasks: ["gone"] })).rejects.toMatchObject({
    kind: "badData",
    message: expect.stringContaining("document 0 of sums, split test"),
    wayOut: expect.stringContaining("The columns are: q, a."),
  });
});
