import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { MusterError } from "../../base/muster-error.ts";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import type { PythonDict, PythonValue } from "../../evaluation/harness/python/value.ts";
import type { CsvOptions } from "./csv-options.ts";
import type { CardLayout } from "./data-card.ts";
import { readFooterBytes } from "./parquet-footer.ts";

/** A file of a data set, on this disk or fetched to it when it is read. */
export interface DataFile {
  /** Where it comes from, as a manifest names it: its path, or its address on the hub at a commit. */
  readonly source: string;
  /** What errors call it: its path where it lies on this disk, else its address. */
  readonly name: string;
  /** Its path below a folder of data sets, where it has one: that of its repository, its commit and its own. */
  readonly place: string | null;
  /** Its bytes as they lie there, checked against what is known of them. */
  read(): Promise<Buffer>;
  /** Bytes of its end at least: a Parquet file's footer. */
  readEnd(): Promise<Buffer>;
}

/** How a file's bytes become rows. */
export type DataFormat = "json" | "csv" | "parquet";

/** The files of a data set, by split in its order; the first split sets the types of JSON and CSV columns. */
export interface DataFiles {
  readonly splits: ReadonlyMap<string, readonly DataFile[]>;
  readonly format: DataFormat;
  readonly csv: CsvOptions;
  /** What the data set's card says of it. */
  readonly layout: CardLayout | null;
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

/** What a dataset map may say of a file besides its path. */
export interface FilePin {
  /** Hex SHA-256 of its bytes, or null. */
  readonly sha256: string | null;
  /** Where it was pulled from, or null. */
  readonly source: string | null;
}

/** A file on this disk. */
export function localFile(path: string, pin?: FilePin): DataFile {
  return {
    source: pin?.source ?? path,
    name: path,
    place: null,
    read: async () => checked(path, reading(path, readFileSync), pin),
    readEnd: async () => reading(path, readFooterBytes),
  };
}

function checked(path: string, bytes: Buffer, pin: FilePin | undefined): Buffer {
  const expected = pin?.sha256 ?? null;
  if (expected === null) return bytes;
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest === expected) return bytes;
  const problem = `it has the digest ${digest.slice(0, 12)}…, not ${expected.slice(0, 12)}…`;
  throw new MusterError("badData", `the data file ${path} is not the one that the dataset map means: ${problem}`, {
    wayOut: "Copy it again from where it was pulled to, or pull it again: muster data pull.",
  });
}

/** Reads from a file. Throws `badData` naming it where it is not there. */
function reading(file: string, read: (file: string) => Buffer): Buffer {
  try {
    return read(file);
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

/** Settings of `dataset_kwargs` that choose among a data set's files. */
const CHOOSING = ["data_dir", "data_files", "revision"] as const;

/**
 * The name under which a dataset map has exactly these files: the label, and where the task chooses among the files, the
 * choice as JSON after a space.
 */
export function mapKeyOf(dataset: DatasetName): string {
  const choice = new Map<PythonValue, PythonValue>();
  for (const key of CHOOSING) if (dataset.kwargs?.has(key) === true) choice.set(key, dataset.kwargs.get(key) ?? null);
  return choice.size === 0 ? labelOf(dataset) : `${labelOf(dataset)} ${formatPythonJson(choice)}`;
}
