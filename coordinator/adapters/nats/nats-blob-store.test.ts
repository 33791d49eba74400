import { StorageType } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blobStoreContract } from "../../../test/contract/blob-store.contract.ts";
import { NatsServer, natsServerProgram } from "../../../test/support/nats-server.ts";
import { NatsBlobStore } from "./nats-blob-store.ts";
import { NatsConnection } from "./nats-connection.ts";

const program = await natsServerProgram();
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe.skipIf(program === null)("blobs of a real NATS server", () => {
  let server: NatsServer;
  let clusters = 0;
  const open: NatsConnection[] = [];
  beforeAll(async () => {
    server = await NatsServer.start(program!);
  });
  afterAll(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    await server?.stop();
  });

  async function connect(cluster = `blobs-${++clusters}`): Promise<NatsConnection> {
    const monitors = [server.monitor];
    const options = { addresses: server.address, cluster, replicas: 1, durable: "always", monitors } as const;
    const connection = await NatsConnection.open(options);
    open.push(connection);
    return connection;
  }

  blobStoreContract("NATS blobs", async () => NatsBlobStore.open(await connect()));

  test("what is left over is removed, unless anybody put it again", async () => {
    const connection = await connect();
    const first = await NatsBlobStore.open(connection);
    const [garbage, again, elsewhere] = await Promise.all(["one", "two", "three"].map((word) => first.put(text(word))));
    const second = await NatsBlobStore.open(await connect(connection.options.cluster));
    const leftovers = await second.leftovers();
    expect(new Set(leftovers.digests)).toEqual(new Set([garbage, again, elsewhere]));
    await second.put(text("two"));
    await first.put(text("three"));
    const fresh = await first.put(text("four"));
    for (const digest of leftovers.digests) expect(await leftovers.remove(digest)).toBe(digest === garbage);
    await expect(second.get(garbage!)).rejects.toMatchObject({ kind: "notFound" });
    for (const digest of [again, elsewhere, fresh]) expect(await second.get(digest!)).not.toHaveLength(0);
    expect(await second.put(text("one"))).toBe(garbage);
    expect(Buffer.from(await first.get(garbage!)).toString()).toBe("one");
  });

  test("puts and removals of the same blob at the same time never leave it half there", async () => {
    const connection = await connect();
    const first = await NatsBlobStore.open(connection);
    const digest = await first.put(text("contended"));
    for (let round = 0; round < 20; round++) {
      const other = await NatsBlobStore.open(connection);
      const leftovers = await other.leftovers();
      await Promise.all([leftovers.remove(digest), first.put(text("contended")), other.put(text("contended"))]);
      expect(Buffer.from(await other.get(digest)).toString()).toBe("contended");
    }
  });

  test("its objects are those of NATS's object store", async () => {
    const connection = await connect();
    const store = await NatsBlobStore.open(connection);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const digest = await store.put(bytes);
    const objects = await new Objm(connection.jetstream).open(`${connection.options.cluster}_blobs`);
    const stored = await objects.getBlob(digest);
    expect(Buffer.from(bytes).equals(zstdDecompressSync(stored!))).toBe(true);
  });

  test("a blob whose bytes were changed or lost is refused by name", async () => {
    const connection = await connect();
    const bucket = `${connection.options.cluster}_blobs`;
    const store = await NatsBlobStore.open(connection);
    const [changed, lost] = [await store.put(text("changed")), await store.put(text("lost"))];
    const objects = await new Objm(connection.jetstream).open(bucket);
    await objects.putBlob({ name: changed }, text("something else"));
    const { nuid } = (await objects.info(lost))!;
    await connection.manager.streams.purge(`OBJ_${bucket}`, { filter: `$O.${bucket}.C.${nuid}` });
    for (const digest of [changed, lost]) {
      const message = expect.stringContaining(digest);
      await expect(store.get(digest)).rejects.toMatchObject({ kind: "badData", message });
    }
  });

  test("a bucket in memory is refused, naming the setting", async () => {
    const connection = await connect();
    await new Objm(connection.jetstream).create(`${connection.options.cluster}_blobs`, { storage: StorageType.Memory });
    await expect(NatsBlobStore.open(connection)).rejects.toThrow(/has storage "memory", not "file"/);
  });

  test("without room a put is refused, and taken when there is room again", async () => {
    const connection = await connect();
    const store = await NatsBlobStore.open(connection);
    const stream = `OBJ_${connection.options.cluster}_blobs`;
    await connection.manager.streams.update(stream, { max_bytes: 300_000 });
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const large = Buffer.concat(Array.from({ length: 10 }, (_, at) => bytes.map((byte) => byte ^ at)));
    await expect(store.put(large)).rejects.toMatchObject({ kind: "noSpace" });
    await connection.manager.streams.update(stream, { max_bytes: 3_000_000 });
    expect(large.equals(await store.get(await store.put(large)))).toBe(true);
  });
});
