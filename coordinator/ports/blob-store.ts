/** Content-addressed bytes: plan packs, responses. A digest that was returned can be read back until it is removed. */
export interface BlobStore {
  /** Stores bytes and resolves, once they are durable, to their hex SHA-256 (of the uncompressed bytes). */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws `notFound` for an unknown digest and `badData` where the stored bytes no longer have it. */
  get(digest: string): Promise<Uint8Array>;
  /** What an earlier life left: not what was put here. Asked for once. */
  leftovers(): Promise<Leftovers>;
  close(): Promise<void>;
}

/** Blobs that were there and were not stored in this life. */
export interface Leftovers {
  /** Their digests when they were asked for. */
  readonly digests: readonly string[];
  /** Removes one; false where it was stored again meanwhile: then somebody is about to name it. */
  remove(digest: string): Promise<boolean>;
}
