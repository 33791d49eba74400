// Which files of a folder or repository are which split, as `datasets` decides it (data_files.py): the configurations
// that the data set's card lists, else names like data/train-00000-of-00002.parquet, else folders and then files named
// after splits, else everything is `train`.
import { MusterError } from "../../base/muster-error.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import { type DatasetName, formatOf, labelOf } from "./data-file.ts";
import { type ChosenConfig, chooseConfig } from "./data-card.ts";
import { matchesPath } from "./path-pattern.ts";

/** Paths by split. */
export type SplitPaths = ReadonlyMap<string, readonly string[]>;

const KEYWORDS: readonly (readonly [string, readonly string[]])[] = [
  ["train", ["train", "training"]],
  ["validation", ["validation", "valid", "dev", "val"]],
  ["test", ["test", "testing", "eval", "evaluation"]],
];
const SEPARATORS = "[-._ 0-9]";
const IGNORED = new Set(["README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json"]);

/**
 * The splits among these paths (with slashes, relative to the data set's folder). `card` is its README.md. Null where
 * none is a data file. Throws `notFound` for a configuration that is not there.
 */
export function findSplits(paths: readonly string[], card: string | null, dataset: DatasetName): SplitPaths | null {
  const usable = usablePaths(paths, dataset.kwargs);
  const given = dataset.kwargs?.get("data_files") ?? null;
  if (given !== null) return byPatterns(patternsOf(given), usable);
  const config = card === null ? null : chooseConfig(card, dataset);
  if (config !== null) return ofConfig(config, usable);
  if (dataset.name !== null && dataset.name !== "default" && usable.length > 0) {
    throw new MusterError("notFound", `the data set ${dataset.path} has no configuration ${dataset.name}`, {
      wayOut: "It has one only: leave dataset_name out, or name its files in a dataset map (--dataset-map).",
    });
  }
  return byNames(usable);
}

/** Of a configuration that only names a folder, the files in it are found as if the folder were the data set. */
function ofConfig({ patterns, folder }: ChosenConfig, paths: readonly string[]): SplitPaths | null {
  const prefix = folder === null ? "" : `${folder.replace(/^\.\/|\/+$/g, "")}/`;
  const within = paths.filter((path) => path.startsWith(prefix));
  if (patterns === null) return byNames(within);
  return byPatterns(patterns, within, prefix);
}

function byNames(paths: readonly string[]): SplitPaths | null {
  return bySharding(paths) ?? byFolder(paths) ?? byFileName(paths) ?? everything(paths);
}

function usablePaths(paths: readonly string[], kwargs: PythonDict | null): string[] {
  const folder = kwargs?.get("data_dir");
  const prefix = typeof folder === "string" ? `${folder.replace(/^\.\/|\/+$/g, "")}/` : "";
  return paths
    .filter((path) => path.startsWith(prefix) && formatOf(path) !== null)
    .filter((path) => !path.split("/").some((part) => part.startsWith(".") || part.startsWith("__")))
    .filter((path) => !IGNORED.has(path.split("/").at(-1)!))
    .toSorted();
}

/** `data_files` of `dataset_kwargs`, as patterns by split. */
export function patternsOf(given: PythonValue): SplitPaths {
  if (isDict(given)) return new Map(Array.from(given, ([split, files]) => [split as string, texts(files)]));
  return new Map([["train", texts(given)]]);
}

function texts(value: PythonValue): string[] {
  const list = isList(value) ? value : [value];
  if (list.every((file) => typeof file === "string")) return [...list];
  throw new MusterError("badData", "dataset_kwargs: data_files must be a path, a list of paths, or these by split", {
    wayOut: "For example data_files: {test: test.jsonl}.",
  });
}

function byPatterns(patterns: SplitPaths, paths: readonly string[], prefix = ""): SplitPaths {
  return expandPatterns(patterns, (pattern) => paths.filter((path) => matchesPath(`${prefix}${pattern}`, path)));
}

/** The files that patterns name, each once. Throws `badData` for a pattern that names none. */
export function expandPatterns(patterns: SplitPaths, expand: (pattern: string) => readonly string[]): SplitPaths {
  const files = (pattern: string): readonly string[] => {
    const found = expand(pattern);
    if (found.length > 0) return found;
    throw new MusterError("badData", `no data file is called ${pattern}`, {
      wayOut: "Check data_files of the task, or name the files in a dataset map (--dataset-map).",
    });
  };
  return new Map(Array.from(patterns, ([split, list]) => [split, [...new Set(list.flatMap(files))]]));
}

function bySharding(paths: readonly string[]): SplitPaths | null {
  const splits = new Map<string, string[]>();
  for (const path of paths) {
    const split = /^data\/([^/]+)-\d{5}-of-\d{5}[^/]*\.[^/]*$/.exec(path)?.[1];
    if (split !== undefined) splits.set(split, [...(splits.get(split) ?? []), path]);
  }
  if (splits.size === 0) return null;
  const usual = KEYWORDS.map(([split]) => split).filter((split) => splits.has(split));
  const others = [...splits.keys()].filter((split) => !usual.includes(split)).toSorted();
  return new Map([...usual, ...others].map((split) => [split, splits.get(split)!]));
}

function byFolder(paths: readonly string[]): SplitPaths | null {
  return byKeyword(paths, (word) => {
    const pattern = new RegExp(`(?:^|/)(?:[^/]*${SEPARATORS})?${word}(?:${SEPARATORS}[^/]*)?/`);
    return (path) => pattern.test(path);
  });
}

function byFileName(paths: readonly string[]): SplitPaths | null {
  return byKeyword(paths, (word) => {
    const pattern = new RegExp(`(?:^|/|${SEPARATORS})${word}${SEPARATORS}[^/]*$`);
    return (path) => pattern.test(path);
  });
}

function byKeyword(paths: readonly string[], matcher: (word: string) => (path: string) => boolean): SplitPaths | null {
  const splits = new Map<string, string[]>();
  for (const [split, words] of KEYWORDS) {
    const found = words.flatMap((word) => paths.filter(matcher(word)));
    if (found.length > 0) splits.set(split, [...new Set(found)]);
  }
  return splits.size > 0 ? splits : null;
}

function everything(paths: readonly string[]): SplitPaths | null {
  return paths.length > 0 ? new Map([["train", paths]]) : null;
}

/** The format of most of the files. Throws `unsupported` where splits mix formats. */
export function commonFormat(splits: SplitPaths, dataset: DatasetName): NonNullable<ReturnType<typeof formatOf>> {
  const formats = [...splits.values()].flat().map((path) => ({ path, found: formatOf(path) }));
  const first = formats[0]?.found;
  const odd = formats.find(({ found }) => found === null || found.format !== first?.format);
  if (first !== undefined && first !== null && odd === undefined) return first;
  const problem =
    odd?.found === null ? `the file ${odd.path}, which is of no known format` : "files of several formats";
  throw new MusterError("unsupported", `the data set ${labelOf(dataset)} has ${problem}`, {
    wayOut: "Muster reads .jsonl, .json, .csv, .tsv and .parquet; convert the files to one of them.",
  });
}
