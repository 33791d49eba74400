// Data sets into a folder that can be carried to machines without the hub: their files as they are, each with its
// digest in a dataset map that lies beside them.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { z } from "zod";
import { MusterError } from "../../base/muster-error.ts";
import { isDiskFull } from "../../base/node/disk-full.ts";
import { makeFolder } from "../../base/node/make-folder.ts";
import type { PythonDict } from "../../evaluation/harness/python/value.ts";
import { type DataFile, type DataFiles, type DatasetName, labelOf, mapKeyOf } from "./data-file.ts";
import { openDatasetLoader, type LoaderOptions } from "./dataset-loader.ts";
import { datasetMapSchema, readDatasetMap } from "./dataset-map.ts";
import type { NeededDataset } from "./needed-datasets.ts";

/** What is to be pulled, and where to. */
export interface PullWish {
  readonly needed: readonly NeededDataset[];
  readonly folder: string;
  /** Of the hub, for data sets that do not name their own; null: the main one. */
  readonly revision: string | null;
}

/** A split that has been pulled. */
export interface PulledSplit {
  readonly split: string;
  readonly files: readonly { readonly file: string; readonly sha256: string; readonly source: string }[];
  readonly bytes: number;
  /** Of all its files, as a run's manifest has it. */
  readonly sha256: string;
}

/** A data set that has been pulled. */
export interface PulledDataset {
  readonly dataset: string;
  readonly splits: readonly PulledSplit[];
}

/** A data set that could not be pulled. */
export interface FailedDataset {
  readonly dataset: string;
  readonly error: MusterError;
}

/** The name of the dataset map in a folder of pulled data sets. */
export const MAP_FILE = "map.json";

const STOPS = new Set<MusterError["kind"]>(["interrupted", "connection", "noSpace", "internal", "usage"]);

/**
 * Pulls data sets one after another; each is in the folder's dataset map before it is yielded. Those that the hub has
 * not got or does not give are yielded too. Throws `interrupted`, `connection`, `noSpace`: what has come so far stays,
 * and the next pull goes on from there.
 */
export async function* pullDatasets(
  wish: PullWish,
  options: LoaderOptions,
): AsyncGenerator<PulledDataset | FailedDataset> {
  readMap(wish.folder);
  const loader = await openDatasetLoader(options);
  for (const { dataset, splits } of wish.needed) {
    const name = mapKeyOf(dataset);
    try {
      const { files } = await loader.load({ ...dataset, kwargs: atRevision(dataset, wish.revision) });
      const pulled = await pullSplits(chooseSplits(dataset, files, splits, options), files, wish, options.signal);
      writeMap(wish.folder, name, pulled, files);
      yield { dataset: name, splits: pulled };
    } catch (thrown) {
      const error = MusterError.from(thrown);
      if (STOPS.has(error.kind)) throw error;
      yield { dataset: name, error };
    }
  }
}

function atRevision({ kwargs }: DatasetName, revision: string | null): PythonDict | null {
  return revision === null || kwargs?.has("revision") === true
    ? kwargs
    : new Map([...(kwargs ?? []), ["revision", revision]]);
}

/** The first split sets the column types of the others, so it comes along even where no task names it. */
function chooseSplits(
  dataset: DatasetName,
  { splits }: DataFiles,
  wanted: NeededDataset["splits"],
  { onNote }: LoaderOptions,
): readonly string[] {
  const all = [...splits.keys()];
  if (wanted === null) return all;
  const missing = [...wanted].filter((split) => !splits.has(split));
  const chosen = all.filter((split, index) => index === 0 || wanted.has(split));
  if (missing.length > 0) {
    onNote?.(
      `The data set ${labelOf(dataset)} has no split ${missing.join(" and no split ")}; it has ${all.join(", ")}.`,
    );
  }
  return chosen;
}

async function pullSplits(
  splits: readonly string[],
  files: DataFiles,
  { folder }: PullWish,
  signal: AbortSignal | undefined,
): Promise<PulledSplit[]> {
  const pulled: PulledSplit[] = [];
  for (const split of splits) {
    const whole = createHash("sha256");
    const list: PulledSplit["files"][number][] = [];
    let total = 0;
    for (const file of files.splits.get(split)!) {
      if (signal?.aborted === true)
        throw new MusterError("interrupted", "the pull was stopped; it goes on where it was");
      const bytes = await file.read();
      whole.update(bytes);
      total += bytes.length;
      list.push(store(file, bytes, folder));
    }
    pulled.push({ split, files: list, bytes: total, sha256: whole.digest("hex") });
  }
  return pulled;
}

function store(file: DataFile, bytes: Buffer, folder: string): PulledSplit["files"][number] {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const place = file.place ?? `local/${sha256.slice(0, 16)}/${basename(file.name)}`;
  const target = join(folder, place);
  if (!holds(target, bytes)) writeWhole(target, bytes);
  return { file: place, sha256, source: file.source };
}

function holds(target: string, bytes: Buffer): boolean {
  return statSync(target, { throwIfNoEntry: false })?.size === bytes.length && readFileSync(target).equals(bytes);
}

function writeWhole(target: string, bytes: Buffer | string): void {
  makeFolder(dirname(target));
  const partial = `${target}.partial`;
  try {
    writeFileSync(partial, bytes);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new MusterError("noSpace", `the disk of ${target} is full`, {
      wayOut: "Free some space, or pull to another folder with --to; what has come is in the cache.",
      cause: error,
    });
  }
  renameSync(partial, target);
}

type WrittenMap = z.infer<typeof datasetMapSchema>;

/** The map of earlier pulls into the folder. Throws `usage` for a file that is none. */
function readMap(folder: string): WrittenMap {
  const file = join(folder, MAP_FILE);
  if (!existsSync(file)) return {};
  readDatasetMap(file);
  return datasetMapSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Splits of earlier pulls stay where they are of the same files, in the data set's own order. */
function writeMap(folder: string, name: string, pulled: readonly PulledSplit[], files: DataFiles): void {
  const map = readMap(folder);
  const earlier = map[name] ?? {};
  const fresh = new Map(pulled.map((part) => [part.split, part.files.map((file) => ({ ...file }))]));
  const entry: WrittenMap[string] = {};
  if (files.layout !== null) {
    const { settings, features } = files.layout;
    entry.$layout = { settings: { ...settings }, features: features === null ? null : [...features] };
  }
  for (const [split, list] of files.splits) {
    const kept = [earlier[split] ?? []].flat();
    const isSame =
      kept.length === list.length &&
      kept.every((one, index) => typeof one === "object" && one.source === list[index]!.source);
    const now = fresh.get(split) ?? (isSame ? kept : undefined);
    if (now !== undefined) entry[split] = now;
  }
  writeWhole(join(folder, MAP_FILE), `${JSON.stringify({ ...map, [name]: entry }, undefined, 2)}\n`);
}
