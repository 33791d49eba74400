import { readFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { MusterError } from "../../base/muster-error.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import type { CsvOptions } from "./csv-options.ts";

/** A file of a data set, on this disk or fetched to it when it is read. */
export interface DataFile {
  /** Path, or address on the hub. */
  readonly source: string;
  /** Its bytes as they lie there. */
  read(): Promise<Buffer>;
}

/** How a file's bytes become rows. */
export type DataFormat = "json" | "csv" | "parquet";

/** The files of a data set, by split in its order; the first split sets the types of JSON and CSV columns. */
export interface DataFiles {
  readonly splits: ReadonlyMap<string, readonly DataFile[]>;
  readonly format: DataFormat;
  readonly csv: CsvOptions;
}

const FORMATS: { readonly [ending: string]: { readonly format: DataFormat; readonly separator: string } } = {
  json: { format: "json", separator: "," },
  jsonl: { format: "json", separator: "," },
  ndjson: { format: "json", separator: "," },
  csv: { format: "csv", separator: "," },
  tsv: { format: "csv", separator: "\t" },
  parquet: { format: "parquet", separator: "," },
};

/** The format that a file's name tells, and the separator of fields; null for others. */
export function formatOf(name: string): { readonly format: DataFormat; readonly separator: string } | null {
  const ending = /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(name)?.[1];
  return FORMATS[ending?.toLowerCase() ?? ""] ?? null;
}

/** A file on this disk. */
export function localFile(path: string): DataFile {
  return { source: path, read: async () => readBytes(path) };
}

/** A file's bytes. Throws `badData` naming the file where it is not there. */
function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "it is not there" : message;
    throw new MusterError("badData", `the data file ${file} cannot be read: ${problem}`, {
      wayOut: "Check the path in the dataset map, or in the task's data_files.",
      cause: error,
    });
  }
}

/** The bytes without the gzip or zstd around them. Throws `badData` for a damaged file. */
export function unpacked(bytes: Buffer, file: string): Buffer {
  const isGzip = bytes.length > 2 && bytes.readUInt16BE(0) === 0x1f8b;
  const isZstd = bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528;
  if (!isGzip && !isZstd) return bytes;
  try {
    return isGzip ? gunzipSync(bytes) : zstdDecompressSync(bytes);
  } catch (error) {
    throw new MusterError("badData", `${file} is damaged or cut off: ${(error as Error).message}`, {
      wayOut: "Get the file again.",
      cause: error,
    });
  }
}

/** A data set as a task names it. */
export interface DatasetName {
  /** `dataset_path`: a hub id, a folder, or `json`, `csv`, `parquet` for files that `kwargs` names. */
  readonly path: string;
  /** `dataset_name`. */
  readonly name: string | null;
  /** `dataset_kwargs`. */
  readonly kwargs: PythonDict | null;
  readonly taskFolder: string;
}

/** As people and PlanDataset name it: `path`, or `path:name`. */
export function labelOf({ path, name }: DatasetName): string {
  return name === null ? path : `${path}:${name}`;
}
