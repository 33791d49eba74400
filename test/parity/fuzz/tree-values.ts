import { isDict, isList, PythonFloat, type PythonValue } from "../../../evaluation/harness/python/value.ts";
import { loadConfig } from "../../../evaluation/harness/task/load-config.ts";
import { createTaskFiles } from "../../../frontend/task-files.ts";
import { openTaskIndex } from "../../../frontend/task-index.ts";

/** What an installed task asks and answers, and the columns that its templates read, each with its kind of value. */
export interface TaskBody {
  readonly settings: { readonly [field: string]: unknown };
  readonly columns: ReadonlyMap<string, string>;
}

/** Fields whose distinct values are collected one by one. */
const FIELDS = [
  ...["description", "target_delimiter", "fewshot_delimiter", "gen_prefix", "generation_kwargs", "filter_list"],
  ...["fewshot_config", "repeats", "num_fewshot", "metadata", "tag", "task_alias"],
] as const;

/** Distinct values that the tasks of a tree have in some fields. */
export interface TreeValues {
  readonly fields: { readonly [Field in (typeof FIELDS)[number]]: readonly unknown[] };
  /** By output type. */
  readonly bodies: { readonly [outputType: string]: readonly TaskBody[] };
  readonly patterns: readonly string[];
  readonly ignored: readonly unknown[];
}

/** Collects them; values with Python functions, or that need other packages, are left out. */
export function readTreeValues(tree: string, cacheFolder: string): TreeValues {
  const found = new Map<string, Set<string>>();
  const add = (key: string, value: unknown): void => {
    const values = found.get(key) ?? new Set();
    found.set(key, values.add(JSON.stringify(value)));
  };
  const files = createTaskFiles();
  for (const entry of openTaskIndex({ includePaths: [tree], cacheFolder }).registry.values()) {
    if (entry.kind === "task" && entry.file !== null) collect(loadConfig(entry.file, files), add);
  }
  const parsed = (key: string): readonly unknown[] =>
    [...(found.get(key) ?? [])].map((text) => JSON.parse(text) as unknown);
  const bodies: Record<string, TaskBody[]> = {};
  for (const body of parsed("body")) {
    const { output_type: outputType, ...settings } = body as Record<string, unknown>;
    (bodies[outputType as string] ??= []).push({ settings, columns: columnsOf(settings) });
  }
  const fields = Object.fromEntries(FIELDS.map((field) => [field, parsed(field)])) as TreeValues["fields"];
  return { fields, bodies, patterns: parsed("pattern") as string[], ignored: parsed("ignored") };
}

function collect(config: ReadonlyMap<unknown, PythonValue>, add: (key: string, value: unknown) => void): void {
  const valueOf = (key: string): unknown => plain(config.get(key) ?? null);
  for (const field of FIELDS) {
    const value = valueOf(field);
    if (value === undefined || value === null || /"custom"|\{\{/.test(JSON.stringify(value))) continue;
    add(field, value);
    if (field !== "filter_list") continue;
    for (const [, pattern] of JSON.stringify(value).matchAll(/"regex_pattern":("(?:[^"\\]|\\.)*")/g)) {
      add("pattern", JSON.parse(pattern!));
    }
  }
  const metrics = valueOf("metric_list");
  for (const metric of Array.isArray(metrics) ? (metrics as Record<string, unknown>[]) : []) {
    if (metric["regexes_to_ignore"] !== undefined) add("ignored", metric["regexes_to_ignore"]);
  }
  const names = ["doc_to_text", "doc_to_target", "doc_to_choice"];
  const body = names.map((name) => [name, valueOf(name)] as const).filter(([, value]) => value !== null);
  // A function, or nothing that is asked.
  if (body.some(([, value]) => value === undefined) || !body.some(([name]) => name === "doc_to_text")) return;
  add("body", { output_type: valueOf("output_type") ?? "generate_until", ...Object.fromEntries(body) });
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

const WORDS = new Set([
  "if",
  "else",
  "for",
  "in",
  "is",
  "not",
  "and",
  "or",
  "set",
  "loop",
  "true",
  "false",
  "none",
  "True",
]);

/** Guesses from the templates what the columns are named and hold. */
function columnsOf(settings: { readonly [field: string]: unknown }): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  const texts = Object.entries(settings).flatMap(([field, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((text) =>
      typeof text === "string" ? [[field, text] as const] : [],
    ),
  );
  for (const [field, text] of texts) {
    if (/^\w+$/.test(text)) columns.set(text, field === "doc_to_choice" ? "list" : "text");
    const local = new Set(Array.from(text.matchAll(/(?:for|set)\s+(\w+)/g), ([, name]) => name));
    for (const [code] of text.matchAll(/\{[{%].*?[}%]\}/gs)) {
      const bare = code.replaceAll(/"[^"]*"|'[^']*'/g, (string) => `"${"_".repeat(string.length - 2)}"`);
      for (const [, name] of bare.matchAll(/(?<![.\w"|]\s?)([a-zA-Z]\w*)(?!\s*[(=])/g)) {
        if (!WORDS.has(name!) && !local.has(name))
          columns.set(name!, kindOf(name!, texts.map(([, other]) => other).join("\n")));
      }
    }
  }
  return columns;
}

function kindOf(name: string, templates: string): string {
  const members = Array.from(
    templates.matchAll(
      new RegExp(`\\b${name}(?:\\.|\\[['"])(text|label|labels|choices|spans|translation|\\w+)(?!\\w*\\()`, "g"),
    ),
  );
  const records = members
    .map(([, member]) => member!)
    .filter((member) => !/^\d/.test(member) && !(member in String.prototype) && !PYTHON_METHODS.has(member));
  if (records.length > 0) return `record:${[...new Set(records)].join(",")}`;
  if (new RegExp(`index\\(\\s*${name}|find\\(\\s*${name}`).test(templates)) return "letter";
  if (new RegExp(`in ${name}\\b|\\b${name}\\[|\\b${name}\\s*\\|\\s*(join|length)`).test(templates)) return "list";
  if (new RegExp(`\\[\\s*${name}\\s*\\]|${name}\\s*[-+]|\\{\\{\\s*${name}\\s*==`).test(templates)) return "index";
  return "text";
}

const PYTHON_METHODS = new Set([
  "strip",
  "lower",
  "upper",
  "rstrip",
  "lstrip",
  "title",
  "capitalize",
  "index",
  "find",
  "items",
  "keys",
]);
