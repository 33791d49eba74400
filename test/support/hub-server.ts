import { createHash } from "node:crypto";
import type { FileServer } from "./file-server.ts";

/** A repository of a data set as the hub has it at a revision. */
export interface HubRepository {
  readonly name: string;
  /** Not given: `main`. */
  readonly revision?: string;
  /** The commit, 40 hex digits. */
  readonly sha: string;
  /** Bytes are files that Git keeps elsewhere (LFS, named by SHA-256); texts are Git's own. */
  readonly files: { readonly [path: string]: string | Buffer };
}

/** Serves a repository through the hub's HTTP interface: its list of files at the revision, and the files at the commit. */
export function publish(hub: FileServer, { name, revision = "main", sha, files }: HubRepository): void {
  const siblings = Object.entries(files).map(([rfilename, content]) => {
    const bytes = Buffer.from(content);
    hub.put(`/datasets/${name}/resolve/${sha}/${rfilename}`, bytes);
    const blobId = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const isLarge = Buffer.isBuffer(content);
    return { rfilename, size: bytes.length, ...(isLarge ? { lfs: { sha256, size: bytes.length } } : { blobId }) };
  });
  hub.put(listingPath(name, revision), { sha, siblings });
}

/** Where the hub lists a repository's files. */
export function listingPath(name: string, revision = "main"): string {
  return `/api/datasets/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
}
