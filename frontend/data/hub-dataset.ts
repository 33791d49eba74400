// Data sets of the Hugging Face hub. Their files are taken at one commit, so that a digest can name them. Repositories
// without Parquet files have a branch that the hub converts to Parquet, with the column types that `datasets` uses.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { withDownloadLock } from "../../base/node/download-lock.ts";
import { type DownloadProgress, fetchFile } from "../../base/node/fetch-file.ts";
import { type DataFile, type DatasetName, formatOf } from "./data-file.ts";
import { findSplits, type SplitPaths } from "./find-splits.ts";
import { hubEndpoint, hubLogin, listHub, type HubListing } from "./hub-listing.ts";

const CONVERTED = "refs/convert/parquet";

/** Where fetched files go. */
interface HubOptions {
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/** The files of a data set on the hub; each is fetched when it is read. */
interface HubFiles {
  readonly splits: SplitPaths;
  open(path: string): DataFile;
}

/** Finds a data set on the hub. Throws `notFound`, `permission`, `connection`, each with the way out. */
export async function findHubFiles(dataset: DatasetName, options: HubOptions): Promise<HubFiles> {
  const given = dataset.kwargs?.get("revision") ?? null;
  const revision = typeof given === "string" ? given : "main";
  const folder = join(options.cacheFolder, "datasets", dataset.path.replace("/", "__"));
  const listing = await listHub(dataset.path, revision, folder);
  if (listing === null) throw notThere(dataset.path, given === null ? null : revision);
  const repository: Repository = { name: dataset.path, folder, options };
  const paths = safePaths(listing);
  const isParquet = paths.some((path) => formatOf(path)?.format === "parquet");
  const wantsOwnFiles = given !== null || (dataset.kwargs?.has("data_files") ?? false);
  if (!isParquet && !wantsOwnFiles) {
    const converted = await listHub(dataset.path, CONVERTED, folder);
    const splits = converted === null ? null : convertedSplits(safePaths(converted), dataset);
    if (splits !== null) return { splits, open: (path) => hubFile(repository, converted!, path) };
  }
  const card = paths.includes("README.md") ? await readCard(repository, listing) : null;
  const splits = findSplits(paths, card, dataset);
  if (splits !== null) return { splits, open: (path) => hubFile(repository, listing, path) };
  throw new MusterError("unsupported", `the data set ${dataset.path} has no files on the hub that Muster can read`, {
    wayOut: "Convert it to JSON Lines on another machine and name the files in a dataset map (--dataset-map).",
  });
}

interface Repository {
  readonly name: string;
  readonly folder: string;
  readonly options: HubOptions;
}

/** `CONFIGURATION/SPLIT/0000.parquet`; `partial-SPLIT` where the hub converted only the first gigabytes. */
function convertedSplits(paths: readonly string[], { path: name, name: wanted }: DatasetName): SplitPaths | null {
  const configs = new Map<string, Map<string, string[]>>();
  for (const path of paths.toSorted()) {
    const [, config, split] = /^([^/]+)\/([^/]+)\/\d+\.parquet$/.exec(path) ?? [];
    if (config === undefined || split === undefined) continue;
    const splits = configs.get(config) ?? new Map<string, string[]>();
    configs.set(config, splits);
    splits.set(split, [...(splits.get(split) ?? []), path]);
  }
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

function safePaths(listing: HubListing): string[] {
  return listing.siblings
    .map((sibling) => sibling.rfilename)
    .filter((path) => !path.startsWith("/") && !/[\\\0]/.test(path) && !path.split("/").includes(".."));
}

async function readCard(repository: Repository, listing: HubListing): Promise<string> {
  return (await hubFile(repository, listing, "README.md").read()).toString("utf8");
}

function hubFile(repository: Repository, listing: HubListing, path: string): DataFile {
  const { name, folder, options } = repository;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${hubEndpoint()}/datasets/${name}/resolve/${listing.sha}/${encoded}`;
  const target = join(folder, listing.sha, path);
  const sibling = listing.siblings.find(({ rfilename }) => rfilename === path);
  const subject = `${name} ${path}`;
  const { signal } = new AbortController();
  const isHere = (): boolean => statSync(target, { throwIfNoEntry: false }) !== undefined;
  return {
    source: url,
    read: async () => {
      if (!isHere()) {
        await withDownloadLock(options.cacheFolder, signal, async () => {
          if (isHere()) return;
          const sha256 = sibling?.lfs?.sha256 ?? null;
          const { onProgress } = options;
          await fetchFile({ subject, url, target, sha256, headers: hubLogin(), onProgress, signal });
        });
      }
      return checked(target, readFileSync(target), sibling);
    },
  };
}

/** Cached files are checked too: a disk can lie. */
function checked(target: string, bytes: Buffer, sibling: HubListing["siblings"][number] | undefined): Buffer {
  const { lfs, blobId } = sibling ?? {};
  if (lfs !== null && lfs !== undefined) {
    if (createHash("sha256").update(bytes).digest("hex") === lfs.sha256) return bytes;
  } else {
    // Git names a small file by the SHA-1 of its length and its bytes.
    const id = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    if (blobId === undefined || blobId === id) return bytes;
  }
  rmSync(target);
  throw new MusterError("badData", `${target} is not what the hub says it is`, {
    wayOut: "It was removed. Run the command again.",
  });
}

function notThere(name: string, revision: string | null): MusterError {
  const what = revision === null ? name : `${name} at the revision ${revision}`;
  return new MusterError("notFound", `the hub at ${hubEndpoint()} has no data set ${what}`, {
    wayOut: "Check the name, or give local files with --dataset-map.",
  });
}
