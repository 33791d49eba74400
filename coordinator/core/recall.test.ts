import { describe, expect, it } from "vitest";
import { anAgent, anEngine, anEngineWithout } from "../../test/support/core-builders.ts";
import { CoreScenario, effectsOf, eventsOf } from "../../test/support/core-scenario.ts";

/** A run whose samples are all leased to a slot of agent `holder` that runs one at a time; agent `thief` is connected. */
function hoarded(samples: number, thief = anAgent("thief")): { scenario: CoreScenario; leaseId: string } {
  const scenario = new CoreScenario({ leaseSamplesMax: 1024 });
  scenario.join(anAgent("holder", [anEngine({ concurrency: 1 })]));
  scenario.arrive({ samples });
  // One lease of everything: fast enough, then asked until nothing waits.
  while (scenario.run().costTokensWaiting > 0) scenario.wantWork("holder", "s0", 1e9);
  // And slow from then on.
  const speeds = { tokensPerSecond: 1, sampleTokensPerSecond: 1 };
  const told = { agentId: "holder", slotId: "s0", ...speeds, queuedSamples: samples, running: [] };
  scenario.take({ kind: "SlotProgressed", ...told });
  scenario.join(thief);
  return { scenario, leaseId: scenario.run().leaseList[0]!.leaseId };
}

describe("recalling samples", () => {
  it("an idle slot recalls what fills its engine from the newest leases of the slot that has most that has not begun", () => {
    const { scenario } = hoarded(8);
    const [newest, second] = scenario.run().leaseList.toReversed();
    expect([newest!.openSamples, second!.openSamples]).toEqual([1, 1]);
    const recalls = effectsOf(scenario.wantWork("thief"), "SendRecall");
    expect(recalls.map(({ leaseId, samplesMax }) => [leaseId, samplesMax])).toEqual([
      [newest!.leaseId, 1],
      [second!.leaseId, 1],
    ]);
  });

  it("one recall at a time: a slot that waits for an answer asks nobody else", () => {
    const { scenario } = hoarded(8);
    scenario.wantWork("thief");
    expect(effectsOf(scenario.passTime(999), "SendRecall")).toEqual([]);
    expect(effectsOf(scenario.passTime(1), "SendRecall")).not.toHaveLength(0);
  });

  it("a lease that had nothing to give is left alone for a while", () => {
    const { scenario } = hoarded(8);
    const [recall] = effectsOf(scenario.wantWork("thief"), "SendRecall");
    const { leaseId } = recall!;
    scenario.nowMs += 500;
    const answer = scenario.take({ kind: "SamplesReturned", agentId: "holder", leaseId, samples: [] });
    expect([...answer.events, ...answer.effects]).toEqual([]);
    expect(effectsOf(scenario.passTime(999), "SendRecall")).toEqual([]);
    expect(effectsOf(scenario.passTime(1), "SendRecall")).not.toHaveLength(0);
  });

  it("what its holder begins in a moment is left to it", () => {
    const { scenario } = hoarded(8);
    const told = { agentId: "holder", slotId: "s0", tokensPerSecond: 1e3, sampleTokensPerSecond: 1e3 };
    scenario.take({ kind: "SlotProgressed", ...told, queuedSamples: 7, running: [] });
    expect(effectsOf(scenario.wantWork("thief"), "SendRecall")).toEqual([]);
  });

  it("what is in the holder's engine is not recalled", () => {
    const { scenario } = hoarded(1);
    expect(effectsOf(scenario.wantWork("thief"), "SendRecall")).toEqual([]);
  });

  it("a slot that has as much as its engine holds does not recall", () => {
    const { scenario } = hoarded(40);
    const thief = { agentId: "thief", leaseId: "" };
    const [recall] = effectsOf(scenario.wantWork("thief"), "SendRecall");
    const samples = [...scenario.run().leases.get(recall!.leaseId)!.samples];
    scenario.take({ kind: "SamplesReturned", agentId: "holder", leaseId: recall!.leaseId, samples });
    while (scenario.tryLeaseFor("thief") !== null) thief.leaseId = "granted";
    scenario.passTime(5_000);
    const own = [...scenario.run().openLeases].filter((lease) => lease.agentId === "thief");
    const open = own.reduce((sum, lease) => sum + lease.openSamples, 0);
    expect(open).toBeGreaterThanOrEqual(2);
    expect(effectsOf(scenario.passTime(5_000), "SendRecall")).toEqual([]);
  });

  it("a slot whose engine cannot answer a kind of the run recalls nothing of it", () => {
    const { scenario } = hoarded(8, anAgent("thief", [anEngineWithout(["loglikelihood"], "no echo")]));
    expect(effectsOf(scenario.wantWork("thief"), "SendRecall")).toEqual([]);
  });

  it("only what a lease holds now returns: answered, foreign and invented samples do not", () => {
    const { scenario, leaseId } = hoarded(8);
    const lease = scenario.run().leases.get(leaseId)!;
    const [answered, held] = lease.samples;
    scenario.answer({ agentId: "holder", leaseId, batchNumber: 1, responses: [answered!] });
    const samples = [answered!, held!, held!, 99_999];
    const stranger = scenario.take({ kind: "SamplesReturned", agentId: "thief", leaseId, samples });
    expect(stranger.events).toEqual([]);
    const answer = scenario.take({ kind: "SamplesReturned", agentId: "holder", leaseId, samples });
    expect(eventsOf(answer, "SamplesReturned").map((event) => [...event.samples])).toEqual([[held]]);
  });

  it("a lease whose last open samples went back is completed", () => {
    const { scenario, leaseId } = hoarded(2);
    const samples = [...scenario.run().leases.get(leaseId)!.samples];
    const answer = scenario.take({ kind: "SamplesReturned", agentId: "holder", leaseId, samples });
    expect(eventsOf(answer, "LeaseEnded")).toMatchObject([{ leaseId, end: "completed" }]);
  });
});
