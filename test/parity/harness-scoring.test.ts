import { describe, expect, test } from "vitest";
import { formatResults } from "../../evaluation/report/results-json.ts";
import { harnessPython } from "../support/harness-python.ts";
import { type RandomTask, RandomTasks } from "./random-tasks.ts";
import { type NativeOutcome, scoreNatively } from "./score-natively.ts";
import { type HarnessOutcome, scoreWithHarness } from "./scored-by-harness.ts";

const python = harnessPython();
const SEED = Number(process.env["MUSTER_SEED"] ?? 20260801);
const ITERATIONS = 2000;

const first = { function: "take_first" };

/** Every filter, every option, every way of asking. */
function randomTasks(): RandomTask[] {
  const make = new RandomTasks(SEED);
  const pipeline = (name: string, ...steps: object[]) => ({ name, filter: steps });
  const choice = { ignore_case: true, ignore_punctuation: true, regex_pattern: "(\\([A-Z]\\))" };
  const regexes = Array.from({ length: 4 }, (_, index) =>
    pipeline(`regex ${index}`, { function: "regex", regex_pattern: make.pattern(), group_select: -(index % 2) }, first),
  );
  return [
    make.multipleChoice(["acc", "acc_norm", "acc_bytes", "exact_match"], false),
    make.multipleChoice(["acc_bytes", "acc", "acc_norm", "exact_match"], true),
    make.multipleChoice(["acc", "acc_mutual_info"], false),
    make.brier(2),
    make.brier(4),
    make.brier(11),
    make.likelihood(),
    make.rolling(),
    make.generation(null),
    make.generation(regexes),
    make.generation([pipeline("strip", { function: "remove_whitespace" }, first)], { options: { ignore_case: true } }),
    make.generation([
      pipeline("lower", { function: "lowercase" }, first),
      pipeline("UP", { function: "uppercase" }, first),
    ]),
    make.generation([
      pipeline("map", { function: "map", mapping_dict: { "7": "seven" }, default_value: "other" }, first),
    ]),
    make.generation([pipeline("vote", { function: "majority_vote" }, first)], { repeats: 3 }),
    make.generation([pipeline("two", { function: "take_first_k", k: 2 })], { repeats: 3 }),
    make.generation(null, { metrics: [{ metric: "exact_match" }, { metric: "f1", aggregation: "bypass" }] }),
    make.generation([pipeline("span", { function: "format_span" })], {
      metrics: [{ metric: "f1", aggregation: "bypass" }],
    }),
    make.generation([pipeline("tags", { function: "regex_pos", fallback: ["?"] })], {
      metrics: [{ metric: "acc", aggregation: "bypass", ignore_case: true }],
    }),
    make.multipleChoice(["acc", { metric: "likelihood", aggregation: "bypass" }], false),
    make.multipleChoice([{ metric: "likelihood", aggregation: "bypass" }, "acc_bytes"], true),
    make.generation([pipeline("choice", { function: "multi_choice_regex", ...choice }, first)]),
    make.generation([
      pipeline("class", { function: "class:MultiChoiceRegexFilter", ...choice, group_select: -1 }, first),
    ]),
    make.generation([pipeline("sorted", { function: "class:WordSortFilter" }, first)]),
    make.generation([
      pipeline("number", { function: "class:NumberParseRegexFilter", regex_pattern: "(\\d+) apples" }, first),
    ]),
    make.generation([
      pipeline(
        "mapped",
        {
          function: "class:MapRegexFilter",
          ignore_case: true,
          regex_pattern_to_value: { "\\b(yes|apple)\\b": "yes", "\\b(no|pear)\\b": "no" },
        },
        first,
      ),
    ]),
    make.generation(null, { hasLists: true, options: { ignore_punctuation: "true", ignore_case: true } }),
    make.generation(null, {
      options: { regexes_to_ignore: [",", "\\$", "(?s).*#### ", "\\.$"], ignore_numbers: true },
    }),
    make.generation(null, {
      options: { ignore_case: true, ignore_punctuation: true, regexes_to_ignore: ["\n", "\\\\"] },
    }),
  ];
}

/** Every metric of a whole corpus, and what becomes of it under other names and filters. */
function corpusTasks(): RandomTask[] {
  const make = new RandomTasks(SEED + 3);
  const all = ["bleu", "chrf", "chrf++", "ter"].map((metric) => ({ metric }));
  const one = [{ name: "one", filter: [{ function: "take_first_k", k: 1 }] }];
  const plain = { metric: "bleu", aggregation: "mean", higher_is_better: false };
  return [
    make.translation(all),
    make.translation([{ metric: "ter" }, { metric: "exact_match", ignore_case: true }, { metric: "chrf", beta: 3 }]),
    make.translation([{ metric: "bleu", aggregation: "chrf" }, { metric: "chrf" }], { filter_list: one }),
    make.translation([plain, { metric: "exact_match" }], { hasLists: true }),
  ];
}

/** Scores whose bootstrap is slow in the harness. */
function labelTask(): RandomTask {
  return new RandomTasks(SEED + 1).multipleChoice(["f1", "mcc", "acc"], false);
}

function check(given: RandomTask, harness: HarnessOutcome, iterations: number): NativeOutcome {
  const native = scoreNatively(given, harness, iterations);
  const theirs = harness.tasks[given.config.task]!;
  expect(native.samples.split("\n")).toEqual(theirs.samples.split("\n"));
  return native;
}

/** The results file up to what only the harness's own run knows. */
function results(natives: readonly NativeOutcome[], iterations: number, groups: readonly object[] = []): string {
  return formatResults(
    natives.map(({ row }) => row),
    {
      header: {
        profile: "lm-eval 0.4.13",
        tasks: natives.map(({ task }) => task),
        groups: groups as [],
        generations: [],
        seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
        limit: null,
        numFewshot: null,
        bootstrapIterations: iterations,
        generationOverrides: null,
      },
      end: {
        requestCount: 0,
        sampleCount: 0,
        datasets: [],
        taskCounts: natives.map(({ documents }) => ({ samples: documents, originalSamples: documents })),
      },
      model: "m",
      musterVersion: "0",
      startedUnixMs: 0,
      endedUnixMs: 1000,
      taskHashes: new Map(natives.map(({ task, taskHash }) => [task.name, taskHash])),
    },
  );
}

/** Lines of a results file that must be equal: no printed Python code, no clock, nothing of the harness's machine. */
function comparable(text: string): string[] {
  const ours = /^ {2}"(config|git_hash|date|pretty_env_info|transformers_version|lm_eval_version|upper_git_hash)": /;
  const lines = text.split("\n");
  const kept: string[] = [];
  let isSkipping = false;
  for (const line of lines) {
    if (/^ {2}\S/.test(line)) isSkipping = ours.test(line) || (isSkipping && /^ {2}\}/.test(line));
    if (!isSkipping && !/custom_dataset|"function": |total_evaluation_time_seconds/.test(line)) kept.push(line);
  }
  return kept;
}

describe.skipIf(python === null)(
  `scores equal the harness's (MUSTER_SEED=${SEED} vitest run test/parity/harness-scoring)`,
  () => {
    test("every filter, option and metric gives the harness's samples and results to the last bit", () => {
      const tasks = randomTasks();
      const outcomes = scoreWithHarness(python!, {
        tasks,
        bootstrap_iters: ITERATIONS,
        helpers: "lm_eval.tasks.bbh.zeroshot.utils",
      });
      tasks.forEach((given, index) => {
        const harness = outcomes[index]!;
        expect(harness.error, given.config.task).toBeUndefined();
        const native = check(given, harness, ITERATIONS);
        expect(comparable(results([native], ITERATIONS))).toEqual(comparable(harness.results));
      });
    });

    test("scores of whole corpora have the harness's bits", () => {
      const tasks = corpusTasks();
      const outcomes = scoreWithHarness(python!, { tasks, bootstrap_iters: 30 });
      tasks.forEach((given, index) => {
        const harness = outcomes[index]!;
        expect(harness.error, given.config.task).toBeUndefined();
        const native = check(given, harness, 30);
        expect(comparable(results([native], 30))).toEqual(comparable(harness.results));
      });
    });

    test("bootstrapped f1 and mcc have the harness's bits", () => {
      const given = labelTask();
      const [harness] = scoreWithHarness(python!, { tasks: [given], bootstrap_iters: 500 });
      expect(harness!.error).toBeUndefined();
      const native = check(given, harness!, 500);
      expect(comparable(results([native], 500))).toEqual(comparable(harness!.results));
    });

    test("groups of groups have the harness's means, errors and order", () => {
      const make = new RandomTasks(SEED + 2);
      const tasks = [
        make.multipleChoice(["acc", "acc_norm"], false),
        make.multipleChoice(["acc"], false),
        make.likelihood(),
        make.generation(null),
      ];
      const [a, b, c, d] = tasks.map(({ config }) => config.task);
      const groups = [
        {
          group: "inner",
          task: [a, b],
          aggregate_metric_list: [{ metric: "acc", weight_by_size: false }],
          metadata: { version: 2 },
        },
        {
          group: "outer",
          group_alias: "Outer",
          task: ["inner", c, d],
          aggregate_metric_list: [{ metric: "acc" }, { metric: "acc_norm", filter_list: "none" }],
        },
        { group: "plain", task: [d, b] },
      ];
      const [harness] = scoreWithHarness(python!, { tasks, bootstrap_iters: 1000, groups });
      expect(harness!.error).toBeUndefined();
      const natives = tasks.map((given) => check(given, harness!, 1000));
      const planned = [
        {
          name: "inner",
          alias: "inner",
          version: '"2"',
          members: [a, b],
          aggregates: [{ metric: "acc", filters: [], weightBySize: false }],
          config: "{}",
        },
        {
          name: "outer",
          alias: "Outer",
          version: '"N/A"',
          members: ["inner", c, d],
          aggregates: [
            { metric: "acc", filters: [], weightBySize: true },
            { metric: "acc_norm", filters: ["none"], weightBySize: true },
          ],
          config: "{}",
        },
        { name: "plain", alias: "plain", version: '"N/A"', members: [d, b], aggregates: [], config: "{}" },
      ];
      expect(comparable(results(natives, 1000, planned))).toEqual(comparable(harness!.results));
    });
  },
);
