// Three real NATS servers as one cluster, of which some are lost while a journal is written.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NatsBlobStore } from "../../coordinator/adapters/nats/nats-blob-store.ts";
import { NatsConnection } from "../../coordinator/adapters/nats/nats-connection.ts";
import { NatsJournalStore } from "../../coordinator/adapters/nats/nats-journal-store.ts";
import { NatsLeaderLease } from "../../coordinator/adapters/nats/nats-leader-lease.ts";
import type { Journal } from "../../coordinator/ports/journal.ts";
import { NatsServer, natsServerProgram } from "../support/nats-server.ts";

const program = await natsServerProgram();

test.skipIf(program === null)(
  "a server that lost what it acknowledged is found out, and nothing is written",
  async () => {
    const server = await NatsServer.start(program!);
    const options = { addresses: server.address, cluster: "lost", replicas: 1, durable: "unproved" } as const;
    const connection = await NatsConnection.open(options);
    const journal = await new NatsJournalStore(connection).open("run-1");
    for (let index = 0; index < 5; index++) await journal.append(new Uint8Array([index]), 1, index);
    await server.saveFiles();
    for (let index = 5; index < 8; index++) await journal.append(new Uint8Array([index]), 1, index);
    await server.bringBackFiles();
    await expect(journal.append(new Uint8Array([8]), 1, 8)).rejects.toMatchObject({
      kind: "badData",
      message: "stream lost_journal_run-1 ends at message 5, and message 8 was acknowledged",
    });
    expect(await journal.length()).toBe(5);
    await connection.close();
    await server.stop();
  },
);

describe.skipIf(program === null)("three NATS servers", () => {
  let servers: readonly NatsServer[];
  const opened: NatsConnection[] = [];
  beforeAll(async () => {
    servers = await NatsServer.startCluster(program!);
  });
  afterAll(async () => {
    await Promise.all(opened.map((connection) => connection.close()));
    await Promise.all((servers ?? []).map((server) => server.stop()));
  });

  async function connect(cluster: string): Promise<NatsConnection> {
    const connection = await NatsConnection.open({
      addresses: servers.map(({ address }) => address).join(),
      cluster,
      replicas: 3,
      durable: "always",
      monitors: servers.map(({ monitor }) => monitor),
    });
    opened.push(connection);
    return connection;
  }

  async function leaderOf(connection: NatsConnection, stream: string): Promise<NatsServer> {
    const { cluster } = await connection.manager.streams.info(stream);
    return servers.find(({ name }) => name === cluster?.leader)!;
  }

  /** Appends frames until told to stop; the longest that one took. */
  async function write(journal: Journal, wished: () => boolean, payloads: string[]): Promise<number> {
    let longestMs = 0;
    while (wished()) {
      const payload = `frame ${payloads.length}`;
      const beganMs = performance.now();
      const result = await journal.append(new TextEncoder().encode(payload), 1, payloads.length);
      longestMs = Math.max(longestMs, performance.now() - beganMs);
      expect(result).toMatchObject({ kind: "durable", index: payloads.length });
      payloads.push(payload);
    }
    return longestMs;
  }

  async function textsOf(journal: Journal): Promise<string[]> {
    const texts: string[] = [];
    for await (const { payload } of journal.read(0)) texts.push(new TextDecoder().decode(payload));
    return texts;
  }

  /** Lets a writer write while something happens to the stream's leader; the longest append, in seconds. */
  async function disturb(cluster: string, happen: (leader: NatsServer) => Promise<void>): Promise<number> {
    const connection = await connect(cluster);
    const journal = await new NatsJournalStore(connection).open("run-1");
    const reader = await new NatsJournalStore(await connect(cluster)).open("run-1");
    const controller = new AbortController();
    const watched: string[] = [];
    const watching = (async () => {
      for await (const { payload } of reader.watch(0, controller.signal))
        watched.push(new TextDecoder().decode(payload));
    })();
    const payloads: string[] = [];
    let isDone = false;
    const writing = write(journal, () => !isDone, payloads);
    await expect.poll(() => payloads.length, { timeout: 20_000 }).toBeGreaterThan(100);
    const leader = await leaderOf(connection, `${cluster}_journal_run-1`);
    const before = payloads.length;
    await happen(leader);
    await expect.poll(() => payloads.length, { timeout: 60_000 }).toBeGreaterThan(before + 100);
    isDone = true;
    const longestMs = await writing;
    expect(await textsOf(journal)).toEqual(payloads);
    await expect.poll(() => watched.length, { timeout: 60_000 }).toBe(payloads.length);
    expect(watched).toEqual(payloads);
    controller.abort();
    await watching;
    return longestMs / 1000;
  }

  test.each([1, 2, 3, 4, 5])(
    "kill -9 of the leader, round %i: appends go on, nothing acknowledged is lost",
    async (round) => {
      let killed: NatsServer | null = null;
      const gap = await disturb(`killed-${round}`, async (leader) => {
        killed = leader;
        await leader.kill();
      });
      await killed!.restart();
      console.log(`kill -9 of the stream's leader, round ${round}: the longest append took ${gap.toFixed(1)} s`);
      expect(gap).toBeLessThan(20);
    },
  );

  test.each([1, 2])(
    "a leader that stands still for 15 s, round %i: nothing is lost or written twice",
    async (round) => {
      const gap = await disturb(`frozen-${round}`, async (leader) => {
        leader.signal("SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, 15_000));
        leader.signal("SIGCONT");
      });
      console.log(`the stream's leader frozen, round ${round}: the longest append took ${gap.toFixed(1)} s`);
      expect(gap).toBeLessThan(25);
    },
  );

  test("two writers while the leader dies: every acknowledged frame is there once, in its writer's place", async () => {
    const cluster = "racing";
    const journals = await Promise.all(
      [0, 1].map(async () => new NatsJournalStore(await connect(cluster)).open("run-1")),
    );
    const acknowledged = new Map<number, string>();
    const done = new AbortController();
    const writers = journals.map(async (journal, writer) => {
      let next = 0;
      for (let count = 0; !done.signal.aborted; count++) {
        const text = `${writer}:${count}`;
        const result = await journal.append(new TextEncoder().encode(text), 1, next);
        if (result.kind === "durable") {
          expect(acknowledged.has(result.index)).toBe(false);
          acknowledged.set(result.index, text);
          next = result.index + 1;
        } else if (result.kind === "conflict") next = result.nextIndex;
      }
    });
    await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(100);
    const leader = await leaderOf(opened.at(-1)!, `${cluster}_journal_run-1`);
    const before = acknowledged.size;
    await leader.kill();
    await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(before + 100);
    done.abort();
    await Promise.all(writers);
    const texts = await textsOf(journals[0]!);
    expect(texts.map((_, index) => acknowledged.get(index))).toEqual(texts);
    await leader.restart();
  });

  test("frames of 16 MiB, blobs and the lease live through the loss of a server", async () => {
    const connection = await connect("large");
    const journal = await new NatsJournalStore(connection).open("run-1");
    const blobs = await NatsBlobStore.open(connection);
    const lease = await NatsLeaderLease.open(connection, 10_000);
    expect(await lease.tryAcquire("first")).toBe("held");
    const large = randomBytes(16 << 20);
    expect(await journal.append(large, 1, 0)).toMatchObject({ kind: "durable" });
    const before = await blobs.put(large.subarray(0, 3_000_000));
    const leader = await leaderOf(connection, "large_journal_run-1");
    await leader.kill();
    expect(await journal.append(large, 1, 1)).toMatchObject({ kind: "durable", index: 1 });
    const after = await blobs.put(large.subarray(1, 3_000_000));
    for (const digest of [before, after]) expect((await blobs.get(digest)).length).toBeGreaterThan(2_999_000);
    for await (const { payload } of journal.read(0)) expect(large.equals(payload)).toBe(true);
    await expect.poll(() => lease.tryAcquire("first"), { timeout: 20_000 }).toBe("held");
    await leader.restart();
  });

  test("with two of three gone an append says that it does not know, and goes on when one is back", async () => {
    const connection = await connect("majority");
    const journal = await new NatsJournalStore(connection).open("run-1");
    expect(await journal.append(new Uint8Array([1]), 1, 0)).toMatchObject({ kind: "durable" });
    await Promise.all([servers[0]!.kill(), servers[1]!.kill()]);
    await expect(journal.append(new Uint8Array([2]), 1, 1)).rejects.toMatchObject({ kind: "connection" });
    // Without a majority it does not become healthy alone.
    await Promise.all([servers[0]!.restart(), servers[1]!.restart()]);
    const length = await journal.length();
    expect([1, 2]).toContain(length);
    expect(await journal.append(new Uint8Array([3]), 1, length)).toMatchObject({ kind: "durable", index: length });
  });
});
