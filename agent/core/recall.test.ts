import { expect, test } from "vitest";
import type { Effect } from "./effect.ts";
import type { Input } from "./input.ts";
import { type AgentState, beginState } from "./state.ts";
import { step } from "./step.ts";

/** A connected agent with one slot, which runs one sample at a time and holds a lease of samples 0 to 4. */
function leased(): AgentState {
  const state = beginState({ slots: [{ slotId: "s0", concurrency: 1 }], spooledBatches: [], nextBatchNumber: 1 });
  take(state, { kind: "Connected", keptLeaseIds: [], renewalIntervalMs: 5_000 });
  take(state, { kind: "LeaseGranted", leaseId: "l1", runId: "r", slotId: "s0", requestCount: 5 });
  const samples = [0, 1, 2, 3, 4].map((sample) => ({ sample, requestCount: 1 }));
  take(state, { kind: "RequestsArrived", leaseId: "l1", runId: "r", samples });
  return state;
}

function take(state: AgentState, input: Input): Effect[] {
  return step(state, { nowMs: 0, input });
}

function finish(state: AgentState, sample: number): Effect[] {
  return take(state, { kind: "SampleFinished", leaseId: "l1", sample, slotId: "s0", outcomes: 1, bytes: 1, tokens: 1 });
}

test("a recall gives back the last samples that have not begun, and no more than are wanted", () => {
  const state = leased();
  const effects = take(state, { kind: "SamplesRecalled", leaseId: "l1", samplesMax: 3 });
  expect(effects.slice(0, 2)).toEqual([
    { kind: "SendSamplesReturn", leaseId: "l1", samples: [2, 3, 4] },
    { kind: "DropSamples", leaseId: "l1", samples: [2, 3, 4] },
  ]);
  expect(finish(state, 0)).toContainEqual({ kind: "StartSample", slotId: "s0", leaseId: "l1", sample: 1 });
});

test("what has begun stays: a recall for more than waits gets what waits", () => {
  const effects = take(leased(), { kind: "SamplesRecalled", leaseId: "l1", samplesMax: 100 });
  expect(effects[0]).toEqual({ kind: "SendSamplesReturn", leaseId: "l1", samples: [1, 2, 3, 4] });
});

test("a recall of a lease that is not here is answered with nothing", () => {
  const effects = take(leased(), { kind: "SamplesRecalled", leaseId: "l9", samplesMax: 1 });
  expect(effects).toEqual([{ kind: "SendSamplesReturn", leaseId: "l9", samples: [] }]);
});

test("a lease of which samples went back is done when the rest is", () => {
  const state = leased();
  take(state, { kind: "SamplesRecalled", leaseId: "l1", samplesMax: 4 });
  expect(finish(state, 0)).toContainEqual(expect.objectContaining({ kind: "SpoolBatch", leaseId: "l1" }));
  take(state, { kind: "BatchSpooled", batchNumber: 1 });
  expect(take(state, { kind: "BatchAcknowledged", batchNumber: 1 })).toContainEqual({
    kind: "ForgetLease",
    leaseId: "l1",
  });
});

test("a slot that is given an empty lease asks again", () => {
  const state = beginState({ slots: [{ slotId: "s0", concurrency: 1 }], spooledBatches: [], nextBatchNumber: 1 });
  take(state, { kind: "Connected", keptLeaseIds: [], renewalIntervalMs: 5_000 });
  const effects = take(state, { kind: "LeaseGranted", leaseId: "l1", runId: "r", slotId: "s0", requestCount: 0 });
  expect(effects.map(({ kind }) => kind)).toEqual(["SendWorkWanted", "ForgetLease"]);
});
