// What a task says, without where its files lie: the same on all machines and in all folders. Digests are made of it.
import type { PlanTask, PythonJson, ScoringCode } from "./plan.ts";

/** The key and its text, with one of the commas around it. Within a JSON string its quotes would have backslashes. */
const PLACE = /, "config_source": "(?:[^"\\]|\\.)*"|"config_source": "(?:[^"\\]|\\.)*"(?:, )?/g;

/** Settings of a task or group without the path of the file that they come from, which the harness keeps among them. */
export function portableConfig(config: PythonJson): PythonJson {
  return config.replaceAll(PLACE, "");
}

/** A task with portable settings, and with paths of its Python modules that begin in the folder that holds them all. */
export function portableTask(task: PlanTask): PlanTask {
  const { config, code, ...rest } = task;
  return { ...rest, config: portableConfig(config), ...(code === undefined ? {} : { code: portableCode(code) }) };
}

function portableCode({ modules, functions }: ScoringCode): ScoringCode {
  const start = commonFolder(Object.keys(modules)).length;
  return {
    modules: Object.fromEntries(Object.entries(modules).map(([file, text]) => [file.slice(start), text])),
    functions: Object.fromEntries(
      Object.entries(functions).map(([place, { file, name }]) => [place, { file: file.slice(start), name }]),
    ),
  };
}

/** With the slash at its end. */
function commonFolder([first = "", ...files]: readonly string[]): string {
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (!files.every((file) => file.startsWith(folder)))
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  return folder;
}
