// Data sets of the Hugging Face hub. Their files are taken at one commit, so that a digest can name them. Repositories
// without Parquet files have a branch that the hub converts to Parquet, with the column types that `datasets` uses.
import { join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { type CardLayout, readCardLayout } from "./data-card.ts";
import { type DataFile, type DatasetName, formatOf } from "./data-file.ts";
import { findSplits, type SplitPaths } from "./find-splits.ts";
import { hubFile, type HubOptions, type Repository } from "./hub-file.ts";
import { hubEndpoint, type HubListing, listHub, recallListing } from "./hub-listing.ts";

/** The branch that the hub makes. */
export const CONVERTED = "refs/convert/parquet";

/** The files of a data set on the hub; each is fetched when it is read. */
interface HubFiles {
  readonly splits: SplitPaths;
  readonly layout: CardLayout | null;
  open(path: string): DataFile;
}

/** The files of a repository at one commit. */
interface HubRepository {
  readonly paths: readonly string[];
  open(path: string): DataFile;
}

/** The folder of the cache where a repository's files are kept, by commit. */
export function repositoryFolder(cacheFolder: string, name: string): string {
  return join(cacheFolder, "datasets", name.replace("/", "__"));
}

/** Opens a repository at a revision, null for the main one. Throws as `findHubFiles`. */
export async function openHubRepository(
  name: string,
  revision: string | null,
  options: HubOptions,
): Promise<HubRepository> {
  const folder = repositoryFolder(options.cacheFolder, name);
  const listing = await listOnce(name, revision ?? "main", options);
  if (listing === null) throw notThere(name, revision, recallListing(folder, revision ?? "main") ?? null);
  const repository: Repository = { name, folder, revision: revision ?? "main" };
  return { paths: safePaths(listing), open: (path) => hubFile(repository, listing, path, options) };
}

/** Finds a data set on the hub. Throws `notFound`, `permission`, `connection`, each with the way out. */
export async function findHubFiles(dataset: DatasetName, options: HubOptions): Promise<HubFiles> {
  const given = dataset.kwargs?.get("revision") ?? null;
  const own = await openHubRepository(dataset.path, typeof given === "string" ? given : null, options);
  const isParquet = own.paths.some((path) => formatOf(path)?.format === "parquet");
  const wantsOwnFiles = given !== null || ["data_files", "data_dir"].some((key) => dataset.kwargs?.has(key));
  if (!isParquet && !wantsOwnFiles && (await listOnce(dataset.path, CONVERTED, options)) !== null) {
    const converted = await openHubRepository(dataset.path, CONVERTED, options);
    const splits = convertedSplits(converted.paths, dataset);
    if (splits !== null) return { splits, layout: null, open: (path) => converted.open(path) };
  }
  const card = own.paths.includes("README.md") ? (await own.open("README.md").read()).toString("utf8") : null;
  const splits = findSplits(own.paths, card, dataset);
  if (splits !== null) return { splits, layout: readCardLayout(card, dataset), open: (path) => own.open(path) };
  throw new MusterError("unsupported", `the data set ${dataset.path} has no files on the hub that Muster can read`, {
    wayOut: "Convert it to JSON Lines on another machine and name the files in a dataset map (--dataset-map).",
  });
}

/** Of data sets with many configurations the hub is asked once. */
function listOnce(name: string, revision: string, options: HubOptions): Promise<HubListing | null> {
  const key = `${name}@${revision}`;
  const folder = repositoryFolder(options.cacheFolder, name);
  const known = options.listings.get(key) ?? listHub(name, revision, { folder, onNote: options.onNote });
  options.listings.set(key, known);
  return known;
}

/** The splits of each configuration: `CONFIGURATION/SPLIT/0000.parquet`. */
export function convertedConfigs(paths: readonly string[]): ReadonlyMap<string, SplitPaths> {
  const configs = new Map<string, Map<string, string[]>>();
  for (const path of paths.toSorted()) {
    const [, config, split] = /^([^/]+)\/([^/]+)\/\d+\.parquet$/.exec(path) ?? [];
    if (config === undefined || split === undefined) continue;
    const splits = configs.get(config) ?? new Map<string, string[]>();
    configs.set(config, splits);
    splits.set(split, [...(splits.get(split) ?? []), path]);
  }
  return configs;
}

/** `partial-SPLIT` stands where the hub converted only the first gigabytes. */
function convertedSplits(paths: readonly string[], { path: name, name: wanted }: DatasetName): SplitPaths | null {
  const configs = convertedConfigs(paths);
  if (configs.size === 0) return null;
  const names = [...configs.keys()];
  const config = wanted ?? (names.length === 1 ? names[0]! : "default");
  const splits = configs.get(config);
  if (splits === undefined) {
    throw new MusterError("notFound", `the data set ${name} has no configuration ${config}`, {
      wayOut: `Set dataset_name to one of: ${names.join(", ")}.`,
    });
  }
  const partial = [...splits.keys()].find((split) => split.startsWith("partial-"));
  if (partial === undefined) return splits;
  throw new MusterError(
    "unsupported",
    `the hub has only a part of the split ${partial.slice(8)} of ${name} as Parquet`,
    {
      wayOut: "Download the data set and name its files in a dataset map (--dataset-map).",
    },
  );
}

/** Paths that stay within a folder. */
export function safePaths(listing: HubListing): string[] {
  return listing.siblings
    .map((sibling) => sibling.rfilename)
    .filter((path) => !path.startsWith("/") && !/[\\\0]/.test(path) && !path.split("/").includes(".."));
}

function notThere(name: string, revision: string | null, known: HubListing | null): MusterError {
  const what = revision === null ? name : `${name} at the revision ${revision}`;
  if (known === null) {
    return new MusterError("notFound", `the hub at ${hubEndpoint()} has no data set ${what}`, {
      wayOut: "Check the name, or give local files with --dataset-map.",
    });
  }
  return new MusterError(
    "notFound",
    `the hub at ${hubEndpoint()} no longer has the data set ${what}; it was the commit ${known.sha}`,
    {
      wayOut:
        "HF_HUB_OFFLINE=1 goes on with what the cache has of it (muster data list); " +
        "or name another revision, or give local files with --dataset-map.",
    },
  );
}
