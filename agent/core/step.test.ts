import { expect, test } from "vitest";
import type { Effect } from "./effect.ts";
import type { Input } from "./input.ts";
import { type AgentBeginning, beginState, DEFAULT_CORE_SETTINGS, heldLeaseIds } from "./state.ts";
import { step } from "./step.ts";

/** An agent's core with one slot, told a story input by input. The clock stands still unless the test moves it. */
class Scenario {
  readonly state;
  nowMs = 0;

  constructor(concurrency = 2, beginning: Partial<AgentBeginning> = {}) {
    this.state = beginState({
      slots: [{ slotId: "s0", concurrency }],
      spooledBatches: [],
      nextBatchNumber: 1,
      ...beginning,
    });
  }

  take(input: Input): Effect[] {
    return step(this.state, { nowMs: this.nowMs, input });
  }

  connect(keptLeaseIds: readonly string[] = []): Effect[] {
    return this.take({ kind: "Connected", keptLeaseIds, renewalIntervalMs: 5_000 });
  }

  grant(leaseId: string, requestCount: number): Effect[] {
    return this.take({ kind: "LeaseGranted", leaseId, runId: "r", slotId: "s0", requestCount });
  }

  /** Samples of one request each. */
  arrive(leaseId: string, samples: readonly number[]): Effect[] {
    const leased = samples.map((sample) => ({ sample, requestCount: 1 }));
    return this.take({ kind: "RequestsArrived", leaseId, runId: "r", samples: leased });
  }

  /** A whole lease, its samples numbered from `first`. */
  lease(leaseId: string, count: number, first = 0): Effect[] {
    const granted = this.grant(leaseId, count);
    const samples = Array.from({ length: count }, (_, offset) => first + offset);
    return [...granted, ...this.arrive(leaseId, samples)];
  }

  finish(leaseId: string, sample: number, bytes = 40): Effect[] {
    return this.take({ kind: "SampleFinished", leaseId, sample, slotId: "s0", outcomes: 1, bytes, tokens: 10 });
  }

  postpone(leaseId: string, sample: number, restMs: number): Effect[] {
    const ids = { leaseId, sample, slotId: "s0" };
    return this.take({ kind: "SamplePostponed", ...ids, requestCount: 1, restMs });
  }

  passTime(ms: number): Effect[] {
    this.nowMs += ms;
    return this.take({ kind: "TimePassed" });
  }
}

function of<K extends Effect["kind"]>(effects: readonly Effect[], kind: K): Extract<Effect, { kind: K }>[] {
  return effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
}

const started = (effects: readonly Effect[]): number[] => of(effects, "StartSample").map(({ sample }) => sample);

test("a slot asks for work when it is connected, once, and again when it has what it was granted", () => {
  const agent = new Scenario();
  expect(agent.passTime(0)).toEqual([]);
  expect(of(agent.connect(), "SendWorkWanted")).toHaveLength(1);
  expect(of(agent.passTime(60_000), "SendWorkWanted")).toEqual([]);
  // The grant is here, its prompts are not: asking now would hoard a second lease.
  expect(of(agent.grant("l1", 2), "SendWorkWanted")).toEqual([]);
  expect(of(agent.arrive("l1", [0]), "SendWorkWanted")).toEqual([]);
  expect(of(agent.arrive("l1", [1]), "SendWorkWanted")).toHaveLength(1);
});

test("a slot does not ask while it has seconds of work queued, and asks before it runs dry", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 30);
  let asked: number | null = null;
  // One sample a second: as many samples as seconds.
  for (let sample = 0; sample < 29 && asked === null; sample++) {
    agent.nowMs += 1_000;
    const effects = agent.finish("l1", sample);
    if (sample === 0) agent.grant("l2", 0);
    if (of(effects, "SendWorkWanted").length > 0 && sample > 0) asked = agent.state.slots.get("s0")!.queue.length;
  }
  expect(asked).toBe(DEFAULT_CORE_SETTINGS.queueSeconds);
});

test("work wanted carries the slot's measured tokens a second", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 1);
  agent.nowMs = 2_000;
  agent.finish("l1", 0);
  agent.take({ kind: "Disconnected" });
  expect(of(agent.connect(["l1"]), "SendWorkWanted")).toMatchObject([{ tokensPerSecond: 5, queuedSamples: 0 }]);
});

test("at most as many samples run as the slot has room for, in the order they came", () => {
  const agent = new Scenario(2);
  agent.connect();
  expect(started(agent.lease("l1", 4))).toEqual([0, 1]);
  expect(started(agent.finish("l1", 1))).toEqual([2]);
  expect(started(agent.finish("l1", 0))).toEqual([3]);
  expect(started(agent.finish("l1", 3))).toEqual([]);
});

test("prompts that are faster than their grant wait for it", () => {
  const agent = new Scenario(2);
  agent.connect();
  expect(started(agent.arrive("l1", [0, 1]))).toEqual([]);
  expect(started(agent.grant("l1", 2))).toEqual([0, 1]);
});

test("a lease for a slot that is not there goes back, and its prompts are dropped", () => {
  const agent = new Scenario();
  agent.connect();
  const effects = agent.take({ kind: "LeaseGranted", leaseId: "l1", runId: "r", slotId: "other", requestCount: 1 });
  expect(of(effects, "SendLeaseReturn")).toMatchObject([{ leaseId: "l1", reason: "there is no slot other" }]);
  expect(of(agent.arrive("l1", [0]), "DropSamples")).toMatchObject([{ samples: [0] }]);
  expect(agent.state.leases.size).toBe(0);
});

test("a batch is sent only after it is durable on the agent's disk", () => {
  const agent = new Scenario();
  agent.connect();
  agent.lease("l1", 1);
  const closed = agent.finish("l1", 0);
  expect(of(closed, "SpoolBatch")).toMatchObject([{ batchNumber: 1, leaseId: "l1", slotId: "s0" }]);
  expect(of(closed, "SendBatch")).toEqual([]);
  expect(of(agent.take({ kind: "BatchSpooled", batchNumber: 1 }), "SendBatch")).toMatchObject([{ batchNumber: 1 }]);
});

test("a batch is closed at its bytes, at its outcomes and at its age", () => {
  const { batchBytesMax, batchOutcomesMax, batchAgeMs } = DEFAULT_CORE_SETTINGS;
  const big = new Scenario(1);
  big.connect();
  big.lease("l1", 3);
  expect(of(big.finish("l1", 0, batchBytesMax - 1), "SpoolBatch")).toEqual([]);
  expect(of(big.finish("l1", 1, 1), "SpoolBatch")).toHaveLength(1);
  const many = new Scenario(batchOutcomesMax + 1);
  many.connect();
  many.lease("l1", batchOutcomesMax + 1);
  for (let sample = 1; sample < batchOutcomesMax; sample++) {
    expect(of(many.finish("l1", sample, 1), "SpoolBatch")).toEqual([]);
  }
  expect(of(many.finish("l1", batchOutcomesMax, 1), "SpoolBatch")).toHaveLength(1);
  const old = new Scenario(2);
  old.connect();
  old.lease("l1", 2);
  old.finish("l1", 0);
  expect(of(old.passTime(batchAgeMs - 1), "SpoolBatch")).toEqual([]);
  expect(of(old.passTime(1), "SpoolBatch")).toHaveLength(1);
});

test("an acknowledged batch is forgotten, and with the last one its lease", () => {
  const agent = new Scenario();
  agent.connect();
  agent.lease("l1", 1);
  agent.finish("l1", 0);
  agent.take({ kind: "BatchSpooled", batchNumber: 1 });
  expect(agent.state.leases.size).toBe(1);
  const effects = agent.take({ kind: "BatchAcknowledged", batchNumber: 1 });
  expect(of(effects, "ForgetBatch")).toMatchObject([{ batchNumber: 1 }]);
  expect(of(effects, "ForgetLease")).toMatchObject([{ leaseId: "l1" }]);
  expect(agent.take({ kind: "BatchAcknowledged", batchNumber: 1 })).toEqual([]);
});

test("after a lost connection every unacknowledged batch is sent again, oldest first", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 2);
  for (const sample of [0, 1]) {
    agent.finish("l1", sample, DEFAULT_CORE_SETTINGS.batchBytesMax);
    agent.take({ kind: "BatchSpooled", batchNumber: sample + 1 });
  }
  agent.take({ kind: "Disconnected" });
  expect(agent.passTime(1_000)).toEqual([]);
  expect(of(agent.connect(["l1"]), "SendBatch").map(({ batchNumber }) => batchNumber)).toEqual([1, 2]);
});

test("what an earlier process left in the spool is sent, and its numbers are not used again", () => {
  const agent = new Scenario(1, { spooledBatches: [4, 7], nextBatchNumber: 9 });
  expect(of(agent.connect(), "SendBatch").map(({ batchNumber }) => batchNumber)).toEqual([4, 7]);
  agent.lease("l1", 1);
  expect(of(agent.finish("l1", 0), "SpoolBatch")).toMatchObject([{ batchNumber: 9 }]);
});

test("work is asked for once the coordinator has what an earlier process left, so that it is not computed again", () => {
  const agent = new Scenario(1, { spooledBatches: [1, 2], nextBatchNumber: 3 });
  expect(of(agent.connect(), "SendWorkWanted")).toEqual([]);
  expect(of(agent.take({ kind: "BatchAcknowledged", batchNumber: 1 }), "SendWorkWanted")).toEqual([]);
  expect(of(agent.take({ kind: "BatchAcknowledged", batchNumber: 2 }), "SendWorkWanted")).toHaveLength(1);
});

test("no more batches are in flight than allowed", () => {
  const { batchesInFlightMax } = DEFAULT_CORE_SETTINGS;
  const numbers = Array.from({ length: batchesInFlightMax + 5 }, (_, index) => index + 1);
  const agent = new Scenario(1, { spooledBatches: numbers, nextBatchNumber: 1_000 });
  expect(of(agent.connect(), "SendBatch")).toHaveLength(batchesInFlightMax);
  expect(of(agent.take({ kind: "BatchAcknowledged", batchNumber: 3 }), "SendBatch")).toMatchObject([
    { batchNumber: batchesInFlightMax + 1 },
  ]);
});

test("without a coordinator the agent computes what it holds, and asks for nothing", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 2);
  agent.take({ kind: "Disconnected" });
  const effects = agent.finish("l1", 0);
  expect(started(effects)).toEqual([1]);
  expect(of(effects, "SendWorkWanted")).toEqual([]);
  expect(of(agent.finish("l1", 1), "SpoolBatch")).toHaveLength(1);
  expect(heldLeaseIds(agent.state)).toEqual(["l1"]);
});

test("a lease of which a part was lost with the connection is not held; what runs of it is finished and counts", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.grant("l1", 3);
  agent.arrive("l1", [0, 1]);
  expect(of(agent.take({ kind: "Disconnected" }), "DropSamples")).toMatchObject([{ samples: [1] }]);
  expect(heldLeaseIds(agent.state)).toEqual([]);
  agent.connect();
  expect(of(agent.finish("l1", 0), "SpoolBatch")).toMatchObject([{ leaseId: "l1" }]);
  agent.take({ kind: "BatchSpooled", batchNumber: 1 });
  agent.take({ kind: "BatchAcknowledged", batchNumber: 1 });
  expect(agent.state.leases.size).toBe(0);
});

test("a held lease that the coordinator gave away meanwhile is dropped", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 3);
  agent.take({ kind: "Disconnected" });
  const effects = agent.connect([]);
  expect(of(effects, "DropSamples")).toMatchObject([{ leaseId: "l1", samples: [1, 2] }]);
  expect(started(agent.finish("l1", 0))).toEqual([]);
});

test("leases are renewed at the interval that the coordinator asked for, ended ones never", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 2);
  agent.lease("l2", 2, 10);
  expect(of(agent.passTime(4_999), "SendRenewal")).toEqual([]);
  expect(of(agent.passTime(1), "SendRenewal")).toEqual([{ kind: "SendRenewal", leaseIds: ["l1", "l2"] }]);
  agent.take({ kind: "LeaseRevoked", leaseId: "l1" });
  expect(of(agent.passTime(5_000), "SendRenewal")).toEqual([{ kind: "SendRenewal", leaseIds: ["l2"] }]);
});

test("of a revoked lease nothing more is started, also not of prompts that are still on their way", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.grant("l1", 4);
  agent.arrive("l1", [0, 1]);
  expect(of(agent.take({ kind: "LeaseRevoked", leaseId: "l1" }), "DropSamples")).toMatchObject([{ samples: [1] }]);
  expect(of(agent.arrive("l1", [2, 3]), "DropSamples")).toMatchObject([{ samples: [2, 3] }]);
  const effects = agent.finish("l1", 0);
  expect(started(effects)).toEqual([]);
  expect(of(effects, "SpoolBatch")).toHaveLength(1);
});

test("recalled samples are the last that have not begun; the rest of the lease stays, also over a lost connection", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 4);
  const recalled = agent.take({ kind: "SamplesRecalled", leaseId: "l1", samplesMax: 2 });
  expect(of(recalled, "SendSamplesReturn")).toEqual([{ kind: "SendSamplesReturn", leaseId: "l1", samples: [2, 3] }]);
  expect(of(recalled, "DropSamples")).toMatchObject([{ samples: [2, 3] }]);
  expect(started(agent.finish("l1", 0))).toEqual([1]);
  // All have begun: the answer says so, and nobody waits.
  const nothing = agent.take({ kind: "SamplesRecalled", leaseId: "l1", samplesMax: 9 });
  expect(of(nothing, "SendSamplesReturn")).toMatchObject([{ samples: [] }]);
  expect(heldLeaseIds(agent.state)).toEqual(["l1"]);
});

test("an engine that asks to be left alone is: the sample is tried again after the rest, first of all", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 2);
  expect(started(agent.postpone("l1", 0, 3_000))).toEqual([]);
  expect(started(agent.passTime(2_999))).toEqual([]);
  expect(started(agent.passTime(1))).toEqual([0]);
});

test("a failed engine's leases go back, grants to it too, and it asks again once it works", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 2);
  const failed = agent.take({ kind: "SlotFailed", slotId: "s0", reason: "it is gone" });
  expect(of(failed, "SendLeaseReturn")).toMatchObject([{ leaseId: "l1", reason: "it is gone" }]);
  expect(of(failed, "DropSamples")).toMatchObject([{ samples: [1] }]);
  const postponed = agent.postpone("l1", 0, 0);
  expect(started(postponed)).toEqual([]);
  expect(of(postponed, "DropSamples")).toMatchObject([{ samples: [0] }]);
  expect(of(agent.grant("l2", 1), "SendLeaseReturn")).toMatchObject([{ leaseId: "l2" }]);
  expect(of(agent.passTime(60_000), "SendWorkWanted")).toEqual([]);
  expect(of(agent.take({ kind: "SlotRecovered", slotId: "s0" }), "SendWorkWanted")).toHaveLength(1);
});

test("draining finishes what is begun, gives back the rest and asks for nothing", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 3);
  const drained = agent.take({ kind: "DrainOrdered" });
  expect(of(drained, "SendLeaseReturn")).toMatchObject([{ leaseId: "l1" }]);
  expect(of(drained, "DropSamples").flatMap(({ samples }) => samples)).toEqual([1, 2]);
  const finished = agent.finish("l1", 0);
  expect(of(finished, "SpoolBatch")).toHaveLength(1);
  expect(started(finished)).toEqual([]);
  expect(of(agent.passTime(60_000), "SendWorkWanted")).toEqual([]);
  expect(of(agent.grant("l2", 1), "SendLeaseReturn")).toMatchObject([{ leaseId: "l2", reason: "draining" }]);
});

test("stopping puts what is answered into batches at once, while other samples still run", () => {
  const agent = new Scenario(2);
  agent.connect();
  agent.lease("l1", 2);
  expect(of(agent.finish("l1", 0), "SpoolBatch")).toEqual([]);
  expect(of(agent.take({ kind: "StopRequested" }), "SpoolBatch")).toMatchObject([{ batchNumber: 1, leaseId: "l1" }]);
});

test("a disk that takes nothing stops new work; it goes on when the disk does", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 2);
  agent.take({ kind: "SpoolBlocked", blocked: true });
  expect(started(agent.finish("l1", 0))).toEqual([]);
  expect(started(agent.take({ kind: "SpoolBlocked", blocked: false }))).toEqual([1]);
});

test("a full spool stops new work and is told of once; it goes on when the coordinator takes responses", () => {
  const settings = { ...DEFAULT_CORE_SETTINGS, batchesHeldMax: 1 };
  const agent = new Scenario(1, { settings });
  agent.connect();
  agent.lease("l1", 3);
  agent.take({ kind: "Disconnected" });
  agent.finish("l1", 0, DEFAULT_CORE_SETTINGS.batchBytesMax);
  // The sample that was started before the batch was full.
  const full = agent.finish("l1", 1);
  expect(started(full)).toEqual([]);
  expect(of(full, "Report")).toMatchObject([{ level: "warn" }]);
  expect(agent.passTime(1)).toEqual([]);
  agent.take({ kind: "BatchSpooled", batchNumber: 1 });
  agent.connect(["l1"]);
  const freed = agent.take({ kind: "BatchAcknowledged", batchNumber: 1 });
  expect(of(freed, "Report")).toMatchObject([{ level: "info" }]);
  expect(started(freed)).toEqual([2]);
});

test("a spool that is full of bytes stops new work as one that is full of batches does", () => {
  const settings = { ...DEFAULT_CORE_SETTINGS, bytesHeldMax: 1_000 };
  const earlier = { spooledBatches: [1, 2], spooledBytes: 600, nextBatchNumber: 3 };
  const agent = new Scenario(1, { settings, ...earlier });
  agent.lease("l1", 3);
  // An answer as long as ten batches.
  agent.finish("l1", 0, 10 * DEFAULT_CORE_SETTINGS.batchBytesMax);
  const full = agent.finish("l1", 1);
  expect(started(full)).toEqual([]);
  expect(of(full, "Report")).toMatchObject([{ level: "warn" }]);
  agent.take({ kind: "BatchSpooled", batchNumber: 3 });
  agent.connect(["l1"]);
  expect(started(agent.take({ kind: "BatchAcknowledged", batchNumber: 1 }))).toEqual([]);
  expect(started(agent.take({ kind: "BatchAcknowledged", batchNumber: 3 }))).toEqual([2]);
});

test("a batch that the disk lost is forgotten, and so is its lease, which the coordinator then gives out again", () => {
  const agent = new Scenario(1);
  agent.connect();
  agent.lease("l1", 1);
  agent.finish("l1", 0);
  agent.take({ kind: "BatchSpooled", batchNumber: 1 });
  expect(of(agent.take({ kind: "BatchLost", batchNumber: 1 }), "ForgetLease")).toMatchObject([{ leaseId: "l1" }]);
  expect(agent.state.batches.size).toBe(0);
  expect(agent.state.heldBytes).toBe(0);
  expect(of(agent.connect(), "SendBatch")).toEqual([]);
  expect(agent.take({ kind: "BatchAcknowledged", batchNumber: 1 })).toEqual([]);
});
