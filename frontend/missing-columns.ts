import type { PythonDict } from "../evaluation/harness/python/value.ts";
import type { TaskDefinition } from "../evaluation/harness/task/task-definition.ts";

const SETTINGS = ["doc_to_text", "doc_to_target"];

/**
 * Settings that look like the name of a column which the documents do not have: the harness then takes them for text,
 * and every prompt or target is that word. Whole sentences.
 */
export function noteMissingColumns({ name, config }: TaskDefinition, document: PythonDict): readonly string[] {
  return SETTINGS.flatMap((setting) => {
    const value = config.get(setting);
    if (typeof value !== "string" || !/^[A-Za-z]+(?:_[A-Za-z0-9]+)*$/.test(value) || document.has(value)) return [];
    const columns = [...document.keys()].map(String).join(", ");
    return [
      `The ${setting} of the task ${name} is ${value}, which is no column of its data set (${columns}): ` +
        "it is taken for text, as the harness does.",
    ];
  });
}
