import type { ScoringCode } from "../../plan.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import { PythonFunction } from "./python-function.ts";

/**
 * The Python functions that score a task, to travel with its plan; undefined where there are none. Throws PythonError
 * `Unsupported` for one that cannot be run exactly.
 */
export function collectScoringCode(config: PythonDict): ScoringCode | undefined {
  const functions: { [place: string]: { file: string; name: string } } = {};
  const modules: { [file: string]: string } = {};
  const add = (place: string, value: PythonValue | undefined): void => {
    if (!(value instanceof PythonFunction)) return;
    const { file, name, modules: needed } = value.bundle();
    functions[place] = { file, name };
    for (const [path, text] of needed) modules[path] = text;
  };
  add("process_results", config.get("process_results"));
  const metrics = config.get("metric_list") ?? null;
  if (isList(metrics)) {
    metrics.forEach((entry, index) => {
      if (isDict(entry)) add(`metric_list.${index}.aggregation`, entry.get("aggregation"));
    });
  }
  return Object.keys(functions).length === 0 ? undefined : { modules, functions };
}
