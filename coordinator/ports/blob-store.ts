/** Content-addressed bytes: plan packs, responses. A digest that was returned can be read back until it is removed. */
export interface BlobStore {
  /** Stores bytes and resolves, once they are durable, to their hex SHA-256 (of the uncompressed bytes). */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws `notFound` for an unknown digest and `badData` where the stored bytes no longer have it. */
  get(digest: string): Promise<Uint8Array>;
  close(): Promise<void>;
}
