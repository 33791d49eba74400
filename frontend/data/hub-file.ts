// A file of a data set on the hub: fetched into the cache when it is first read, and checked at each reading.
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { withDownloadLock } from "../../base/node/download-lock.ts";
import { type DownloadProgress, fetchFile, fetchFrom, type RangeWish } from "../../base/node/fetch-file.ts";
import { makeFolder } from "../../base/node/make-folder.ts";
import type { DataFile } from "./data-file.ts";
import { footerLength, readFooterBytes } from "./parquet-footer.ts";
import { hubEndpoint, hubLogin, type HubListing, isHubOffline } from "./hub-listing.ts";

/** Footers are seldom longer. */
const FOOTER_GUESS_BYTES = 64 << 10;

/** Where fetched files go, and who hears of it. */
export interface HubOptions {
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly onNote: (note: string) => void;
  readonly signal: AbortSignal;
  /** What the hub has said of repositories, by `NAME@REVISION`. */
  readonly listings: Map<string, Promise<HubListing | null>>;
}

/** A repository, and where it is in the cache. */
export interface Repository {
  readonly name: string;
  readonly folder: string;
  readonly revision: string;
}

/** A file of the repository at the listing's commit. */
export function hubFile(repository: Repository, listing: HubListing, path: string, options: HubOptions): DataFile {
  const { name, folder } = repository;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${hubEndpoint()}/datasets/${name}/resolve/${listing.sha}/${encoded}`;
  const target = join(folder, listing.sha, path);
  const sibling = listing.siblings.find(({ rfilename }) => rfilename === path);
  const sha256 = sibling?.lfs?.sha256 ?? null;
  const { cacheFolder, onProgress, signal } = options;
  const wish = { subject: `${name} ${path}`, url, headers: hubLogin(), signal };
  const fetchOnce = async (): Promise<void> => {
    if (isHere(target)) return;
    assertOnline(wish.subject);
    await fetchFile({ ...wish, target, sha256, onProgress });
  };
  const explain = (error: unknown): unknown => explained(error, repository, listing, path);
  return {
    source: url,
    name: url,
    place: `${basename(folder)}/${listing.sha}/${path}`,
    readEnd: async () => {
      try {
        return isHere(target) ? readFooterBytes(target) : await fetchFooter(wish, target, sibling?.size ?? 0);
      } catch (error) {
        throw explain(error);
      }
    },
    read: async () => {
      if (!isHere(target)) {
        try {
          await withDownloadLock(cacheFolder, signal, fetchOnce);
        } catch (error) {
          throw explain(error);
        }
      }
      return checked(target, readFileSync(target), sibling);
    },
  };
}

function assertOnline(subject: string): void {
  if (!isHubOffline()) return;
  throw new MusterError(
    "connection",
    `the cache has not got ${subject}, and HF_HUB_OFFLINE keeps from asking the hub`,
    {
      wayOut: "Unset HF_HUB_OFFLINE, or bring the data over: muster data pull, where the hub can be reached.",
    },
  );
}

/** Of the first split of a data set often the footer alone is needed; it is kept beside where the file would be. */
async function fetchFooter(wish: RangeWish, target: string, size: number): Promise<Buffer> {
  const kept = `${target}.footer`;
  if (isHere(kept)) return readFileSync(kept);
  assertOnline(wish.subject);
  let end = await fetchFrom(wish, Math.max(0, size - FOOTER_GUESS_BYTES));
  const length = footerLength(end);
  if (length > end.length && length <= size) end = await fetchFrom(wish, size - length);
  makeFolder(dirname(target));
  const partial = `${kept}.${process.pid}`;
  writeFileSync(partial, end.subarray(Math.max(0, end.length - length)));
  renameSync(partial, kept);
  return end;
}

function isHere(target: string): boolean {
  return statSync(target, { throwIfNoEntry: false }) !== undefined;
}

/** What a refusal of one file means for the data set. */
function explained(thrown: unknown, { name, revision }: Repository, { sha }: HubListing, path: string): unknown {
  const { kind, message } = MusterError.from(thrown);
  const local = "or give local files with --dataset-map.";
  if (kind === "permission") {
    const problem = process.env["HF_TOKEN"] ? "not with this HF_TOKEN" : "not without a login";
    return new MusterError("permission", `the hub gives ${path} of the data set ${name}, ${problem}: ${message}`, {
      wayOut: `It may be gated: ask for access at ${hubEndpoint()}/datasets/${name} and set HF_TOKEN; ${local}`,
      cause: thrown,
    });
  }
  if (kind === "notFound") {
    return new MusterError(
      "notFound",
      `the hub no longer has ${path} of the data set ${name} at the revision ${revision} (commit ${sha}), and the cache has not got it`,
      { wayOut: `Name another revision (dataset_kwargs: revision); ${local}`, cause: thrown },
    );
  }
  return thrown;
}

/** Cached files are checked too: a disk can lie. */
function checked(target: string, bytes: Buffer, sibling: HubListing["siblings"][number] | undefined): Buffer {
  if (isIntact(bytes, sibling)) return bytes;
  rmSync(target);
  throw new MusterError("badData", `${target} is not what the hub says it is`, {
    wayOut: "It was removed. Run the command again.",
  });
}

/** Whether these are the bytes that the hub's listing means; true where it does not say. */
export function isIntact(bytes: Buffer, sibling: HubListing["siblings"][number] | undefined): boolean {
  const { lfs, blobId } = sibling ?? {};
  if (lfs !== null && lfs !== undefined) return createHash("sha256").update(bytes).digest("hex") === lfs.sha256;
  // Git names a small file by the SHA-1 of its length and its bytes.
  return (
    blobId === undefined || blobId === createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")
  );
}
