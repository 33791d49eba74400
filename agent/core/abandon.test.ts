import { expect, test } from "vitest";
import type { Effect } from "./effect.ts";
import type { Input } from "./input.ts";
import { type AgentState, beginState } from "./state.ts";
import { step } from "./step.ts";

/** A connected agent with one slot, which runs two samples at a time and holds a lease of samples 0 to 2. */
function leased(): AgentState {
  const state = beginState({ slots: [{ slotId: "s0", concurrency: 2 }], spooledBatches: [], nextBatchNumber: 1 });
  take(state, { kind: "Connected", keptLeaseIds: [], renewalIntervalMs: 5_000 });
  take(state, { kind: "LeaseGranted", leaseId: "l1", runId: "r", slotId: "s0", requestCount: 3 });
  const samples = [0, 1, 2].map((sample) => ({ sample, requestCount: 1 }));
  take(state, { kind: "RequestsArrived", leaseId: "l1", runId: "r", samples });
  return state;
}

function take(state: AgentState, input: Input, nowMs = 0): Effect[] {
  return step(state, { nowMs, input });
}

test("an abandoned sample is stopped where it runs and dropped where it waits, and is not begun again", () => {
  const state = leased();
  const effects = take(state, { kind: "SamplesAbandoned", leaseId: "l1", samples: [0, 2] });
  expect(effects).toEqual([
    { kind: "DropSamples", leaseId: "l1", samples: [2] },
    { kind: "StopSample", leaseId: "l1", sample: 0 },
  ]);
  const ids = { leaseId: "l1", sample: 0, slotId: "s0" };
  const stopped = take(state, { kind: "SamplePostponed", ...ids, requestCount: 1, restMs: 0 });
  expect(stopped).toContainEqual({ kind: "DropSamples", leaseId: "l1", samples: [0] });
  expect(state.slots.get("s0")!.queue).toEqual([]);
  expect(state.leases.get("l1")!.openSamples).toBe(1);
});

test("one whose answer was faster is sent as ever; a lease or a sample that is not here is nothing to abandon", () => {
  const state = leased();
  take(state, { kind: "SamplesAbandoned", leaseId: "l1", samples: [0] });
  take(state, { kind: "SampleFinished", leaseId: "l1", sample: 0, slotId: "s0", outcomes: 1, bytes: 1, tokens: 1 });
  expect(state.leases.get("l1")!.outcomes).toBe(1);
  expect(take(state, { kind: "SamplesAbandoned", leaseId: "l1", samples: [0, 7] })).toEqual([]);
  expect(take(state, { kind: "SamplesAbandoned", leaseId: "l2", samples: [0] })).toEqual([]);
});

test("a slot that asked and has nothing queued tells once a second what it computes, and how fast it has been", () => {
  const state = leased();
  take(
    state,
    { kind: "SampleFinished", leaseId: "l1", sample: 0, slotId: "s0", outcomes: 1, bytes: 1, tokens: 50 },
    500,
  );
  const told = (nowMs: number): Effect[] =>
    take(state, { kind: "TimePassed" }, nowMs).filter(({ kind }) => kind === "SendProgress");
  expect(told(1_000)).toEqual([]);
  expect(told(1_500)).toMatchObject([
    {
      ...{ slotId: "s0", sampleTokensPerSecond: 100, queuedSamples: 0 },
      running: [
        { leaseId: "l1", sample: 1, elapsedMs: 1_500 },
        { leaseId: "l1", sample: 2, elapsedMs: 1_000 },
      ],
    },
  ]);
  expect(told(1_600)).toEqual([]);
  expect(told(2_500)).toHaveLength(1);
});
