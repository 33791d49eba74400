// Finds the files behind the data sets that tasks name: in the dataset map, as files that the task itself names, in a
// folder, or on the hub; in this order.
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { DownloadProgress } from "../../base/node/fetch-file.ts";
import { nearMatches } from "../../base/near-matches.ts";
import { checkPlainOptions, readCsvOptions } from "./csv-options.ts";
import { type DataFile, type DataFiles, type DatasetName, type DataFormat, labelOf, localFile } from "./data-file.ts";
import { type DatasetMap, readDatasetMap } from "./dataset-map.ts";
import { commonFormat, expandPatterns, findSplits, patternsOf, type SplitPaths } from "./find-splits.ts";
import { readSplits, type SplitReader } from "./read-split.ts";

export type { LoadedSplit } from "./read-split.ts";

/** A data set; its splits are read when they are first asked for. */
export interface LoadedDataset {
  readonly splits: SplitReader;
}

/**
 * Finds data sets. Throws `badData`, `usage` and `unsupported` naming files, `notFound`, `permission` and `connection`
 * of the hub.
 */
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

const FILE_FORMATS: { readonly [path: string]: DataFormat } = { json: "json", csv: "csv", parquet: "parquet" };
const FILES_MAX = 100_000;

/** Opens a loader; what it has read is kept while it lives. */
export async function openDatasetLoader(options: LoaderOptions): Promise<DatasetLoader> {
  const map: DatasetMap = options.datasetMap === null ? new Map() : readDatasetMap(options.datasetMap);
  const loaded = new Map<string, Promise<LoadedDataset>>();
  return {
    load(dataset) {
      const key = JSON.stringify([dataset.path, dataset.name, dataset.kwargs], (_, value: unknown) =>
        value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : value,
      );
      const known = loaded.get(key) ?? open(dataset, map, options);
      loaded.set(key, known);
      return known;
    },
  };
}

async function open(dataset: DatasetName, map: DatasetMap, options: LoaderOptions): Promise<LoadedDataset> {
  const label = labelOf(dataset);
  const mapped = map.get(label) ?? map.get(dataset.path);
  const found = mapped === undefined ? null : mappedFiles(dataset, mapped);
  const files = found ?? namedFiles(dataset) ?? folderFiles(dataset) ?? (await hubFiles(dataset, map, options));
  return { splits: readSplits(label, files) };
}

/** The map says where the data is; of what the task says, only how its CSV files are laid out still counts. */
function mappedFiles(dataset: DatasetName, mapped: SplitPaths): DataFiles {
  const { format } = commonFormat(mapped, dataset);
  return toFiles(format === "csv" ? dataset : { ...dataset, kwargs: null }, mapped, localFile);
}

function toFiles(dataset: DatasetName, splits: SplitPaths, open: (path: string) => DataFile): DataFiles {
  const { format, separator } = commonFormat(splits, dataset);
  return { splits: withFiles(splits, open), format, csv: layout(dataset, format, separator) };
}

function withFiles(splits: SplitPaths, open: (path: string) => DataFile): Map<string, DataFile[]> {
  return new Map(Array.from(splits, ([split, paths]) => [split, paths.map(open)]));
}

function layout(dataset: DatasetName, format: DataFormat, separator: string): DataFiles["csv"] {
  if (format === "csv") return readCsvOptions(dataset.kwargs, labelOf(dataset), separator);
  checkPlainOptions(dataset.kwargs, labelOf(dataset));
  return readCsvOptions(null, labelOf(dataset), separator);
}

/** `dataset_path: json` (csv, parquet) with `data_files`; null for other paths. */
function namedFiles(dataset: DatasetName): DataFiles | null {
  const format = FILE_FORMATS[dataset.path];
  if (format === undefined) return null;
  const given = dataset.kwargs?.get("data_files") ?? null;
  if (given === null) {
    throw new MusterError("badData", `dataset_path ${dataset.path} needs dataset_kwargs: data_files`, {
      wayOut: "data_files: {test: test.jsonl}, relative to the folder where the command runs.",
    });
  }
  const splits = expandPatterns(patternsOf(given), (pattern) => expand(pattern, dataset.taskFolder));
  return { splits: withFiles(splits, localFile), format, csv: layout(dataset, format, ",") };
}

/** Files that a path or pattern names, from where the command runs, else from where the task's file lies. */
function expand(pattern: string, taskFolder: string): string[] {
  if (/^[a-z]+:\/\//.test(pattern)) {
    throw new MusterError("unsupported", `data_files names ${pattern}, and Muster does not fetch single files`, {
      wayOut: "Download it, and name the file in a dataset map (--dataset-map) or in data_files.",
    });
  }
  const path = resolve(pattern);
  if (!/[*?[]/.test(pattern)) return [existsSync(path) ? path : besideTask(pattern, taskFolder, path)];
  return globSync(path).toSorted();
}

function besideTask(pattern: string, taskFolder: string, path: string): string {
  const beside = resolve(taskFolder, pattern);
  return taskFolder !== "" && existsSync(beside) ? beside : path;
}

/** A folder with data files, from where the command runs; null where there is none. */
function folderFiles(dataset: DatasetName): DataFiles | null {
  const folder = resolve(dataset.path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
  const paths: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) paths.push(relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"));
    if (paths.length > FILES_MAX) return null;
  }
  const card = paths.includes("README.md") ? readFileSync(join(folder, "README.md"), "utf8") : null;
  const splits = findSplits(paths, card, dataset);
  return splits === null ? null : toFiles(dataset, splits, (path) => localFile(join(folder, path)));
}

async function hubFiles(dataset: DatasetName, map: DatasetMap, options: LoaderOptions): Promise<DataFiles> {
  const label = labelOf(dataset);
  if (!/^[\w.-]+(?:\/[\w.-]+)?$/.test(dataset.path)) {
    throw new MusterError("notFound", `the data set ${label} is no folder here, and no name of the hub`, {
      wayOut: "Its path starts where the command runs; or give files with --dataset-map.",
    });
  }
  try {
    // Most runs need no hub, and its modules are slow to load.
    const { findHubFiles } = await import("./hub-dataset.ts");
    const found = await findHubFiles(dataset, options);
    return toFiles(dataset, found.splits, (path) => found.open(path));
  } catch (error) {
    if (!(error instanceof MusterError) || options.datasetMap === null) throw error;
    const near = nearMatches(label, [...map.keys()]);
    const hint = near.length === 0 ? "" : ` It has ${near.join(" and ")}.`;
    throw new MusterError(error.kind, `${error.message}; the dataset map ${options.datasetMap} does not name it`, {
      wayOut: `Add ${label} to the map.${hint} ${error.wayOut ?? ""}`.trim(),
      cause: error,
    });
  }
}
