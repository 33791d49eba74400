import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { DownloadProgress } from "../../base/node/fetch-file.ts";
import { str } from "../../evaluation/harness/python/represent.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import type { PlanDataset } from "../../evaluation/plan.ts";
import { type DatasetMap, readDatasetMap, type SplitFiles } from "./dataset-map.ts";
import { findHubFiles } from "./hub.ts";
import { readBytes, readRows } from "./read-rows.ts";

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

/** The rows of a split, and where they came from. */
export interface LoadedSplit {
  readonly rows: readonly PythonDict[];
  readonly info: PlanDataset;
}

/** A data set's splits; each is read when it is first asked for. */
export interface LoadedDataset {
  readonly splits: {
    get(split: string): Promise<LoadedSplit> | undefined;
    keys(): Iterable<string>;
  };
}

/** Finds and reads data sets. Throws `badData` and `usage` naming files and lines, `notFound` and `connection` of the hub. */
export interface DatasetLoader {
  load(dataset: DatasetName): Promise<LoadedDataset>;
}

/** Where data comes from. */
export interface LoaderOptions {
  /** A dataset map's file, or null for the hub alone. */
  readonly datasetMap: string | null;
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
}

const FILE_FORMATS = new Set(["json", "csv", "parquet"]);
const ENDINGS = /\.(?:jsonl|json|csv|parquet)$/;

/** Opens a loader; what it has read is kept while it lives. */
export async function openDatasetLoader(options: LoaderOptions): Promise<DatasetLoader> {
  const map: DatasetMap = options.datasetMap === null ? new Map() : readDatasetMap(options.datasetMap);
  const loaded = new Map<string, Promise<LoadedDataset>>();
  return {
    load(dataset) {
      const key = JSON.stringify([dataset.path, dataset.name, dataFilesKey(dataset.kwargs)]);
      const known = loaded.get(key) ?? open(dataset, map, options);
      loaded.set(key, known);
      return known;
    },
  };
}

async function open(dataset: DatasetName, map: DatasetMap, options: LoaderOptions): Promise<LoadedDataset> {
  const label = dataset.name === null ? dataset.path : `${dataset.path}:${dataset.name}`;
  const mapped = map.get(label) ?? map.get(dataset.path);
  if (mapped !== undefined) return lazily(label, mapped);
  if (FILE_FORMATS.has(dataset.path)) return lazily(label, dataFiles(dataset));
  const folder = folderFiles(resolve(dataset.path));
  if (folder !== null) return lazily(label, folder);
  return lazily(label, await findHubFiles(dataset, options));
}

function lazily(label: string, files: SplitFiles): LoadedDataset {
  const splits = new Map<string, Promise<LoadedSplit>>();
  return {
    splits: {
      keys: () => files.keys(),
      get(split) {
        const paths = files.get(split);
        if (paths === undefined) return undefined;
        const known = splits.get(split) ?? readSplit(label, split, paths);
        splits.set(split, known);
        return known;
      },
    },
  };
}

async function readSplit(dataset: string, split: string, paths: readonly string[]): Promise<LoadedSplit> {
  const hash = createHash("sha256");
  const rows: PythonDict[] = [];
  for (const path of paths) {
    const bytes = readBytes(path);
    hash.update(bytes);
    for (const row of await readRows(path, bytes)) rows.push(row);
  }
  const info = { dataset, split, source: paths.join(", "), sha256: hash.digest("hex"), rows: rows.length };
  return { rows, info };
}

/** `data_files`: one file or a list is the split `train`, else files by split. Relative to where the command runs. */
function dataFiles({ path, kwargs }: DatasetName): SplitFiles {
  const given = kwargs?.get("data_files");
  if (given === undefined || given === null) {
    throw new MusterError("badData", `dataset_path ${path} needs dataset_kwargs: data_files`, {
      wayOut: "data_files: {test: test.jsonl}, relative to the folder where the command runs.",
    });
  }
  const list = (value: PythonValue): string[] => (isList(value) ? value : [value]).map((file) => resolve(str(file)));
  if (!isDict(given)) return new Map([["train", list(given)]]);
  return new Map(Array.from(given, ([split, files]) => [str(split), list(files)]));
}

function dataFilesKey(kwargs: PythonDict | null): string {
  const given = kwargs?.get("data_files");
  return given === undefined ? "" : JSON.stringify(isDict(given) ? [...given] : given);
}

/** A folder with a file for each split, named after it; null where there is no such folder. */
function folderFiles(folder: string): SplitFiles | null {
  if (!existsSync(folder)) return null;
  const names = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && ENDINGS.test(entry.name),
  );
  if (names.length === 0) return null;
  return new Map(names.map(({ name }) => [name.replace(ENDINGS, ""), [join(folder, name)]]));
}
