import { MusterError } from "../../base/muster-error.ts";
import { isList, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";

/** How a CSV file is laid out; the subset of `pandas.read_csv`'s settings that task files use. */
export interface CsvOptions {
  readonly separator: string;
  /** Column names that the file does not hold itself, or null. */
  readonly names: readonly string[] | null;
  /** Whether the first line names columns (and is no row). */
  readonly hasHeader: boolean;
}

/** Settings that say where data lies or whom to trust; none changes how a file is read. */
const ELSEWHERE = new Set(["data_files", "data_dir", "revision", "trust_remote_code", "token", "cache_dir", "split"]);
const CSV_SETTINGS = new Set(["sep", "delimiter", "names", "column_names", "header", "keep_default_na", "na_filter"]);

/** Reads `dataset_kwargs`. Throws `unsupported` for a setting that would change how the file is read. */
export function readCsvOptions(kwargs: PythonDict | null, dataset: string, separator: string): CsvOptions {
  const value = (key: string): PythonValue => kwargs?.get(key) ?? null;
  for (const key of kwargs?.keys() ?? []) {
    if (ELSEWHERE.has(key as string) || (CSV_SETTINGS.has(key as string) && !refuses(key as string, value))) continue;
    throw refusedSetting(dataset, key as string);
  }
  const names = value("column_names") ?? value("names");
  if (names !== null && !(isList(names) && names.every((name) => typeof name === "string"))) {
    throw refusedSetting(dataset, "names");
  }
  const header = kwargs?.has("header") ? value("header") : "infer";
  return {
    separator: (value("delimiter") ?? value("sep") ?? separator) as string,
    names,
    hasHeader: header === "infer" ? names === null : header === 0,
  };
}

function refuses(key: string, value: (key: string) => PythonValue): boolean {
  const given = value(key);
  if (key === "keep_default_na" || key === "na_filter") return given !== true;
  if (key === "header") return given !== "infer" && given !== 0 && given !== null;
  if (key === "sep" || key === "delimiter") return typeof given !== "string" || [...given].length !== 1;
  return false;
}

/** Throws `unsupported` for a setting of `dataset_kwargs` that would change how JSON or Parquet is read. */
export function checkPlainOptions(kwargs: PythonDict | null, dataset: string): void {
  for (const key of kwargs?.keys() ?? [])
    if (!ELSEWHERE.has(key as string)) throw refusedSetting(dataset, key as string);
}

function refusedSetting(dataset: string, key: string): MusterError {
  return new MusterError(
    "unsupported",
    `the data set ${dataset} sets ${key} in dataset_kwargs, which Muster cannot do`,
    {
      wayOut: "Convert its files to JSON Lines and name them in a dataset map (--dataset-map), or leave the task out.",
    },
  );
}
