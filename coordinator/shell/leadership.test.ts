import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { expect, test } from "vitest";
import { MusterError } from "../../base/muster-error.ts";
import { SYSTEM_CLOCK } from "../../base/node/system-clock.ts";
import type { LeaderLease, LeaseState } from "../ports/leader-lease.ts";
import { type LeadershipParts, takeTurns } from "./leadership.ts";
import { aborted } from "./stop-signal.ts";

/** A lease that says what it is told to. */
class ToldLease implements LeaderLease {
  readonly durationMs = 100;
  holder: string | null = null;
  readonly taken: string[] = [];
  acquired: LeaseState = "lost";
  renewed: LeaseState = "held";
  released = 0;

  async tryAcquire(): Promise<LeaseState> {
    return this.acquired;
  }

  async takeFrom(holder: string): Promise<LeaseState> {
    this.taken.push(holder);
    return "held";
  }

  async renew(): Promise<LeaseState> {
    return this.renewed;
  }

  async release(): Promise<void> {
    this.released += 1;
  }

  async *watch(): AsyncGenerator<string | null> {}
}

interface Turns {
  readonly lease: ToldLease;
  /** What was done, in order. */
  readonly seen: string[];
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function begin(change: Partial<LeadershipParts> = {}): Turns {
  const [lease, seen, stop] = [new ToldLease(), [] as string[], new AbortController()];
  const untilStopped = async (what: string, signal: AbortSignal): Promise<void> => {
    seen.push(what);
    await aborted(signal);
    seen.push(`${what} no more`);
  };
  const parts: LeadershipParts = {
    lease,
    address: () => "here:1",
    isGone: () => Promise.resolve(false),
    standBy: async (signal) => ({ ended: untilStopped("stands by", signal) }),
    lead: (signal) => untilStopped("leads", signal),
    clock: SYSTEM_CLOCK,
    log: pino({ level: "silent" }),
    ...change,
  };
  const ended = takeTurns(parts, stop.signal);
  ended.catch(() => undefined);
  return { lease, seen, stop, ended };
}

test("stands by until it gets the lease, leads until it is lost, gives it back, and begins again", async () => {
  const { lease, seen, stop, ended } = begin();
  await sleep(300);
  expect(seen).toEqual(["stands by"]);
  lease.acquired = "unknown";
  await sleep(300);
  expect(seen).toEqual(["stands by"]);
  lease.acquired = "held";
  await expect.poll(() => seen).toEqual(["stands by", "stands by no more", "leads"]);
  for (const [renewed, acquired] of [
    ["unknown", "lost"],
    ["lost", "unknown"],
    ["lost", "held"],
  ] as const) {
    [lease.renewed, lease.acquired] = [renewed, acquired];
    await sleep(150);
    expect(seen).toHaveLength(3);
  }
  [lease.acquired, lease.renewed] = ["lost", "lost"];
  await expect.poll(() => seen.slice(3)).toEqual(["leads no more", "stands by"]);
  expect(lease.released).toBe(1);
  stop.abort();
  await ended;
  expect(seen.at(-1)).toBe("stands by no more");
});

test.each(["conflict", "connection", "timeout"] as const)(
  "a term that ends with %s is followed by standing by",
  async (kind) => {
    let terms = 0;
    const lead = async (signal: AbortSignal): Promise<void> => {
      terms += 1;
      if (terms === 1) throw new MusterError(kind, "passing");
      await aborted(signal);
    };
    const { lease, seen, stop, ended } = begin({ lead });
    lease.acquired = "held";
    await expect.poll(() => terms, { timeout: 5_000 }).toBe(2);
    expect(lease.released).toBe(1);
    expect(seen.filter((what) => what === "stands by")).toHaveLength(2);
    stop.abort();
    await ended;
  },
);

test("a broken journal ends it, whether it is met leading or standing by", async () => {
  const broken = new MusterError("badData", "journal x, frame 3: it is missing");
  const leading = begin({ lead: () => Promise.reject(broken) });
  leading.lease.acquired = "held";
  await expect(leading.ended).rejects.toBe(broken);
  expect(leading.lease.released).toBe(1);
  await expect(begin({ standBy: async () => ({ ended: Promise.reject(broken) }) }).ended).rejects.toBe(broken);
});

test("the lease of a leader whose process is gone is taken at once; its own old one is not", async () => {
  const gone = new Set(["here:1"]);
  const { lease, seen, stop, ended } = begin({ isGone: async (address) => gone.has(address) });
  for (const holder of ["there:2", "here:1"]) {
    lease.holder = holder;
    await sleep(300);
    expect(seen).toEqual(["stands by"]);
  }
  lease.holder = "there:2";
  gone.add("there:2");
  await expect.poll(() => seen.at(-1)).toBe("leads");
  expect(lease.taken).toEqual(["there:2"]);
  stop.abort();
  await ended;
});
