// The rows of a score table, from the text of a results file.
import { parsePythonJson } from "../harness/python/json-parse.ts";
import { toFloatNumber } from "../harness/python/number-text.ts";
import { str } from "../harness/python/represent.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../harness/python/value.ts";

/** One number of a task or group. */
export interface ScoreTableRow {
  readonly task: string;
  readonly alias: string;
  /** Groups that it lies in. */
  readonly depth: number;
  readonly version: string;
  /** Shots; null for a group whose members differ. */
  readonly shots: number | null;
  readonly metric: string;
  readonly filter: string;
  /** Null where a group's members disagree. */
  readonly isHigherBetter: boolean | null;
  readonly value: number;
  /** Null where the harness says N/A. */
  readonly standardError: number | null;
  readonly samples: number;
}

/** Rows in the order of the file, members below their groups. Throws ValueError for a text that is no results file. */
export function scoreTable(resultsJson: string): ScoreTableRow[] {
  const file = dict(parsePythonJson(resultsJson));
  const results = dict(file.get("results"));
  const subtasks = new Map(Array.from(dict(file.get("group_subtasks")), ([group, members]) => [group, list(members)]));
  const isMember = new Set([...subtasks.values()].flat());
  const rows: ScoreTableRow[] = [];
  const visit = (name: PythonValue, depth: number): void => {
    if (results.has(name)) rows.push(...taskRows(file, name, depth));
    for (const member of subtasks.get(name) ?? []) visit(member, depth + 1);
  };
  for (const name of results.keys()) if (!isMember.has(name)) visit(name, 0);
  return rows;
}

function taskRows(file: PythonDict, name: PythonValue, depth: number): ScoreTableRow[] {
  const row = dict(dict(file.get("results")).get(name));
  const directions = dict(dict(file.get("higher_is_better")).get(name) ?? new Map());
  const shots = dict(file.get("n-shot")).get(name);
  const rows: ScoreTableRow[] = [];
  for (const [key, value] of row) {
    const [metric, filter] = splitKey(str(key));
    if (filter === null || metric.endsWith("_stderr")) continue;
    const error = row.get(`${metric}_stderr,${filter}`) ?? "N/A";
    const direction = directions.get(metric);
    rows.push({
      task: str(name),
      alias: str(row.get("alias") ?? name),
      depth,
      version: str(dict(file.get("versions")).get(name) ?? "N/A"),
      shots: shots === undefined ? null : toFloatNumber(shots),
      metric,
      filter,
      isHigherBetter: typeof direction === "boolean" ? direction : null,
      value: toFloatNumber(value),
      standardError: error === "N/A" ? null : toFloatNumber(error),
      samples: toFloatNumber(row.get("sample_len") ?? 0),
    });
  }
  return rows;
}

/** `metric,filter`; other keys of a row have no comma. */
function splitKey(key: string): [string, string | null] {
  const comma = key.indexOf(",");
  return comma < 0 ? [key, null] : [key.slice(0, comma), key.slice(comma + 1)];
}

function dict(value: PythonValue | undefined): PythonDict {
  return isDict(value) ? value : new Map();
}

function list(value: PythonValue): PythonValue[] {
  return isList(value) ? [...value] : [];
}
