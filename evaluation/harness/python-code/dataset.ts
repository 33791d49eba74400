// A split of a data set as helpers see it: the methods of `datasets.Dataset` that have one exact meaning on rows.
import { Callable, type CallValues } from "../jinja/runtime-value.ts";
import { contains, dictGet } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, isInt, isList, PythonObject, type PythonDict, type PythonValue } from "../python/value.ts";
import { asColumns, storedValue } from "./dataset-columns.ts";
import { callWith } from "./runtime.ts";

/** Rows with the same columns. */
export class DatasetValue extends PythonObject {
  readonly typeName = "Dataset";
  readonly rows: readonly PythonDict[];

  constructor(rows: readonly PythonDict[]) {
    super();
    this.rows = rows;
  }

  /** Fresh rows each time, so that who changes one changes no other. */
  override iterate(): Iterable<PythonValue> {
    return this.rows.map(copyRow);
  }
  override length(): number {
    return this.rows.length;
  }
  override isTruthy(): boolean {
    return this.rows.length > 0;
  }

  subscript(key: PythonValue): PythonValue {
    if (typeof key === "string") return this.rows.map((row) => copyValue(columnOf(row, key)));
    if (!isInt(key)) throw unsupported("several rows of a Dataset at once");
    const row = this.rows.at(toIndex(key));
    if (row === undefined) throw new PythonError("IndexError", `there is no row ${str(key)}`);
    return copyRow(row);
  }

  attribute(name: string): PythonValue | undefined {
    if (name === "column_names") return [...(this.rows[0]?.keys() ?? [])];
    if (name === "num_rows") return this.rows.length;
    const method = Object.hasOwn(METHODS, name) ? METHODS[name]! : undefined;
    return method === undefined ? undefined : new Callable((values) => method(this, values));
  }
}

type Method = (dataset: DatasetValue, values: CallValues) => PythonValue;

/** Arguments that change how fast it goes, and nothing else. */
const SPEED_ONLY = new Set([
  "num_proc",
  "desc",
  "load_from_cache_file",
  "keep_in_memory",
  "writer_batch_size",
  "new_fingerprint",
]);

const METHODS: { readonly [name: string]: Method } = {
  filter: (dataset, values) => {
    const { callee, withIndices } = readCallee(values, "filter", []);
    return new DatasetValue(
      dataset.rows.filter((row, index) => isTruthy(call(callee, copyRow(row), withIndices ? index : null))),
    );
  },
  map: (dataset, values) => {
    const { callee, withIndices } = readCallee(values, "map", ["remove_columns"]);
    const removed = columnNames(values.named.get("remove_columns") ?? null);
    const rows = dataset.rows.map((row, index) => {
      const given = copyRow(row);
      return mapRow(given, call(callee, given, withIndices ? index : null), removed);
    });
    return new DatasetValue(asColumns(rows, dataset.rows));
  },
  select: (dataset, { positional: [indices], named }) => {
    const wanted = [...iterate(indices ?? named.get("indices")!)].map(toIndex);
    return new DatasetValue(wanted.map((index) => rowAt(dataset, index)));
  },
  remove_columns: (dataset, { positional: [names] }) => {
    const removed = columnNames(names!);
    return new DatasetValue(dataset.rows.map((row) => new Map([...row].filter(([name]) => !contains(removed, name)))));
  },
  select_columns: (dataset, { positional: [names] }) => {
    const kept = columnNames(names!);
    return new DatasetValue(dataset.rows.map((row) => new Map(kept.map((name) => [name, columnOf(row, name)]))));
  },
  rename_column: (dataset, { positional: [from, to] }) => rename(dataset, new Map([[from!, to!]])),
  rename_columns: (dataset, { positional: [names] }) => {
    if (!isDict(names ?? null)) throw unsupported("rename_columns without a dict");
    return rename(dataset, names as PythonDict);
  },
  add_column: (dataset, { positional: [name, values] }) => {
    const column = [...iterate(values!)];
    const rows = dataset.rows.map((row, index) => new Map([...row, [name!, column[index]!] as const]));
    return new DatasetValue(asColumns(rows, dataset.rows));
  },
  to_list: (dataset) => [...dataset.iterate()],
};

/** Names of what a data set has. */
export const DATASET_MEMBERS: readonly string[] = [...Object.keys(METHODS), "column_names", "num_rows"];

function readCallee(
  { positional, named }: CallValues,
  method: string,
  known: readonly string[],
): { readonly callee: PythonValue; readonly withIndices: boolean } {
  const callee = positional[0] ?? named.get("function");
  if (callee === undefined || positional.length > 1) throw unsupported(`Dataset.${method} with such arguments`);
  for (const [name, value] of named) {
    if (SPEED_ONLY.has(name) || known.includes(name) || name === "function" || name === "with_indices") continue;
    if (name === "batched" && value === false) continue;
    throw unsupported(`Dataset.${method}(${name}=)`);
  }
  return { callee, withIndices: isTruthy(named.get("with_indices") ?? false) };
}

function call(callee: PythonValue, row: PythonDict, index: number | null): PythonValue {
  return index === null ? callWith(callee, row) : callWith(callee, row, index);
}

/**
 * The row that the function was given, as it left it, with what it gave. A column that it took out of its argument is
 * gone, and one that it changed there is changed, as in `datasets`.
 */
function mapRow(given: PythonDict, made: PythonValue, removed: readonly PythonValue[]): PythonDict {
  if (!isDict(made)) throw unsupported("Dataset.map of a function that gives no dict");
  const result = new Map<PythonValue, PythonValue>();
  for (const [name, value] of given) if (!contains(removed, name)) result.set(name, storedValue(value));
  if (made !== given) for (const [name, value] of made) result.set(name, storedValue(value));
  return result;
}

function rename(dataset: DatasetValue, names: PythonDict): DatasetValue {
  return new DatasetValue(
    dataset.rows.map((row) => new Map(Array.from(row, ([name, value]) => [names.get(name) ?? name, value]))),
  );
}

function columnNames(value: PythonValue): readonly PythonValue[] {
  if (value === null) return [];
  return typeof value === "string" ? [value] : [...iterate(value)];
}

function columnOf(row: PythonDict, name: PythonValue): PythonValue {
  const value = dictGet(row, name);
  if (value === undefined) throw new PythonError("KeyError", `there is no column ${str(name)}`);
  return value;
}

function rowAt(dataset: DatasetValue, index: number): PythonDict {
  const row = dataset.rows[index];
  if (row === undefined) throw new PythonError("IndexError", `there is no row ${index}`);
  return row;
}

function copyRow(row: PythonDict): PythonDict {
  return new Map(Array.from(row, ([name, value]) => [name, copyValue(value)]));
}

function copyValue(value: PythonValue): PythonValue {
  if (isList(value)) return value.map(copyValue);
  return isDict(value) ? copyRow(value) : value;
}

/** `datasets.Dataset.from_list(rows)`. */
export function datasetFromList(value: PythonValue): DatasetValue {
  const rows = [...iterate(value)].map((row) => {
    if (!isDict(row)) throw unsupported("a Dataset of rows that are no dicts");
    return new Map(Array.from(row, ([name, member]) => [name, storedValue(member)]));
  });
  return new DatasetValue(asColumns(rows, []));
}
