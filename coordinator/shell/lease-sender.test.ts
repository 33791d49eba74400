import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { anAgent, aRun, aShape } from "../../test/support/core-builders.ts";
import { CHOICE_TASK, storePlan } from "../../test/support/stored-run.ts";
import type { ControlDown, ControlUp, DataDown, DataUp } from "../../proto/gen/muster/v1/agent_pb.js";
import { MemoryBlobStore } from "../adapters/blobs/memory-blob-store.ts";
import { evolve } from "../core/evolve.ts";
import { emptyState } from "../core/state.ts";
import type { AgentStream } from "../ports/agent-stream.ts";
import { AgentConnection } from "./agent-connection.ts";
import { LeaseSender } from "./lease-sender.ts";
import { PlanStore } from "./plan-store.ts";

const GRANT = { kind: "SendLease", agentId: "a", slotId: "s0", runId: "r1", leaseId: "r1.1.1" } as const;

function aStream<Down, Up>(written: Down[]): AgentStream<Down, Up> {
  const nothing = (): void => {};
  return {
    ...{ onMessage: nothing, onEnd: nothing, pause: nothing, resume: nothing, end: nothing, fail: nothing },
    write: (message) => written.push(message) > 0,
    drained: () => Promise.resolve(),
  };
}

function connect() {
  const [control, data]: [ControlDown[], DataDown[]] = [[], []];
  const connection = new AgentConnection("a", "a-1", aStream<ControlDown, ControlUp>(control), 0);
  connection.openData(aStream<DataDown, DataUp>(data));
  return { connection, control, data };
}

test("a plan that could not be read is told by name, and read again for the next lease", async () => {
  const blobs = new MemoryBlobStore();
  const plans = new PlanStore(blobs);
  const plan = await storePlan(blobs, { tasks: [CHOICE_TASK], samplesPerTask: 3 });
  const manifestBlob = await new PlanStore(new MemoryBlobStore()).saveManifest(plan);
  const state = emptyState();
  const shape = { ...aShape({ samples: 3, requestsPerSample: 3 }), manifestBlob };
  evolve(state, { kind: "RunAccepted", runId: "r1", run: aRun(), shape }, 0);
  evolve(state, { kind: "AgentAdmitted", runId: "r1", agent: anAgent("a") }, 0);
  const samples = Uint32Array.of(0, 1, 2);
  evolve(state, { ...GRANT, kind: "LeaseGranted", epoch: 1, samples }, 0);
  const lost: string[] = [];
  const onPlanLost = (runId: string, message: string): void => void lost.push(`${runId}: ${message}`);
  const sender = new LeaseSender({ state: () => state, plans, log: pino({ level: "silent" }), onPlanLost });

  const first = connect();
  sender.send(first.connection, GRANT);
  await vi.waitUntil(() => first.connection.closed);
  expect(lost).toEqual([expect.stringMatching(`r1: .*${manifestBlob}`)]);
  await plans.saveManifest(plan);
  const second = connect();
  sender.send(second.connection, GRANT);
  await vi.waitUntil(() => second.data.length > 0);
  expect(second.control.map(({ message }) => message.case)).toEqual(["leaseGrant"]);
});
