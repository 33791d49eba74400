import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { NatsServer, natsServerProgram } from "../../../test/support/nats-server.ts";
import { NatsConnection } from "./nats-connection.ts";
import { NatsJournalStore } from "./nats-journal-store.ts";
import type { NatsCredentials, NatsOptions } from "./nats-options.ts";

const program = await natsServerProgram();
const opened: NatsConnection[] = [];

async function connect(options: Partial<NatsOptions> & { readonly addresses: string }): Promise<NatsConnection> {
  const connection = await NatsConnection.open({ cluster: "test", replicas: 1, durable: "unproved", ...options });
  opened.push(connection);
  return connection;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((connection) => connection.close()));
});

/** Says of itself what a NATS server says first. */
async function startTeller(info: object): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const told = { server_id: "x", server_name: "teller", proto: 1, headers: true, max_payload: 1 << 20, ...info };
    socket.write(`INFO ${JSON.stringify(told)}\r\n`);
    socket.on("data", (data) => {
      if (data.includes("PING")) socket.write("PONG\r\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test.each([
  [
    "too old",
    { version: "2.12.2", jetstream: true },
    /teller at 127\.0\.0\.1:\d+ is version 2\.12\.2, older than 2\.12\.3/,
  ],
  ["of the last century", { version: "2.9.10", jetstream: true }, /is version 2\.9\.10, older/],
  ["without JetStream", { version: "2.12.3" }, /teller at 127\.0\.0\.1:\d+ runs without JetStream/],
  [
    "for small messages",
    { version: "3.0.0", jetstream: true, max_payload: 65_536 },
    /teller at 127\.0\.0\.1:\d+ has max_payload 65536, less than 262144/,
  ],
])("a server that is %s is refused, naming it and the way out", async (_name, info, sentence) => {
  const teller = await startTeller(info);
  const addresses = `nats://127.0.0.1:${(teller.address() as AddressInfo).port}`;
  await expect(connect({ addresses })).rejects.toMatchObject({
    kind: "unsupported",
    message: expect.stringMatching(sentence),
    wayOut: expect.stringMatching(/\w/),
  });
  teller.close();
});

test("addresses where no server is, and what is no address, are refused by name", async () => {
  const addresses = "nats://127.0.0.1:1,nats://127.0.0.1:2";
  await expect(connect({ addresses })).rejects.toMatchObject({
    kind: "connection",
    message: expect.stringContaining(addresses),
  });
  await expect(connect({ addresses: "http://127.0.0.1:1" })).rejects.toMatchObject({ kind: "usage" });
  await expect(connect({ addresses: "nats://muster:secret@127.0.0.1:1" })).rejects.toMatchObject({
    kind: "usage",
    message: expect.not.stringContaining("secret"),
    wayOut: expect.stringContaining("apart from the address"),
  });
  await expect(connect({ addresses: "127.0.0.1:1", cluster: "Not.a name" })).rejects.toMatchObject({ kind: "usage" });
});

describe.skipIf(program === null)("a real NATS server", () => {
  const accounts = `accounts {
    PLAIN { jetstream: enabled, users: [{ user: muster, password: right }] }
    BARE { users: [{ user: bare, password: right }] }
  }`;
  let strict: NatsServer;
  let lax: NatsServer;
  beforeAll(async () => {
    strict = await NatsServer.start(program!, { lines: accounts });
    lax = await NatsServer.start(program!, { jetstream: "" });
  });
  afterAll(() => Promise.all([strict?.stop(), lax?.stop()]));

  const login = (user: string, password: string): NatsCredentials => ({ kind: "password", user, password });

  test("credentials are taken or refused, and never repeated", async () => {
    const addresses = strict.address;
    await connect({ addresses, credentials: login("muster", "right") });
    const refused = { kind: "permission", message: expect.not.stringContaining("wrong") };
    await expect(connect({ addresses })).rejects.toMatchObject(refused);
    await expect(connect({ addresses, credentials: login("muster", "wrong") })).rejects.toMatchObject(refused);
    await expect(connect({ addresses, credentials: { kind: "token", token: "wrong" } })).rejects.toMatchObject(refused);
    await expect(connect({ addresses, credentials: { kind: "file", path: "/nowhere" } })).rejects.toMatchObject({
      kind: "notFound",
      message: expect.stringContaining("/nowhere"),
    });
  });

  test("an account without JetStream is refused", async () => {
    await expect(connect({ addresses: strict.address, credentials: login("bare", "right") })).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringMatching(/alone at 127\.0\.0\.1:\d+ has no JetStream for this account/),
    });
  });

  test("durability is believed only where sync_interval is seen to be always", async () => {
    const { address: addresses, monitor } = lax;
    await connect({ addresses });
    await expect(connect({ addresses, durable: "always" })).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("sync_interval"),
      wayOut: expect.stringContaining("monitoring address"),
    });
    await expect(connect({ addresses, durable: "always", monitors: [monitor] })).rejects.toThrow(
      /sync_interval is not always at NATS server alone \(http:/,
    );
    await expect(connect({ addresses, durable: "always", monitors: ["http://127.0.0.1:1"] })).rejects.toMatchObject({
      kind: "connection",
    });
    await connect({
      addresses: strict.address,
      durable: "always",
      monitors: [strict.monitor],
      credentials: login("muster", "right"),
    });
  });

  const changes: [keyof StreamConfig, Partial<StreamConfig>, RegExp][] = [
    ["storage", { storage: StorageType.Memory }, /has storage "memory", not "file"/],
    ["discard", { discard: DiscardPolicy.Old }, /has discard "old", not "new"/],
    ["retention", { retention: RetentionPolicy.Workqueue }, /has retention "workqueue", not "limits"/],
    ["max_age", { max_age: 3_600_000_000_000 }, /has max_age 3600000000000, not 0/],
    ["deny_delete", { deny_delete: false }, /has deny_delete false, not true/],
    ["deny_purge", { deny_purge: false }, /has deny_purge false, not true/],
    ["allow_msg_ttl", { allow_msg_ttl: true }, /has allow_msg_ttl true, not false/],
    ["allow_atomic", { allow_atomic: false }, /has allow_atomic false, not true/],
    ["subjects", { subjects: ["elsewhere.>"] }, /has subjects \["elsewhere\.>"\], not \["settings\.journal\.run-1"\]/],
  ];
  test.each(changes)("a stream whose %s could lose frames is refused, naming it", async (_name, change, sentence) => {
    const connection = await connect({ addresses: lax.address, cluster: "settings" });
    const name = "settings_journal_run-1";
    await connection.manager.streams.add({
      name,
      subjects: ["settings.journal.run-1"],
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      deny_delete: true,
      deny_purge: true,
      allow_atomic: true,
      ...change,
    });
    await expect(new NatsJournalStore(connection).open("run-1")).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringMatching(sentence),
      wayOut: expect.stringContaining(name),
    });
    await connection.manager.streams.delete(name);
  });

  test("too few replicas are refused", async () => {
    const connection = await connect({ addresses: lax.address, cluster: "replicas" });
    await new NatsJournalStore(connection).open("run-1");
    const demanding = await connect({ addresses: lax.address, cluster: "replicas", replicas: 3 });
    await expect(new NatsJournalStore(demanding).open("run-1")).rejects.toThrow(/has num_replicas 1, not 3/);
  });
});
