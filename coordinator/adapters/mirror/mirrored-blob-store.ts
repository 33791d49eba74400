import { MusterError } from "../../../base/muster-error.ts";
import type { BlobFolder } from "../../ports/blob-folder.ts";
import type { BlobStore, Leftovers } from "../../ports/blob-store.ts";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";

/** Blobs that are read at once. */
const HELD_AT_ONCE = 16;

/** The cluster's blobs, and on this machine those that were put or asked for here. */
export class MirroredBlobStore implements BlobStore, BlobFolder {
  readonly path: string;
  readonly #blobs: BlobStore;
  readonly #folder: FolderBlobStore;

  constructor(blobs: BlobStore, path: string) {
    this.#blobs = blobs;
    this.path = path;
    this.#folder = new FolderBlobStore(path);
  }

  async put(bytes: Uint8Array): Promise<string> {
    const [digest] = await Promise.all([this.#blobs.put(bytes), this.#folder.put(bytes)]);
    return digest;
  }

  async get(digest: string): Promise<Uint8Array> {
    try {
      return await this.#folder.get(digest);
    } catch (error) {
      const { kind } = MusterError.from(error);
      if (kind !== "notFound" && kind !== "badData") throw error;
    }
    const bytes = await this.#blobs.get(digest);
    await this.#folder.put(bytes);
    return bytes;
  }

  /** Reads each: one that is damaged here is brought again. */
  async hold(digests: Iterable<string>): Promise<void> {
    const left = new Set(digests).values();
    const bring = async (): Promise<void> => {
      for (const digest of left) await this.get(digest);
    };
    await Promise.all(Array.from({ length: HELD_AT_ONCE }, bring));
  }

  async leftovers(): Promise<Leftovers> {
    const [there, here] = [await this.#blobs.leftovers(), await this.#folder.leftovers()];
    const [thereToo, hereToo] = [new Set(there.digests), new Set(here.digests)];
    return {
      digests: [...new Set([...thereToo, ...hereToo])],
      async remove(digest) {
        const isGone = !hereToo.has(digest) || (await here.remove(digest));
        return isGone && (!thereToo.has(digest) || (await there.remove(digest)));
      },
    };
  }

  async close(): Promise<void> {
    await this.#blobs.close();
    await this.#folder.close();
  }
}
