// One YAML file with its includes, merged as the harness's `_yaml_loader.py` does: shallowly, includes in order, the
// file's own keys last.
import { MusterError } from "../../../base/muster-error.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import { findPythonSource, PythonFunction } from "./python-function.ts";
import { readYaml } from "./yaml-read.ts";

/** How this folder reads files: paths are absolute, the shell knows what a path is. */
export interface TaskFiles {
  /** The text of a file, or null where there is none. */
  readText(file: string): string | null;
  /** The absolute path of `relative` as written in `file`. */
  resolveBeside(file: string, relative: string): string;
}

/** The merged mapping of a task or group file. Throws MusterError that names file and line. */
export function loadConfig(file: string, files: TaskFiles): Map<PythonValue, PythonValue> {
  return load(file, files, new Set());
}

function load(file: string, files: TaskFiles, seen: Set<string>): Map<PythonValue, PythonValue> {
  if (seen.has(file)) {
    throw new MusterError("badData", `${file} is included twice: the harness takes that for a cycle.`, {
      wayOut: "Remove one of the include lines.",
    });
  }
  seen.add(file);
  const text = files.readText(file);
  if (text === null) throw new MusterError("notFound", `There is no file ${file}.`);
  const own = readYaml(text, { file, resolveFunction: (reference) => resolveFunction(reference, file, files) });
  if (!isDict(own)) {
    throw new MusterError("badData", `${file}:1 does not hold a mapping of task settings.`, {
      wayOut: "A task file starts with lines like `task: my_task`.",
    });
  }
  const merged = new Map<PythonValue, PythonValue>();
  for (const include of includesOf(own, file)) {
    const includedFile = files.resolveBeside(file, include);
    if (files.readText(includedFile) === null) throw missingInclude(text, file, include);
    for (const [key, value] of load(includedFile, files, seen)) if (key !== "task_list") merged.set(key, value);
  }
  for (const [key, value] of own) if (key !== "include") merged.set(key, value);
  return merged;
}

function includesOf(config: PythonDict, file: string): readonly string[] {
  const value = config.get("include");
  if (value === undefined) return [];
  const includes = isList(value) ? value : [value];
  return includes.map((include) => {
    if (typeof include === "string") return include;
    throw new MusterError("badData", `${file} has an include that is not a file name.`);
  });
}

function missingInclude(text: string, file: string, include: string): MusterError {
  const line = text.split("\n").findIndex((candidate) => candidate.includes(include)) + 1;
  return new MusterError("notFound", `${file}:${Math.max(line, 1)} includes ${include}, which does not exist.`, {
    wayOut: "Includes are relative to the file that names them.",
  });
}

/** `module.name` beside the YAML file, without running it. */
function resolveFunction(reference: string, file: string, files: TaskFiles): PythonValue {
  const dot = reference.lastIndexOf(".");
  const [module, name] = dot < 0 ? ["", reference] : [reference.slice(0, dot), reference.slice(dot + 1)];
  const moduleFile = files.resolveBeside(file, `${module.replaceAll(".", "/")}.py`);
  const text = module === "" ? null : (files.readText(moduleFile)?.replace(/^\uFEFF/, "") ?? null);
  return text === null
    ? new PythonFunction(module, name, null, files)
    : new PythonFunction(moduleFile, name, findPythonSource(text, name), files);
}
