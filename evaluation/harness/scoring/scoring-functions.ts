import type { ScoringCode } from "../../plan.ts";
import { PythonProgram } from "../python-code/program.ts";
import { numericValue } from "../python/equality.ts";
import { PythonError } from "../python/python-error.ts";
import { isDict, isInt, makeFloat, PythonTuple, type PythonValue, typeName } from "../python/value.ts";
import { parsePythonJson } from "../python/json-parse.ts";
import type { ColumnData } from "../../task-scorer.ts";
import type { Aggregation } from "./aggregation.ts";
import type { SampleMetrics } from "./sample-metrics.ts";

/** A Python function of a task. */
export type ScoringFunction = (...values: readonly PythonValue[]) => PythonValue;

const PROGRAMS_KEPT_MAX = 16;
const programs = new Map<string, PythonProgram>();

/** The program of these modules: tasks of one family share it, since loading a module may take seconds. */
function programOf({ modules }: ScoringCode): PythonProgram {
  const key = JSON.stringify(modules);
  let program = programs.get(key);
  if (program === undefined) {
    program = new PythonProgram({ readText: (file) => modules[file] ?? null });
    if (programs.size >= PROGRAMS_KEPT_MAX) programs.delete([...programs.keys()][0]!);
    programs.set(key, program);
  }
  return program;
}

/** Finds the Python functions that came with a task. */
export class ScoringFunctions {
  readonly #code: ScoringCode | undefined;

  constructor(code: ScoringCode | undefined) {
    this.#code = code;
  }

  /** The function at a place of the configuration; undefined where none came. Throws PythonError `Unsupported`. */
  find(place: string): ScoringFunction | undefined {
    const code = this.#code;
    const found = code?.functions[place];
    if (code === undefined || found === undefined) return undefined;
    const program = programOf(code);
    const callee = program.find(found.file, found.name);
    return (...values) => program.call(callee, ...values);
  }
}

/** An aggregation that is a Python function of the samples' values. The harness has no standard error for it. */
export function pythonAggregation(run: ScoringFunction, width: 1 | 2 | null): Aggregation {
  const call = (column: ColumnData): PythonValue =>
    run(column instanceof Float64Array ? samplesOf(column, width === 2 ? 2 : 1) : [...column]);
  return {
    name: "a Python function",
    width,
    standardError: "none",
    compute: (column) => {
      const result = call(column);
      if (typeof result === "boolean" || numericValue(result) === undefined) {
        throw new PythonError("Unsupported", "an aggregation that gives no number");
      }
      return Number(numericValue(result));
    },
    givesInt: (column) => isInt(call(column)),
  };
}

/** Numbers of a column as the harness has them: pairs are tuples of ints, single ones floats. */
function samplesOf(numbers: Float64Array, width: 1 | 2): PythonValue[] {
  if (width === 1) return Array.from(numbers, makeFloat);
  return Array.from(
    { length: numbers.length / 2 },
    (_, sample) => new PythonTuple([numbers[2 * sample]!, numbers[2 * sample + 1]!]),
  );
}

/**
 * `process_results` as a Python function. `names`: the metrics that the task aggregates; `averaged`: those of them that
 * must be numbers.
 */
export function pythonMetrics(
  run: ScoringFunction,
  names: readonly string[],
  averaged: ReadonlySet<string>,
): SampleMetrics {
  return {
    names,
    compute: (sample, results) => {
      const metrics = run(parsePythonJson(sample.doc), [...results]);
      if (!isDict(metrics)) throw new PythonError("TypeError", "process_results gives no dict");
      if (metrics.size !== names.length)
        throw new PythonError("Unsupported", "process_results that gives other metrics than metric_list has");
      return names.map((name) => {
        const value = metrics.get(name);
        if (value === undefined) throw new PythonError("Unsupported", `process_results without the metric ${name}`);
        if (averaged.has(name) && numericValue(value) === undefined) {
          throw new PythonError("TypeError", `${name} is a ${typeName(value)}, of which there is no mean`);
        }
        return value;
      });
    },
  };
}
