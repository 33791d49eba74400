import { createHash } from "node:crypto";
import { MusterError } from "../../base/muster-error.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import type { PlanDataset } from "../../evaluation/plan.ts";
import type { Batch } from "./batch.ts";
import { columnOfFeatures } from "./card-features.ts";
import { castRow, CastProblem, checkColumns, type Column, findTimes, isSameColumn } from "./column-types.ts";
import { type DataFile, type DataFiles, unpacked } from "./data-file.ts";
import { readCsvFile } from "./read-csv.ts";
import { looseFieldsOf, readJsonFile } from "./read-json.ts";

/** The rows of a split, and where they came from. */
export interface LoadedSplit {
  readonly rows: readonly PythonDict[];
  readonly info: PlanDataset;
}

/** A data set's splits; each is read when it is first asked for. */
export interface SplitReader {
  keys(): Iterable<string>;
  get(split: string): Promise<LoadedSplit> | undefined;
}

/** Reads splits lazily, each once. `get` throws `badData` and `unsupported` naming file and line or column. */
export function readSplits(dataset: string, files: DataFiles): SplitReader {
  const loaded = new Map<string, Promise<LoadedSplit>>();
  const features = files.layout?.features ?? null;
  const told = features === null ? null : columnOfFeatures(features, dataset);
  let firstTypes: Promise<Column | null> | undefined;
  const typesFor = async (split: string): Promise<Column | null> => {
    if (told !== null) return told;
    const [first] = files.splits.keys();
    if (split === first) return null;
    firstTypes ??= typesOf(files.splits.get(first!)!, files);
    return firstTypes;
  };
  return {
    keys: () => files.splits.keys(),
    get(split) {
      const list = files.splits.get(split);
      if (list === undefined) return undefined;
      const known =
        loaded.get(split) ??
        typesFor(split)
          .then((types) => readSplit({ dataset, split }, list, files, types))
          .catch((error: unknown) => {
            throw located(error, `data set ${dataset}, split ${split}`);
          });
      loaded.set(split, known);
      return known;
    },
  };
}

async function readSplit(
  name: { readonly dataset: string; readonly split: string },
  list: readonly DataFile[],
  files: DataFiles,
  types: Column | null,
): Promise<LoadedSplit> {
  const hash = createHash("sha256");
  const rows: PythonDict[] = [];
  let columns = types;
  for (const file of list) {
    const bytes = await file.read();
    hash.update(bytes);
    for await (const batch of readBatches(file, bytes, files, columns)) {
      columns ??= timeless(batch.column, file.name);
      const isReady = files.format === "parquet" && isSameColumn(batch.column, columns);
      for (const row of isReady ? batch.rows : castBatch(batch, columns, file.name)) rows.push(row);
    }
  }
  const source = list.map((file) => file.source).join(", ");
  return { rows, info: { ...name, source, sha256: hash.digest("hex"), rows: rows.length } };
}

/** The error with the data set that it is of. */
function located(thrown: unknown, place: string): unknown {
  if (!(thrown instanceof MusterError) || (thrown.kind !== "badData" && thrown.kind !== "unsupported")) return thrown;
  const { kind, message, wayOut } = thrown;
  return new MusterError(kind, `${message} (${place})`, { ...(wayOut === undefined ? {} : { wayOut }), cause: thrown });
}

/** The column types that a split's first rows have: `datasets` casts all other rows of the data set to them. */
async function typesOf(list: readonly DataFile[], files: DataFiles): Promise<Column | null> {
  for (const file of list) {
    if (files.format === "parquet") {
      const { readParquetFooter } = await import("./parquet-schema.ts");
      return readParquetFooter(file.name, await file.readEnd()).column;
    }
    for await (const batch of readBatches(file, await file.read(), files, null))
      return timeless(batch.column, file.name);
  }
  return null;
}

async function* readBatches(
  file: DataFile,
  bytes: Buffer,
  files: DataFiles,
  types: Column | null,
): AsyncGenerator<Batch> {
  if (files.format === "parquet") {
    const { readParquet } = await import("./read-parquet.ts");
    yield await readParquet(file.name, bytes);
    return;
  }
  const plain = unpacked(bytes, file.name);
  if (files.format === "csv") yield* readCsvFile(plain, file.name, files.csv);
  else yield* readJsonFile(plain, file.name, types === null ? null : looseFieldsOf(types));
}

function* castBatch(batch: Batch, columns: Column, source: string): Generator<PythonDict> {
  try {
    checkColumns(batch.column, columns);
    for (const row of batch.rows) yield castRow(row, batch.column, columns);
  } catch (error) {
    if (!(error instanceof CastProblem)) throw error;
    throw new MusterError("badData", `${source} ${error.message}`, {
      wayOut: "Give all files of the data set, and all their rows, the same columns with the same types.",
      cause: error,
    });
  }
}

/** The harness would hold points in time, which print in their own way. */
function timeless(columns: Column, source: string): Column {
  const path = findTimes(columns, "");
  if (path === null) return columns;
  throw new MusterError("unsupported", `${source}: the column ${path} holds dates, which the harness makes times of`, {
    wayOut: "Take the column out of the file, or write the dates in words.",
  });
}
