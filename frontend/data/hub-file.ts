// A file of a data set on the hub: fetched into the cache when it is first read, and checked at each reading.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import { withDownloadLock } from "../../base/node/download-lock.ts";
import { type DownloadProgress, fetchFile } from "../../base/node/fetch-file.ts";
import type { DataFile } from "./data-file.ts";
import { hubEndpoint, hubLogin, type HubListing } from "./hub-listing.ts";

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
  const fetchOnce = async (): Promise<void> => {
    if (isHere(target)) return;
    await fetchFile({ subject: `${name} ${path}`, url, target, sha256, headers: hubLogin(), onProgress, signal });
  };
  return {
    source: url,
    name: url,
    place: `${basename(folder)}/${listing.sha}/${path}`,
    read: async () => {
      if (!isHere(target)) {
        try {
          await withDownloadLock(cacheFolder, signal, fetchOnce);
        } catch (error) {
          throw explained(error, repository, listing, path);
        }
      }
      return checked(target, readFileSync(target), sibling);
    },
  };
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
