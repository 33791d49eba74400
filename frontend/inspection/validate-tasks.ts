// Whether tasks can be run as their files say, as far as files can tell: no data is read.
import { type ErrorKind, MusterError } from "../../base/muster-error.ts";
import { compileTemplate } from "../../evaluation/harness/jinja/template.ts";
import { PythonError } from "../../evaluation/harness/python/python-error.ts";
import { isDict, type PythonDict } from "../../evaluation/harness/python/value.ts";
import type { TaskFiles } from "../../evaluation/harness/task/load-config.ts";
import { PythonFunction } from "../../evaluation/harness/task/python-function.ts";
import type { TaskNode } from "../../evaluation/harness/task/task-tree.ts";
import { selectTree } from "../select-tree.ts";
import { createTaskFiles } from "../task-files.ts";
import type { TaskPlaces } from "../task-index.ts";
import { judgeTask } from "./judge-task.ts";
import { findSettingLine } from "./setting-line.ts";

/** Something that keeps a task from being run. */
export interface TaskProblem {
  readonly kind: ErrorKind;
  /** Null where no file is at fault. */
  readonly file: string | null;
  /** From 1; null where the whole file is meant. */
  readonly line: number | null;
  readonly message: string;
  readonly wayOut: string | null;
}

/** A task, or a word that names none, and what is wrong with it. */
export interface ValidatedTask {
  readonly name: string;
  readonly problems: readonly TaskProblem[];
}

const TEMPLATES = ["description", "doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix"];
/** What messages call a setting that they do not name. */
const SPOKEN_SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/\bits (?:metric|repeats)\b.*\bhf_evaluate\b|\b(?:metric|aggregation)\b/, "metric_list"],
  [/\bfilter\b/, "filter_list"],
  [/\bneither a test nor a validation split\b/, "dataset_path"],
];

/** What the words name, and what a person should know of it besides. */
export interface Validation {
  readonly tasks: readonly ValidatedTask[];
  /** Whole sentences. */
  readonly notes: readonly string[];
}

/** Checks what each word names. Problems come back; only an include path that is no folder throws. */
export function validateTasks(places: TaskPlaces, words: readonly string[]): Validation {
  const files = createTaskFiles();
  const validated = new Map<string, ValidatedTask>();
  const said = new Set<string>();
  for (const word of words) {
    const { tasks, notes } = validateWord(word, places, files);
    for (const task of tasks) validated.set(task.name, task);
    for (const note of notes) said.add(note);
  }
  return { tasks: [...validated.values()], notes: [...said] };
}

function validateWord(word: string, places: TaskPlaces, files: TaskFiles): Validation {
  try {
    const { tasks, notes } = selectTree(places, [word]);
    return { tasks: tasks.map((node) => ({ name: node.name, problems: problemsOf(node, places, files) })), notes };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return { tasks: [{ name: word, problems: [problemOf(error, null, files)] }], notes: [] };
  }
}

function problemsOf(node: TaskNode, places: TaskPlaces, files: TaskFiles): readonly TaskProblem[] {
  const problems = checkTemplates(node, files);
  const verdict = judgeTask(node, places);
  if (verdict.kind === "native") return problems;
  const setting = settingIn(verdict.error.message, node) ?? settingOf(verdict.helper, node);
  return [...problems, problemOf(verdict.error, { node, setting }, files)];
}

/** Templates are only compiled when a document is rendered. */
function checkTemplates(node: TaskNode, files: TaskFiles): TaskProblem[] {
  const fewshot = node.raw.get("fewshot_config") ?? null;
  return [
    ...checkFields(node, { fields: node.raw, prefix: "", files }),
    ...(isDict(fewshot) ? checkFields(node, { fields: fewshot, prefix: "fewshot_config.", files }) : []),
  ];
}

function checkFields(
  node: TaskNode,
  { fields, prefix, files }: { readonly fields: PythonDict; readonly prefix: string; readonly files: TaskFiles },
): TaskProblem[] {
  return TEMPLATES.flatMap((setting) => {
    const template = fields.get(setting);
    if (typeof template !== "string") return [];
    try {
      compileTemplate(template);
      return [];
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      const kind = error.type === "Unsupported" ? "unsupported" : "badData";
      const message = `The template ${prefix}${setting} of the task ${node.name} cannot be read: ${error.message}.`;
      return [{ kind, ...placeOf(node, prefix + setting, files), message, wayOut: "Correct the template." }];
    }
  });
}

function problemOf(
  error: MusterError,
  place: { readonly node: TaskNode; readonly setting: string | null } | null,
  files: TaskFiles,
): TaskProblem {
  const { kind, message } = error;
  const wayOut = error.wayOut ?? null;
  // What reading a file says begins with the place.
  const told = /^(\/[^:\n]+):(\d+) /.exec(message) ?? /cannot be used: (\/[^:\n]+):(\d+) /.exec(message);
  if (told !== null) return { kind, file: told[1]!, line: Number(told[2]), message, wayOut };
  if (place === null) return { kind, file: null, line: null, message, wayOut };
  return { kind, ...placeOf(place.node, place.setting, files), message, wayOut };
}

/** The setting that a message is about. */
function settingIn(message: string, { name, raw }: TaskNode): string | null {
  const body = message.replaceAll(name, "");
  const named =
    /\((fewshot_config\.\w+|[a-z]+_\w+)\)/.exec(body)?.[1] ??
    /unknown setting (\w+ in fewshot_config|\w+)/.exec(body)?.[1];
  if (named !== undefined) return named.replace(/^(\w+) in fewshot_config$/, "fewshot_config.$1");
  const keys = [...raw.keys()].filter((key): key is string => typeof key === "string" && key.includes("_"));
  const said = keys.find((key) => new RegExp(`\\b${key}\\b`).test(body));
  if (said !== undefined) return /fewshot_config\.\w+/.exec(body)?.[0] ?? said;
  return SPOKEN_SETTINGS.find(([pattern]) => pattern.test(body))?.[1] ?? null;
}

/** The setting that names a Python function; those that do not are entries of the metrics. */
function settingOf(helper: string | null, { raw }: TaskNode): string | null {
  if (helper === null) return null;
  const found = [...raw].find(([, value]) => value instanceof PythonFunction && value.name === helper)?.[0];
  return typeof found === "string" ? found : "metric_list";
}

function placeOf(node: TaskNode, setting: string | null, files: TaskFiles): Pick<TaskProblem, "file" | "line"> {
  const source = node.file;
  if (source === null) return { file: null, line: null };
  const found = setting === null ? null : findSettingLine(source, setting, files);
  return found ?? { file: source, line: null };
}
