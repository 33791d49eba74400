import { createHash } from "node:crypto";
import { MusterError } from "../../../base/muster-error.ts";
import type { BlobStore, Leftovers } from "../../ports/blob-store.ts";

/** Blobs in memory, for tests. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Uint8Array>();

  async put(bytes: Uint8Array): Promise<string> {
    const digest = createHash("sha256").update(bytes).digest("hex");
    this.#blobs.set(digest, bytes.slice());
    return digest;
  }

  async get(digest: string): Promise<Uint8Array> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) throw new MusterError("notFound", `blob ${digest} is not in memory`);
    return bytes;
  }

  /** Memory outlives nobody. */
  async leftovers(): Promise<Leftovers> {
    return { digests: [], remove: async () => false };
  }

  async close(): Promise<void> {}
}
