import { isDict, isList, PythonFloat, type PythonValue } from "../../../evaluation/harness/python/value.ts";
import { loadConfig } from "../../../evaluation/harness/task/load-config.ts";
import { createTaskFiles } from "../../../frontend/task-files.ts";
import { openTaskIndex } from "../../../frontend/task-index.ts";

/** Distinct values that the tasks of a tree have in some fields. */
export interface TreeValues {
  readonly descriptions: readonly string[];
  readonly targetDelimiters: readonly string[];
  readonly fewshotDelimiters: readonly string[];
  readonly generations: readonly unknown[];
  readonly filterLists: readonly unknown[];
  readonly patterns: readonly string[];
  readonly ignored: readonly unknown[];
}

/** Collects them; values with Python functions, or that need other packages, are left out. */
export function readTreeValues(tree: string, cacheFolder: string): TreeValues {
  const found = {
    descriptions: new Set<string>(),
    targetDelimiters: new Set<string>(),
    fewshotDelimiters: new Set<string>(),
    generations: new Set<string>(),
    filterLists: new Set<string>(),
    patterns: new Set<string>(),
    ignored: new Set<string>(),
  };
  const files = createTaskFiles();
  for (const entry of openTaskIndex({ includePaths: [tree], cacheFolder }).registry.values()) {
    if (entry.kind !== "task" || entry.file === null) continue;
    const config = loadConfig(entry.file, files);
    const texts = (key: string, into: Set<string>): void => {
      const value = config.get(key);
      if (typeof value === "string" && !value.includes("{{")) into.add(value);
    };
    texts("description", found.descriptions);
    texts("target_delimiter", found.targetDelimiters);
    texts("fewshot_delimiter", found.fewshotDelimiters);
    const generation = plain(config.get("generation_kwargs") ?? null);
    if (generation !== undefined && generation !== null) found.generations.add(JSON.stringify(generation));
    const filters = plain(config.get("filter_list") ?? null);
    if (Array.isArray(filters) && !/"custom"|"format_span"|"regex_pos"/.test(JSON.stringify(filters))) {
      found.filterLists.add(JSON.stringify(filters));
      for (const [, pattern] of JSON.stringify(filters).matchAll(/"regex_pattern":("(?:[^"\\]|\\.)*")/g)) {
        found.patterns.add(JSON.parse(pattern!) as string);
      }
    }
    const metrics = plain(config.get("metric_list") ?? null);
    for (const metric of Array.isArray(metrics) ? (metrics as Record<string, unknown>[]) : []) {
      if (metric["regexes_to_ignore"] !== undefined) found.ignored.add(JSON.stringify(metric["regexes_to_ignore"]));
    }
  }
  const parsed = (values: Set<string>): unknown[] => [...values].map((text) => JSON.parse(text) as unknown);
  return {
    descriptions: [...found.descriptions],
    targetDelimiters: [...found.targetDelimiters, " "],
    fewshotDelimiters: [...found.fewshotDelimiters, "\n\n"],
    generations: parsed(found.generations),
    filterLists: parsed(found.filterLists),
    patterns: [...found.patterns],
    ignored: parsed(found.ignored),
  };
}

/** A value as JSON has it, or undefined where JSON cannot say it. */
function plain(value: PythonValue): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (value instanceof PythonFloat) return value.value;
  if (isList(value)) {
    const members = value.map(plain);
    return members.includes(undefined) ? undefined : members;
  }
  if (!isDict(value)) return undefined;
  const entries = Array.from(value, ([key, member]) => [key as string, plain(member)] as const);
  return entries.some(([, member]) => member === undefined) ? undefined : Object.fromEntries(entries);
}
