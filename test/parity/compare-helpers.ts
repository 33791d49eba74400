// Every distinct Python function of the installed tasks, run by real Python and here on rows made for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatasetValue } from "../../evaluation/harness/python-code/dataset.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { PythonError } from "../../evaluation/harness/python/python-error.ts";
import { formatFloat } from "../../evaluation/harness/python/represent.ts";
import {
  isDict,
  isFloat,
  isInt,
  isList,
  makeFloat,
  PythonFloat,
  PythonTuple,
  type PythonDict,
  type PythonValue,
} from "../../evaluation/harness/python/value.ts";
import { loadConfig } from "../../evaluation/harness/task/load-config.ts";
import { PythonFunction } from "../../evaluation/harness/task/python-function.ts";
import { createTaskFiles } from "../../frontend/task-files.ts";
import { openTaskIndex } from "../../frontend/task-index.ts";

/** Settings whose functions take a document, a split, results or nothing. */
const ROLES: { readonly [setting: string]: string } = {
  process_docs: "process_docs",
  doc_to_text: "doc",
  doc_to_target: "doc",
  doc_to_choice: "doc",
  "fewshot_config.doc_to_text": "doc",
  "fewshot_config.doc_to_target": "doc",
  "fewshot_config.doc_to_choice": "doc",
  "fewshot_config.samples": "samples",
  process_results: "process_results",
};
const CONSTANTS_MAX = 40;

interface Helper {
  readonly file: string;
  readonly name: string;
  readonly role: string;
  readonly constants: readonly string[];
  readonly run: PythonFunction;
}

interface Case {
  readonly row?: unknown;
  readonly others?: unknown;
  readonly rows?: unknown;
  readonly value?: unknown;
  readonly error?: string;
}

/** What came of the comparison. */
export interface HelperComparison {
  /** Functions of the tasks that differ in text. */
  functions: number;
  /** Functions that are refused before they run. */
  refused: number;
  /** Functions that real Python could not import here, or found no row for. */
  untried: number;
  compared: number;
  /** Cases that gave the same value, or the same kind of exception. */
  equal: number;
  /** Cases that were refused while they ran. */
  refusedCases: number;
  readonly differences: string[];
}

/** Compares `share` of all functions (1: all) on `rows` rows each. */
export async function compareHelpers(options: {
  readonly python: string;
  readonly tree: string;
  readonly cacheFolder: string;
  readonly seed: number;
  readonly rows: number;
  readonly share: number;
}): Promise<HelperComparison> {
  const all = collectHelpers(options.tree, options.cacheFolder);
  const result: HelperComparison = {
    functions: all.length,
    refused: 0,
    untried: 0,
    compared: 0,
    equal: 0,
    refusedCases: 0,
    differences: [],
  };
  const step = Math.max(1, Math.round(1 / options.share));
  const runnable = all
    .filter((_, index) => index % step === options.seed % step)
    .filter(({ run }) => {
      try {
        run.resolve();
        return true;
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        result.refused += 1;
        return false;
      }
    });
  const answers = runPython(options, runnable);
  let at = 0;
  for await (const line of answers) compareAnswer(runnable[at++]!, parsePythonJson(line) as PythonDict, result);
  if (at !== runnable.length) result.differences.push(`Python answered for ${at} of ${runnable.length} functions`);
  return result;
}

async function* runPython(
  options: { readonly python: string; readonly seed: number; readonly rows: number },
  helpers: readonly Helper[],
): AsyncGenerator<string> {
  const script = join(import.meta.dirname, "run_helpers.py");
  const child = spawn(options.python, [script, String(options.seed), String(options.rows)], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, HF_DATASETS_OFFLINE: "1", HF_HUB_OFFLINE: "1", PYTHONHASHSEED: "0" },
  });
  const closed = once(child, "close");
  child.stdin.end(helpers.map(({ run: _run, ...task }) => `${JSON.stringify(task)}\n`).join(""));
  yield* createInterface({ input: child.stdout });
  await closed;
}

/** The functions that tasks name, one of each text; those that look at their own file, one of each file. */
function collectHelpers(tree: string, cacheFolder: string): readonly Helper[] {
  const index = openTaskIndex({ includePaths: [tree], cacheFolder });
  const files = createTaskFiles();
  const found = new Map<string, Helper>();
  for (const entry of index.registry.values()) {
    if (entry.kind !== "task" || entry.file === null) continue;
    for (const [setting, value] of settings(loadConfig(entry.file, files))) {
      const role = ROLES[setting];
      if (role === undefined || !(value instanceof PythonFunction)) continue;
      const text = files.readText(value.module) ?? "";
      const place = text.includes("__file__") || /import .*tasks/.test(text) ? value.module : "";
      const key = [text, value.name, role, place].join("\0");
      const { module: file, name } = value;
      if (!found.has(key)) found.set(key, { file, name, role, constants: constantsOf(text, name), run: value });
    }
  }
  return [...found.values()];
}

function* settings(config: PythonDict): Generator<readonly [string, PythonValue]> {
  for (const [key, value] of config) {
    if (typeof key !== "string") continue;
    yield [key, value];
    if (key === "fewshot_config" && isDict(value)) {
      for (const [inner, member] of value) yield [`${key}.${inner as string}`, member];
    }
  }
}

/** Short texts of a module, those on the function's own line first: what a filter keeps is likely among them. */
function constantsOf(text: string, name: string): readonly string[] {
  const literals = (part: string): string[] => [...part.matchAll(/"([^"\\\n]{1,60})"/g)].map(([, literal]) => literal!);
  const own = text.split("\n").filter((line) => line.includes(name));
  const subject = name.replace(/^process_/, "");
  return [...new Set([...literals(own.join("\n")), subject, subject.replaceAll("_", " "), ...literals(text)])].slice(
    0,
    CONSTANTS_MAX,
  );
}

function compareAnswer(helper: Helper, answer: PythonDict, result: HelperComparison): void {
  const place = `${helper.file}: ${helper.name} (${helper.role})`;
  if (answer.get("file") !== helper.file || answer.get("name") !== helper.name) {
    result.differences.push(`${place}: Python answered out of turn`);
    return;
  }
  const cases = answer.get("cases");
  if (cases === undefined || !isList(cases) || cases.length === 0) {
    result.untried += 1;
    return;
  }
  result.compared += 1;
  for (const each of cases) {
    const one = Object.fromEntries(each as ReadonlyMap<string, PythonValue>) as Case;
    const wanted = one.error === undefined ? show(fromPrintable(one.value as PythonValue)) : `raises ${one.error}`;
    const got = runHere(helper, one);
    if (got === wanted || (got === "raises RegexError" && wanted === "raises error")) result.equal += 1;
    else if (got.startsWith("refused")) result.refusedCases += 1;
    else
      result.differences.push(
        `${place}\n  given ${show((one.rows ?? one.row ?? null) as PythonValue)} ${show(fromPrintable((one.others ?? null) as PythonValue))}\n  Python: ${wanted}\n  here:   ${got}`,
      );
  }
}

function runHere({ run, role }: Helper, one: Case): string {
  try {
    const helper = run.resolve();
    if (role === "samples") return show(helper.call());
    if (role === "process_docs") {
      const made = helper.call(new DatasetValue(one.rows as readonly PythonDict[]));
      return made instanceof DatasetValue ? show(made.rows) : "no data set";
    }
    const others = fromPrintable((one.others ?? []) as PythonValue) as readonly PythonValue[];
    return show(helper.call(one.row as PythonValue, ...others));
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return error.type === "Unsupported" ? `refused: ${error.message}` : `raises ${error.type}`;
  }
}

/** The value that the Python side's `printable` stands for. */
function fromPrintable(data: PythonValue): PythonValue {
  if (isList(data)) return data.map(fromPrintable);
  if (!isDict(data)) return data;
  const [[kind, value]] = [...data] as [[string, PythonValue]];
  if (kind === "int") return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value as string);
  if (kind === "float") return makeFloat(Number((value as string).replace("inf", "Infinity")));
  if (kind === "tuple") return new PythonTuple((value as readonly PythonValue[]).map(fromPrintable));
  if (kind === "dict") {
    return new Map(
      (value as readonly (readonly PythonValue[])[]).map(([key, member]) => [
        fromPrintable(key!),
        fromPrintable(member!),
      ]),
    );
  }
  return `<${value as string}>`;
}

/** A text that tells any two values apart. */
function show(value: PythonValue): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (isInt(value)) return `int ${value}`;
  if (isFloat(value)) return `float ${formatFloat(value instanceof PythonFloat ? value.value : value)}`;
  if (isList(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof PythonTuple) return `(${value.values.map(show).join(", ")})`;
  if (isDict(value)) return `{${Array.from(value, ([key, member]) => `${show(key)}: ${show(member)}`).join(", ")}}`;
  return "<other>";
}
