import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { DiscardPolicy, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { MusterError } from "../../../base/muster-error.ts";
import { ZSTD_OPTIONS } from "../../../base/node/zstd-options.ts";
import type { BlobStore, Leftovers } from "../../ports/blob-store.ts";
import { BlobWrites } from "../blobs/blob-writes.ts";
import { checkStream } from "./made-stream.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { NatsObjects } from "./nats-objects.ts";
import { askPatiently } from "./passing-trouble.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Content-addressed objects of one bucket, compressed with zstd. Closing it leaves the connection open. */
export class NatsBlobStore implements BlobStore {
  readonly #objects: NatsObjects;
  readonly #bucket: string;
  readonly #writes = new BlobWrites((digest, bytes) => this.#write(digest, bytes));

  /** Opens the bucket, or makes it. Throws `unsupported` where it is there and could lose a blob. */
  static async open(connection: NatsConnection): Promise<NatsBlobStore> {
    const bucket = `${connection.options.cluster}_blobs`;
    const { replicas } = connection.options;
    const info = await askPatiently(`bucket ${bucket}`, async () => {
      await new Objm(connection.jetstream).create(bucket, { storage: StorageType.File, replicas });
      return connection.manager.streams.info(`OBJ_${bucket}`);
    });
    checkStream(connection, info, {
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_age: 0,
      max_msgs: -1,
      sealed: false,
    });
    return new NatsBlobStore(new NatsObjects(connection, bucket), bucket);
  }

  private constructor(objects: NatsObjects, bucket: string) {
    this.#objects = objects;
    this.#bucket = bucket;
  }

  put(bytes: Uint8Array): Promise<string> {
    return this.#writes.put(bytes);
  }

  async get(digest: string): Promise<Uint8Array> {
    const stored = await this.#objects.read(digest);
    if (stored === null) throw new MusterError("notFound", `blob ${digest} is not in bucket ${this.#bucket}`);
    const bytes = await decompress(stored).catch((error: unknown) => {
      throw this.#damaged(digest, error);
    });
    if (createHash("sha256").update(bytes).digest("hex") !== digest) throw this.#damaged(digest, null);
    return bytes;
  }

  async leftovers(): Promise<Leftovers> {
    const listing = this.#objects.list();
    const leftovers = await this.#writes.leftoversOf(listing.then(({ names }) => names));
    const { sequence } = await listing;
    return {
      digests: [...leftovers],
      // Another coordinator may put it meanwhile: the server compares.
      remove: async (digest) => leftovers.delete(digest) && this.#objects.removeUnchanged(digest, sequence),
    };
  }

  close(): Promise<void> {
    return this.#writes.settled();
  }

  async #write(digest: string, bytes: Uint8Array): Promise<void> {
    if (await this.#objects.touch(digest)) return;
    await this.#objects.write(digest, await compress(bytes, ZSTD_OPTIONS));
  }

  #damaged(digest: string, cause: unknown): MusterError {
    const what = "is damaged: its bytes are not those that were stored";
    return new MusterError("badData", `blob ${digest} in bucket ${this.#bucket} ${what}`, { cause });
  }
}
