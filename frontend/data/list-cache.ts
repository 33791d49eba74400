// What of the hub's data sets is in the cache.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cardConfigNames } from "./data-card.ts";
import { findSplits, type SplitPaths } from "./find-splits.ts";
import { CONVERTED, convertedConfigs, safePaths } from "./hub-dataset.ts";
import { isIntact } from "./hub-file.ts";
import { type HubListing, recallListing } from "./hub-listing.ts";

/** A split in the cache, or files that belong to none. */
export interface CachedSplit {
  /** As tasks name it: `OWNER/NAME`, or `OWNER/NAME:CONFIGURATION`. */
  readonly dataset: string;
  /** Null for files that tasks name one by one. */
  readonly split: string | null;
  /** What was asked for, and the commit that it was then. */
  readonly revision: string;
  readonly commit: string;
  /** Files that are here, and all. */
  readonly files: number;
  readonly allFiles: number;
  readonly bytes: number;
  /** Of all its files, as a run's manifest has it; null where not all are here. */
  readonly sha256: string | null;
  /** Whether the files are what the hub said. */
  readonly intact: boolean;
}

/** What is in the cache, by name. */
export function listCachedDatasets(cacheFolder: string): CachedSplit[] {
  const root = join(cacheFolder, "datasets");
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .toSorted()
    .flatMap((entry) => listRepository(entry.replace("__", "/"), join(root, entry)));
}

function listRepository(name: string, folder: string): CachedSplit[] {
  const listings = join(folder, "listings");
  if (!existsSync(listings)) return [];
  const revisions = readdirSync(listings).filter((file) => file.endsWith(".json"));
  return revisions.toSorted().flatMap((file) => {
    const revision = decodeURIComponent(file.slice(0, -".json".length));
    const listing = recallListing(folder, revision) ?? null;
    return listing === null ? [] : listRevision({ name, revision, folder: join(folder, listing.sha), listing });
  });
}

interface CachedRevision {
  readonly name: string;
  readonly revision: string;
  readonly folder: string;
  readonly listing: HubListing;
}

function listRevision(cached: CachedRevision): CachedSplit[] {
  const { name, folder, listing } = cached;
  const paths = safePaths(listing);
  const isHere = (path: string): boolean => existsSync(join(folder, path));
  const rows: CachedSplit[] = [];
  const loose = new Set(paths.filter((path) => path !== "README.md" && isHere(path)));
  if (loose.size === 0) return [];
  for (const [config, splits] of configurations(cached, paths)) {
    for (const [split, files] of splits) {
      const here = files.filter(isHere);
      for (const path of here) loose.delete(path);
      if (here.length > 0) rows.push(describe(cached, config === null ? name : `${name}:${config}`, split, files));
    }
  }
  if (loose.size > 0) rows.push(describe(cached, name, null, [...loose]));
  return rows;
}

function configurations(
  { name, revision, folder }: CachedRevision,
  paths: readonly string[],
): (readonly [string | null, SplitPaths])[] {
  if (revision === CONVERTED) return [...convertedConfigs(paths)];
  const file = join(folder, "README.md");
  const card = existsSync(file) ? readFileSync(file, "utf8") : null;
  const found = (config: string | null): SplitPaths => {
    try {
      return findSplits(paths, card, { path: name, name: config, kwargs: null, taskFolder: "" }) ?? new Map();
    } catch {
      // A card that is no YAML, or names files that are not there: the files are still listed.
      return new Map();
    }
  };
  const names = card === null ? [] : cardNames(card, name);
  return names.length === 0 ? [[null, found(null)]] : names.map((config) => [config, found(config)]);
}

function cardNames(card: string, name: string): readonly string[] {
  try {
    return cardConfigNames(card, name);
  } catch {
    return [];
  }
}

function describe(
  { revision, folder, listing }: CachedRevision,
  dataset: string,
  split: string | null,
  files: readonly string[],
): CachedSplit {
  const hash = createHash("sha256");
  let [count, bytes, intact] = [0, 0, true];
  for (const path of files) {
    const file = join(folder, path);
    if (!existsSync(file)) continue;
    const content = readFileSync(file);
    hash.update(content);
    count += 1;
    bytes += content.length;
    intact &&= isIntact(
      content,
      listing.siblings.find(({ rfilename }) => rfilename === path),
    );
  }
  const sha256 = count === files.length && split !== null ? hash.digest("hex") : null;
  return { dataset, split, revision, commit: listing.sha, files: count, allFiles: files.length, bytes, sha256, intact };
}
