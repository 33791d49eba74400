import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NatsServer, natsServerProgram } from "../../../test/support/nats-server.ts";
import { NatsConnection } from "./nats-connection.ts";
import { NatsLeaderLease } from "./nats-leader-lease.ts";

const DURATION_MS = 2_000;
const program = await natsServerProgram();

describe.skipIf(program === null)("the leader's lease", () => {
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

  async function leases(): Promise<[NatsLeaderLease, NatsLeaderLease]> {
    clusters += 1;
    const make = async (): Promise<NatsLeaderLease> => {
      const options = {
        addresses: server.address,
        cluster: `lease-${clusters}`,
        replicas: 1,
        durable: "unproved",
      } as const;
      const connection = await NatsConnection.open(options);
      open.push(connection);
      return NatsLeaderLease.open(connection, DURATION_MS);
    };
    return [await make(), await make()];
  }

  test("a leader that renewed ten times and then died is replaced within the lease and a second", async () => {
    const [first, second] = await leases();
    expect(await first.tryAcquire("first")).toBe("held");
    for (let count = 0; count < 10; count++) {
      expect(await first.renew()).toBe("held");
      expect(await second.tryAcquire("second")).toBe("lost");
    }
    const diedMs = performance.now();
    const controller = new AbortController();
    const seen: (string | null)[] = [];
    for await (const leader of second.watch(controller.signal)) {
      seen.push(leader);
      if (leader === null) expect(await second.tryAcquire("second")).toBe("held");
      if (leader === "second") controller.abort();
    }
    const gapMs = performance.now() - diedMs;
    expect(seen).toEqual(["first", null, "second"]);
    expect(gapMs).toBeGreaterThan(DURATION_MS - 500);
    expect(gapMs).toBeLessThan(DURATION_MS + 1_000);
    expect(await first.renew()).toBe("lost");
    expect(await second.renew()).toBe("held");
  });

  test("a leader that gives its lease back is replaced at once, and may come back", async () => {
    const [first, second] = await leases();
    expect(await first.tryAcquire("first")).toBe("held");
    await first.release();
    expect(await first.renew()).toBe("lost");
    expect(await second.tryAcquire("second")).toBe("held");
    await first.release();
    expect(await second.renew()).toBe("held");
    await second.release();
    expect(await first.tryAcquire("first")).toBe("held");
  });

  test("it is taken from a holder who is gone, by one of those who find that out, and from nobody else", async () => {
    const [first, second] = await leases();
    expect(await first.tryAcquire("first")).toBe("held");
    expect(await second.tryAcquire("second")).toBe("lost");
    expect(second.holder).toBe("first");
    expect(await second.takeFrom("another", "second")).toBe("lost");
    expect(await first.renew()).toBe("held");
    expect(await second.takeFrom("first", "second")).toBe("held");
    expect(await first.renew()).toBe("lost");
    expect(first.holder).toBe("second");
    expect(await first.takeFrom("first", "first")).toBe("lost");
    expect(await second.renew()).toBe("held");
    await second.release();
    expect(await first.takeFrom("second", "first")).toBe("lost");
  });

  test("of many that try at once one holds it", async () => {
    const [first, second] = await leases();
    const states = await Promise.all([first, second].map((lease, at) => lease.tryAcquire(`${at}`)));
    expect(states.sort()).toEqual(["held", "lost"]);
  });

  test("who had no answer finds the lease its own", async () => {
    const [first] = await leases();
    expect(await first.tryAcquire("first")).toBe("held");
    expect(await first.tryAcquire("first")).toBe("held");
    expect(await first.renew()).toBe("held");
  });
});
