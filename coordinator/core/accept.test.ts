import { describe, expect, it } from "vitest";
import { anAgent, trueFingerprint } from "../../test/support/core-builders.ts";
import { CoreScenario, effectsOf, eventsOf } from "../../test/support/core-scenario.ts";

/** A run of four samples, all leased to agent a; its lease. */
function fourLeasedSamples(): { scenario: CoreScenario; leaseId: string } {
  const scenario = new CoreScenario({ leaseDurationMs: 1000 });
  scenario.arrive({ samples: 4 });
  const [lease] = scenario.joinHungry(anAgent("a", [concurrent(4)]));
  expect([...lease!.samples]).toEqual([0, 1, 2, 3]);
  return { scenario, leaseId: lease!.leaseId };
}

function concurrent(concurrency: number) {
  return { ...anAgent("x").slots[0]!.description, concurrency };
}

describe("accepting responses", () => {
  it("a response is counted, shown to the live scorers, and acknowledged", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    const decision = scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [2] });
    expect(scenario.run().requestsDone).toBe(1);
    expect(scenario.run().fingerprints[2]).toBe(trueFingerprint(2));
    expect(effectsOf(decision, "ScoreResponses").map((effect) => [...effect.requestIndexes])).toEqual([[2]]);
    expect(decision.effects.at(-1)).toEqual({ kind: "AcknowledgeBatch", agentId: "a", batchNumber: 1 });
  });

  it("a response of an expired lease is counted once, and the second equal one is a duplicate", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    scenario.passTime(1000);
    expect(scenario.run().leases.get(leaseId)!.end).toBe("expired");
    const [second] = scenario.joinHungry(anAgent("b", [concurrent(4)]));
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [0] });
    const again = scenario.answer({ agentId: "b", leaseId: second!.leaseId, batchNumber: 1, responses: [0, 1] });
    expect(scenario.run()).toMatchObject({ requestsDone: 2, duplicates: 1, disagreements: 0 });
    expect(eventsOf(again, "ResponsesAccepted").map((event) => [...event.requestIndexes])).toEqual([[1]]);
  });

  it("a second, different response is a disagreement and the first one stays", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [0] });
    scenario.answer({ agentId: "a", leaseId, batchNumber: 2, responses: [0], fingerprint: () => 77 });
    expect(scenario.run()).toMatchObject({ requestsDone: 1, duplicates: 0, disagreements: 1 });
    expect(scenario.run().fingerprints[0]).toBe(trueFingerprint(0));
  });

  it("a request that stands twice in one batch is counted once", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [3, 3] });
    expect(scenario.run()).toMatchObject({ requestsDone: 1, duplicates: 1 });
  });

  it("a resent batch is acknowledged again and costs nothing twice", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    const wish = { agentId: "a", leaseId, batchNumber: 1, responses: [0, 1], slotSeconds: 2.5 };
    scenario.answer(wish);
    const again = scenario.answer(wish);
    expect(again.events).toEqual([]);
    expect(again.effects).toEqual([{ kind: "AcknowledgeBatch", agentId: "a", batchNumber: 1 }]);
    expect(scenario.run()).toMatchObject({ slotSeconds: 2.5, promptTokens: 14, completionTokens: 4, duplicates: 0 });
    expect(scenario.run().agents.get("a")).toMatchObject({ slotSeconds: 2.5, responses: 2 });
  });

  it("a resent batch costs nothing twice across a restart of the coordinator", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    const wish = { agentId: "a", leaseId, batchNumber: 1, responses: [0, 1], slotSeconds: 2.5 };
    scenario.answer(wish);
    scenario.restart();
    expect(scenario.answer(wish).effects).toEqual([{ kind: "AcknowledgeBatch", agentId: "a", batchNumber: 1 }]);
    expect(scenario.run().slotSeconds).toBe(2.5);
  });

  it("batches of one agent may arrive in any order", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    scenario.answer({ agentId: "a", leaseId, batchNumber: 2, responses: [2, 3] });
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [0, 1] });
    expect(scenario.run().requestsDone).toBe(4);
  });
});

describe("refusing responses", () => {
  it("a request that was never leased to that agent is refused, the batch acknowledged, the rest counted", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 4 });
    for (const agentId of ["a", "b"]) scenario.join(anAgent(agentId));
    const own = scenario.leaseFor("a");
    scenario.leaseFor("b");
    const foreign = [0, 1, 2, 3].find((request) => !own.samples.includes(request))!;
    const responses = [own.samples[0]!, foreign, 99];
    const decision = scenario.answer({ agentId: "a", leaseId: own.leaseId, batchNumber: 1, responses });
    expect(effectsOf(decision, "CountRefusal")).toEqual([{ kind: "CountRefusal", reason: "notLeased", responses: 2 }]);
    expect(effectsOf(decision, "AcknowledgeBatch")).toHaveLength(1);
    expect(scenario.run()).toMatchObject({ requestsDone: 1, duplicates: 0, disagreements: 0 });
  });

  it.each([
    ["another agent's lease", { agentId: "b" }, "otherAgent"],
    ["a lease that never was", { leaseId: "r1.9.9" }, "unknownLease"],
    ["a run that never was", { runId: "r9" }, "unknownRun"],
  ] as const)("a batch that names %s is refused and acknowledged", (_name, wish, reason) => {
    const { scenario, leaseId } = fourLeasedSamples();
    scenario.join(anAgent("c"));
    const decision = scenario.answer({ agentId: "a", leaseId, batchNumber: 5, responses: [0, 1], ...wish });
    // Written down, so that a coordinator which leads no more acknowledges nothing.
    expect(decision.events).toMatchObject([{ kind: "BatchRefused", batchNumber: 5, reason, responses: 2 }]);
    expect(decision.effects.map((effect) => effect.kind)).toEqual(["CountRefusal", "AcknowledgeBatch"]);
    expect(decision.effects[0]).toMatchObject({ reason, responses: 2 });
    expect(scenario.run().requestsDone).toBe(0);
  });

  it("a batch for a run that ended is refused and acknowledged", () => {
    const { scenario, leaseId } = fourLeasedSamples();
    scenario.take({ kind: "CancelRequested", runId: "r1" });
    const decision = scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [0] });
    expect(decision.events.map(({ kind }) => kind)).toEqual(["BatchRefused"]);
    expect(effectsOf(decision, "CountRefusal")[0]!.reason).toBe("runEnded");
    expect(effectsOf(decision, "AcknowledgeBatch")).toHaveLength(1);
  });
});
