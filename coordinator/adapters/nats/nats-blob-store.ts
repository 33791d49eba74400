import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { DiscardPolicy, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { assert } from "../../../base/assert.ts";
import { MusterError } from "../../../base/muster-error.ts";
import { ZSTD_OPTIONS } from "../../../base/node/zstd-options.ts";
import type { BlobStore, Leftovers } from "../../ports/blob-store.ts";
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
  /** Blobs being written in this process, so that equal content is written once. */
  readonly #writing = new Map<string, Promise<void>>();
  #hasPut = false;
  /** What may be garbage: a digest leaves it, for good, in the moment that its content is put again. */
  #leftovers: Set<string> | null = null;

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

  async put(bytes: Uint8Array): Promise<string> {
    const digest = createHash("sha256").update(bytes).digest("hex");
    this.#hasPut = true;
    this.#leftovers?.delete(digest);
    let writing = this.#writing.get(digest);
    if (writing === undefined) {
      writing = this.#write(digest, bytes).finally(() => this.#writing.delete(digest));
      this.#writing.set(digest, writing);
    }
    await writing;
    return digest;
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
    assert(!this.#hasPut && this.#leftovers === null, "leftovers are what was there before the first blob was put");
    const { names, sequence } = await this.#objects.list();
    const leftovers = new Set(names);
    this.#leftovers = leftovers;
    return {
      digests: names,
      // Another coordinator may put it meanwhile: the server compares.
      remove: async (digest) => leftovers.delete(digest) && this.#objects.removeUnchanged(digest, sequence),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
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
