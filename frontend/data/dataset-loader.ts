// Finds the files behind the data sets that tasks name: in the dataset map, as files that the task itself names, in a
// folder, or on the hub; in this order.
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { DownloadProgress } from "../../base/node/fetch-file.ts";
import type { PythonValue } from "../../evaluation/harness/python/value.ts";
import { nearMatches } from "../../base/near-matches.ts";
import { type CardLayout, readCardLayout } from "./data-card.ts";
import { checkPlainOptions, readCsvOptions } from "./csv-options.ts";
import {
  type DataFile,
  type DataFiles,
  type DatasetName,
  type DataFormat,
  labelOf,
  localFile,
  mapKeyOf,
} from "./data-file.ts";
import { type DatasetMap, type MappedDataset, type MappedFile, readDatasetMap } from "./dataset-map.ts";
import { commonFormat, expandPatterns, findSplits, patternsOf, type SplitPaths } from "./find-splits.ts";
import type { HubOptions } from "./hub-file.ts";
import { matchesPath } from "./path-pattern.ts";
import { readSplits, type SplitReader } from "./read-split.ts";

export type { LoadedSplit } from "./read-split.ts";

/** A data set; its splits are read when they are first asked for. */
export interface LoadedDataset {
  readonly splits: SplitReader;
}

/** A data set with the files behind it. */
interface FoundDataset extends LoadedDataset {
  readonly files: DataFiles;
}

/**
 * Finds data sets. Throws `badData`, `usage` and `unsupported` naming files, `notFound`, `permission` and `connection`
 * of the hub.
 */
export interface DatasetLoader {
  load(dataset: DatasetName): Promise<LoadedDataset>;
}

/** Finds data sets with their files. */
interface FileLoader extends DatasetLoader {
  load(dataset: DatasetName): Promise<FoundDataset>;
}

/** Where data comes from. */
export interface LoaderOptions {
  /** A dataset map's file, or null for the hub alone. */
  readonly datasetMap: string | null;
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Gets what a person should know: whole sentences, each once. */
  readonly onNote?: (note: string) => void;
  /** Stops downloads; what has arrived is kept. */
  readonly signal?: AbortSignal;
}

const FILE_FORMATS: { readonly [path: string]: DataFormat } = { json: "json", csv: "csv", parquet: "parquet" };
const FILES_MAX = 100_000;

/** Opens a loader; what it has read is kept while it lives. */
export async function openDatasetLoader(options: LoaderOptions): Promise<FileLoader> {
  const map: DatasetMap = options.datasetMap === null ? new Map() : readDatasetMap(options.datasetMap);
  const loaded = new Map<string, Promise<FoundDataset>>();
  const notes = new Set<string>();
  const hub: HubOptions = {
    ...options,
    listings: new Map(),
    signal: options.signal ?? new AbortController().signal,
    onNote: (note) => {
      if (!notes.has(note)) options.onNote?.(note);
      notes.add(note);
    },
  };
  return {
    load(dataset) {
      const key = JSON.stringify([dataset.path, dataset.name, dataset.kwargs], (_, value: unknown) =>
        value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : value,
      );
      const known = loaded.get(key) ?? open(dataset, { map, hub, datasetMap: options.datasetMap });
      loaded.set(key, known);
      return known;
    },
  };
}

/** Where data sets are looked for. */
interface Places {
  readonly map: DatasetMap;
  readonly hub: HubOptions;
  readonly datasetMap: string | null;
}

async function open(dataset: DatasetName, places: Places): Promise<FoundDataset> {
  const { map, hub } = places;
  const label = labelOf(dataset);
  const mapped = map.get(mapKeyOf(dataset)) ?? map.get(label) ?? map.get(dataset.path);
  const found = mapped === undefined ? null : mappedFiles(dataset, mapped);
  const files = found ?? (await namedFiles(dataset, hub)) ?? folderFiles(dataset) ?? (await hubFiles(dataset, places));
  return { files, splits: readSplits(label, files) };
}

/** The map says where the data is; of what the task says, only how its CSV files are laid out still counts. */
function mappedFiles(dataset: DatasetName, mapped: MappedDataset): DataFiles {
  const splits = new Map(Array.from(mapped.splits, ([split, files]) => [split, files.map(({ path }) => path)]));
  const pins = new Map([...mapped.splits.values()].flat().map((file): [string, MappedFile] => [file.path, file]));
  const { format } = commonFormat(splits, dataset);
  const asked = format === "csv" ? dataset : { ...dataset, kwargs: null };
  return toFiles(asked, splits, (path) => localFile(path, pins.get(path)), mapped.layout);
}

function toFiles(
  dataset: DatasetName,
  splits: SplitPaths,
  open: (path: string) => DataFile,
  card: CardLayout | null = null,
): DataFiles {
  const { format, separator } = commonFormat(splits, dataset);
  const settings = Object.entries(card?.settings ?? {}) as [string, PythonValue][];
  const kwargs = settings.length === 0 ? dataset.kwargs : new Map([...settings, ...(dataset.kwargs ?? [])]);
  const csv = layout({ ...dataset, kwargs }, format, separator);
  return { splits: withFiles(splits, open), format, csv, layout: card };
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
async function namedFiles(dataset: DatasetName, hub: HubOptions): Promise<DataFiles | null> {
  const format = FILE_FORMATS[dataset.path];
  if (format === undefined) return null;
  const given = dataset.kwargs?.get("data_files") ?? null;
  if (given === null) {
    throw new MusterError("badData", `dataset_path ${dataset.path} needs dataset_kwargs: data_files`, {
      wayOut: "data_files: {test: test.jsonl}, relative to the folder where the command runs.",
    });
  }
  const patterns = patternsOf(given);
  const opened = new Map<string, DataFile>();
  for (const pattern of new Set([...patterns.values()].flat())) {
    for (const [path, file] of await filesOnHub(pattern, hub)) opened.set(path, file);
  }
  const expand = (pattern: string): string[] =>
    isOnHub(pattern)
      ? [...opened.keys()].filter((path) => matchesPath(pattern, path))
      : filesHere(pattern, dataset.taskFolder);
  const splits = expandPatterns(patterns, expand);
  const files = withFiles(splits, (path) => opened.get(path) ?? localFile(path));
  return { splits: files, format, csv: layout(dataset, format, ","), layout: null };
}

function isOnHub(pattern: string): boolean {
  return pattern.startsWith("hf://");
}

/** The files of a hub pattern, `hf://datasets/OWNER/NAME[@REVISION]/PATH`, by their addresses in that form. */
async function filesOnHub(pattern: string, hub: HubOptions): Promise<Map<string, DataFile>> {
  if (!isOnHub(pattern)) return new Map();
  const [, place, name, revision, inside] =
    /^(hf:\/\/datasets\/([\w.-]+\/[\w.-]+)(?:@([^/]+))?\/)(.+)$/.exec(pattern) ?? [];
  if (place === undefined || name === undefined || inside === undefined) {
    throw new MusterError("badData", `data_files names ${pattern}, which is no file of a data set on the hub`, {
      wayOut: "Write it as hf://datasets/OWNER/NAME/PATH, or hf://datasets/OWNER/NAME@REVISION/PATH.",
    });
  }
  const { openHubRepository } = await import("./hub-dataset.ts");
  const asked = revision === undefined ? null : decodeURIComponent(revision);
  const repository = await openHubRepository(name, asked, hub);
  const paths = repository.paths.filter((path) => matchesPath(inside, path));
  return new Map(paths.map((path) => [`${place}${path}`, repository.open(path)]));
}

/** Files that a path or pattern names, from where the command runs, else from where the task's file lies. */
function filesHere(pattern: string, taskFolder: string): string[] {
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
  if (splits === null) return null;
  return toFiles(dataset, splits, (path) => localFile(join(folder, path)), readCardLayout(card, dataset));
}

async function hubFiles(dataset: DatasetName, { map, hub, datasetMap }: Places): Promise<DataFiles> {
  const label = labelOf(dataset);
  if (!/^[\w.-]+(?:\/[\w.-]+)?$/.test(dataset.path)) {
    throw new MusterError("notFound", `the data set ${label} is no folder here, and no name of the hub`, {
      wayOut: "Its path starts where the command runs; or give files with --dataset-map.",
    });
  }
  try {
    // Most runs need no hub, and its modules are slow to load.
    const { findHubFiles } = await import("./hub-dataset.ts");
    const found = await findHubFiles(dataset, hub);
    return toFiles(dataset, found.splits, (path) => found.open(path), found.layout);
  } catch (error) {
    if (!(error instanceof MusterError) || datasetMap === null) throw error;
    const near = nearMatches(label, [...map.keys()]);
    const hint = near.length === 0 ? "" : ` It has ${near.join(" and ")}.`;
    throw new MusterError(error.kind, `${error.message}; the dataset map ${datasetMap} does not name it`, {
      wayOut: `Add ${label} to the map.${hint} ${error.wayOut ?? ""}`.trim(),
      cause: error,
    });
  }
}
