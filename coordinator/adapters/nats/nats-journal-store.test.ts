import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { journalContract, type JournalSubject } from "../../../test/contract/journal.contract.ts";
import { NatsServer, natsServerProgram } from "../../../test/support/nats-server.ts";
import { encodeMessages } from "./frame-message.ts";
import { NatsConnection } from "./nats-connection.ts";
import { NatsJournalStore } from "./nats-journal-store.ts";
import type { NatsOptions } from "./nats-options.ts";

const program = await natsServerProgram();
let server: NatsServer;
let clusters = 0;
const open: NatsConnection[] = [];

beforeAll(async () => {
  if (program !== null) server = await NatsServer.start(program);
});
afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await server?.stop();
});

/** A connection of a cluster of its own, or of one that is there. */
async function connect(change: Partial<NatsOptions> = {}): Promise<NatsConnection> {
  const connection = await NatsConnection.open({
    addresses: `nats://${server.address}`,
    cluster: `test-${++clusters}`,
    replicas: 1,
    durable: "always",
    monitors: [server.monitor],
    ...change,
  });
  open.push(connection);
  return connection;
}

async function makeSubject(): Promise<JournalSubject> {
  const connection = await connect();
  const { cluster } = connection.options;
  return {
    store: new NatsJournalStore(connection),
    again: async () => new NatsJournalStore(await connect({ cluster })),
    plant: async (name, frame, damaged = false) => {
      const [message] = await encodeMessages(frame, new Uint8Array(16), 1 << 20);
      if (damaged) message![message!.length - 1]! ^= 1;
      await connection.jetstream.publish(`${cluster}.journal.${name}`, message);
    },
    small: async () => {
      const store = new NatsJournalStore(connection, { bytesMax: 200_000 });
      const stream = `${cluster}_journal_run-1`;
      const makeRoom = async (): Promise<NatsJournalStore> => {
        await connection.manager.streams.update(stream, { max_bytes: 1_000_000 });
        return store;
      };
      return { store, makeRoom };
    },
  };
}

describe.skipIf(program === null)("with a real NATS server", () => {
  journalContract("NATS journal", makeSubject);

  test("where the server has no room at all a frame waits until a journal is removed", async () => {
    const small = await NatsServer.start(program!, { jetstream: "sync_interval: always\nmax_file_store: 2MB" });
    try {
      const store = new NatsJournalStore(await connect({ addresses: small.address, monitors: [small.monitor] }));
      const [old, journal] = [await store.open("old"), await store.open("run-1")];
      for (let index = 0; index < 10; index++) await old.append(randomBytes(100_000), 1, index);
      let index = 0;
      const payload = randomBytes(100_000);
      while ((await journal.append(payload, 1, index)).kind === "durable") index += 1;
      expect(index).toBeGreaterThan(5);
      expect(await journal.append(payload, 1, index)).toMatchObject({ kind: "noSpace" });
      await store.remove("old");
      expect(await journal.append(payload, 1, index)).toMatchObject({ kind: "durable", index });
      expect(await journal.length()).toBe(index + 1);
    } finally {
      await small.stop();
    }
  });

  test("frames larger than a message stay whole, wherever reading begins", async () => {
    const store = new NatsJournalStore(await connect());
    const journal = await store.open("run-1");
    const sizes = [10, 5_000_000, 20, 3_000_000, 2_000_000, 30];
    for (const [index, size] of sizes.entries()) {
      expect(await journal.append(randomBytes(size), 1, index)).toMatchObject({ kind: "durable" });
    }
    for (let from = 0; from <= sizes.length; from++) {
      const indices: number[] = [];
      for await (const frame of journal.read(from)) indices.push(frame.index);
      expect(indices).toEqual(sizes.map((_, index) => index).slice(from));
    }
  });
});
