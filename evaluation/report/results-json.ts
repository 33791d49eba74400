// The results file of the harness (`result_schema.py`, `loggers/evaluation_tracker.py`), key by key in its order.
import { formatPythonJson } from "../harness/python/json-format.ts";
import { parsePythonJson } from "../harness/python/json-parse.ts";
import { compareTexts } from "../harness/python/order.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { makeFloat, type PythonValue } from "../harness/python/value.ts";
import type { PlanEnd, PlanHeader } from "../plan.ts";
import { portableConfig } from "../portable-task.ts";
import { groupRows, type ResultRow } from "./group-results.ts";

/** What the results file says besides numbers. */
export interface ResultsContext {
  readonly header: PlanHeader;
  readonly end: PlanEnd;
  readonly model: string;
  readonly musterVersion: string;
  readonly startedUnixMs: number;
  readonly endedUnixMs: number;
  /** Task name to the harness's hash over its samples. */
  readonly taskHashes: ReadonlyMap<string, string>;
}

type Entry = readonly [string, PythonValue];

/** The results file's text. `tasks` are the rows of the header's tasks, in order. */
export function formatResults(tasks: readonly ResultRow[], context: ResultsContext): string {
  const scores = scoreEntries(tasks, context);
  return formatPythonJson(dict([...scores, ...runEntries(context)]), { indent: 2, ensureAscii: false });
}

/**
 * The part of the results that depends on the responses alone, on one line: equal for any sharding, and wherever the
 * tasks' files lie.
 */
export function formatScores(tasks: readonly ResultRow[], context: ResultsContext): string {
  const hashes = dict([...context.taskHashes]);
  const { header } = context;
  const portable = header.tasks.map((task) => ({ ...task, config: portableConfig(task.config) }));
  const scores = scoreEntries(tasks, { ...context, header: { ...header, tasks: portable } });
  return formatPythonJson(dict([...scores, ["task_hashes", hashes]]), { ensureAscii: false });
}

function scoreEntries(tasks: readonly ResultRow[], { header, end }: ResultsContext): Entry[] {
  const groups = groupRows(header, tasks);
  const versions: Entry[] = [...header.tasks, ...header.groups].map(({ name, version }) => [
    name,
    parsePythonJson(version),
  ]);
  const aggregating = new Set(header.groups.filter(({ aggregates }) => aggregates.length > 0).map(({ name }) => name));
  const shown = groups.filter(({ name }) => aggregating.has(name));
  return [
    ["results", dict([...tasks, ...groups].map((row) => [row.name, rowDict(row, groups.includes(row))]))],
    ...(shown.length === 0
      ? []
      : ([["groups", dict(shown.map((row) => [row.name, rowDict(row, true)]))]] satisfies Entry[])),
    ["group_subtasks", dict(header.groups.map(({ name, members }) => [name, members]))],
    ["configs", sorted(header.tasks.map(({ name, config }) => [name, parsePythonJson(config)]))],
    ["versions", sorted(versions)],
    ["n-shot", sorted(fewshotEntries(header))],
    ["higher_is_better", sorted(directionEntries(header))],
    [
      "n-samples",
      dict(
        header.tasks.map(({ name }, position) => [
          name,
          dict([
            ["original", end.taskCounts[position]!.originalSamples],
            ["effective", tasks[position]!.sampleCount],
          ]),
        ]),
      ),
    ],
  ];
}

function rowDict(row: ResultRow, isGroup: boolean): PythonValue {
  const names: Entry[] = [
    ["name", row.name],
    ["alias", row.alias],
  ];
  const entries = isGroup ? names.reverse() : names;
  if (row.sampleCount !== null) entries.push(["sample_len", row.sampleCount]);
  for (const { metric, filter, value, isInt, standardError } of row.columns) {
    entries.push([`${metric},${filter}`, isInt === true ? value : makeFloat(value)]);
    entries.push([`${metric}_stderr,${filter}`, standardError === "N/A" ? "N/A" : makeFloat(standardError)]);
  }
  if (row.columnSamples !== null && row.columnSamples.length > 0) {
    const counts = row.columns.map(({ metric, filter }, index): Entry => [
      `${metric},${filter}`,
      row.columnSamples![index]!,
    ]);
    entries.push(["sample_count", dict(counts)]);
  }
  return dict(entries);
}

/** A group has a number of shots where all its members that have one agree. */
function fewshotEntries(header: PlanHeader): Entry[] {
  const shots = new Map(header.tasks.map(({ name, numFewshot }) => [name, numFewshot]));
  for (const { name, members } of header.groups) {
    const values = new Set(members.flatMap((member) => shots.get(member) ?? []));
    if (values.size === 1) shots.set(name, [...values][0]!);
  }
  return [...shots];
}

/** A group's metrics point where its members' point; null where they disagree. */
function directionEntries(header: PlanHeader): Entry[] {
  const directions = new Map<string, ReadonlyMap<string, boolean | null>>(
    header.tasks.map(({ name, higherIsBetter }) => [name, new Map(Object.entries(higherIsBetter))]),
  );
  for (const { name, members } of header.groups) {
    const merged = new Map<string, boolean | null>();
    for (const [metric, direction] of members.flatMap((member) => [...(directions.get(member) ?? [])])) {
      const known = merged.get(metric);
      if (known === undefined) merged.set(metric, direction);
      else if (known !== direction) merged.set(metric, null);
    }
    if (merged.size > 0) directions.set(name, merged);
  }
  return Array.from(directions, ([name, metrics]) => [name, dict([...metrics])]);
}

function runEntries(context: ResultsContext): Entry[] {
  const { header, model, startedUnixMs, endedUnixMs, taskHashes } = context;
  const { seeds, generationOverrides } = header;
  const config: Entry[] = [
    ["model", "muster"],
    ["model_args", dict([["model", model]])],
    ["batch_size", null],
    ["batch_sizes", []],
    ["device", null],
    ["use_cache", null],
    // The harness's command line reads a number of documents as a float too.
    ["limit", header.limit === null ? null : makeFloat(header.limit)],
    ["bootstrap_iters", header.bootstrapIterations],
    // The command line has an empty mapping where none are given.
    ["gen_kwargs", generationOverrides === null ? dict([]) : parsePythonJson(generationOverrides)],
    ["random_seed", seeds.python],
    ["numpy_seed", seeds.numpy],
    ["torch_seed", seeds.torch],
    ["fewshot_seed", seeds.fewshot],
  ];
  return [
    ["config", dict(config)],
    ["git_hash", null],
    ["date", makeFloat(startedUnixMs / 1000)],
    ["pretty_env_info", `N/A (computed by Muster ${context.musterVersion}; see manifest.json)`],
    ["transformers_version", "N/A"],
    ["lm_eval_version", header.profile.replace(/^\S+ /, "")],
    ["upper_git_hash", null],
    ["task_hashes", dict([...taskHashes])],
    ["model_source", "muster"],
    ["model_name", model],
    ["model_name_sanitized", model.replaceAll(/["<>:/|\\?*[\]]+/g, "__")],
    ...chatEntries(header.chat),
    ["total_evaluation_time_seconds", String((endedUnixMs - startedUnixMs) / 1000)],
  ];
}

function chatEntries(chat: PlanHeader["chat"]): readonly Entry[] {
  const system = chat?.systemInstruction ?? null;
  const template = chat?.template ?? null;
  // A server that has the template does not show it: the harness then has an empty one.
  const text = template === null ? null : template.kind === "jinja" ? template.text : "";
  const digest = (value: string | null): string | null => (value === null || value === "" ? null : sha256Hex(value));
  return [
    ["system_instruction", system],
    ["system_instruction_sha", digest(system)],
    ["fewshot_as_multiturn", template === null ? null : (chat?.isMultiturn ?? null)],
    ["chat_template", text],
    ["chat_template_sha", digest(text)],
  ];
}

function dict(entries: readonly Entry[]): PythonValue {
  return new Map<PythonValue, PythonValue>(entries);
}

function sorted(entries: readonly Entry[]): PythonValue {
  return dict(entries.toSorted(([left], [right]) => compareTexts(left, right)));
}
