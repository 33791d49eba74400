import { describe, expect, it } from "vitest";
import { anAgent, anEngine, anEngineWithout } from "../../test/support/core-builders.ts";
import { CoreScenario, effectsOf, eventsOf } from "../../test/support/core-scenario.ts";
import type { EngineDescription } from "../../evaluation/engine.ts";
import type { Decision } from "./decide.ts";

/** Tokens a second; a built response has 9 tokens. */
const SLOW = 0.1;
const FAST = 1;

/**
 * The last two of 200 samples of 9 tokens, which `slow` has computed for a second; the others are done, and `fast` is
 * known to be fast and has nothing.
 */
function endOfRun({ engine = anEngine(), fast = FAST }: { engine?: EngineDescription; fast?: number } = {}) {
  const scenario = new CoreScenario();
  scenario.arrive({ samples: 200, cost: () => 9 });
  scenario.join(anAgent("slow"));
  const lease = scenario.leaseFor("slow");
  scenario.join(anAgent("rest"));
  while (scenario.run().costTokensWaiting > 0) scenario.wantWork("rest", "s0", 1e9, FAST);
  const rest = scenario.run().leaseList.filter(({ agentId }) => agentId === "rest");
  rest.forEach(({ leaseId, samples }, batchNumber) => {
    scenario.answer({ agentId: "rest", leaseId, batchNumber, responses: [...samples] });
  });
  scenario.take({ kind: "AgentDisconnected", agentId: "rest", incarnation: "rest-1" });
  scenario.join(anAgent("fast", [engine]));
  scenario.wantWork("fast", "s0", fast, fast);
  const running = Array.from(lease.samples, (sample) => ({ leaseId: lease.leaseId, sample, elapsedMs: 1_000 }));
  tell(scenario, "slow", SLOW, running);
  scenario.nowMs += 1_000;
  const [copy] = eventsOf(tell(scenario, "fast", fast), "LeaseGranted");
  return { scenario, leaseId: lease.leaseId, copy };
}

function tell(
  scenario: CoreScenario,
  agentId: string,
  speed: number,
  running: readonly { leaseId: string; sample: number; elapsedMs: number }[] = [],
): Decision {
  const speeds = { tokensPerSecond: speed, sampleTokensPerSecond: speed };
  return scenario.take({ kind: "SlotProgressed", agentId, slotId: "s0", ...speeds, queuedSamples: 0, running });
}

describe("speculative copies", () => {
  it("a fast slot that has room computes what a slow one holds up the run with, and the first answer counts", () => {
    const { scenario, leaseId, copy } = endOfRun();
    expect(copy).toMatchObject({ agentId: "fast", isCopy: true });
    expect([...copy!.samples]).toEqual([0, 1]);
    const answer = scenario.answer({ agentId: "fast", leaseId: copy!.leaseId, batchNumber: 1, responses: [0] });
    expect(effectsOf(answer, "SendAbandonment")).toMatchObject([{ agentId: "slow", leaseId, samples: [0] }]);
    const other = scenario.answer({ agentId: "slow", leaseId, batchNumber: 1, responses: [0, 1] });
    expect(effectsOf(other, "SendAbandonment")).toMatchObject([{ agentId: "fast", samples: [1] }]);
    expect(scenario.run()).toMatchObject({ phase: "scoring", requestsDone: 200, duplicates: 1, costTokensWaiting: 0 });
  });

  it("never two copies of a sample, and none after a restart of what is copied", () => {
    const { scenario } = endOfRun();
    scenario.join(anAgent("other"));
    scenario.wantWork("other", "s0", FAST, FAST);
    expect(tell(scenario, "other", FAST).events).toEqual([]);
    expect(scenario.folded().runs.get("r1")!.copies).toEqual(scenario.run().copies);
  });

  it("a lease that ends leaves its samples to the copy, and a copy that ends to the lease", () => {
    const { scenario, leaseId, copy } = endOfRun();
    const samples = [1];
    scenario.take({ kind: "SamplesReturned", agentId: "fast", leaseId: copy!.leaseId, samples });
    scenario.take({ kind: "LeaseReturned", agentId: "slow", leaseId, reason: "drain" });
    expect(scenario.run().costTokensWaiting).toBe(9);
    expect([...scenario.run().holder.slice(0, 2)].map((ordinal) => ordinal > 0)).toEqual([true, false]);
    expect(scenario.run().leases.get(copy!.leaseId)).toMatchObject({ openSamples: 1, end: null });
  });

  it("nothing is copied that would not be done well before, nor to a slot that is no faster, nor of a kind it cannot", () => {
    for (const fast of [SLOW, 1.5 * SLOW]) {
      const { scenario, copy } = endOfRun({ fast });
      expect([copy, ...tell(scenario, "fast", fast).events]).toEqual([undefined]);
    }
    const engine = anEngineWithout(["loglikelihood"], "no echo");
    const { scenario, copy } = endOfRun({ engine });
    expect([copy, ...tell(scenario, "fast", FAST).events]).toEqual([undefined]);
  });
});

describe("samples that would outlast the run", () => {
  it("are left to a slot that computes a sample well faster, and taken where that one does nothing any more", () => {
    const scenario = new CoreScenario({ leaseDurationMs: 1e9 });
    scenario.join(anAgent("fast"));
    scenario.join(anAgent("slow"));
    scenario.wantWork("fast", "s0", FAST, FAST);
    scenario.arrive({ samples: 4, cost: (sample) => (sample === 0 ? 30 : 1) });
    expect([...scenario.run().leaseList[0]!.samples]).toContain(0);
    const again = new CoreScenario({ leaseDurationMs: 1e9 });
    again.join(anAgent("fast"));
    again.wantWork("fast", "s0", FAST, FAST);
    again.arrive({ samples: 1 }, "r0");
    again.join(anAgent("slow"));
    again.arrive({ samples: 4, cost: (sample) => (sample === 0 ? 30 : 1) });
    const granted = eventsOf(again.wantWork("slow", "s0", SLOW, SLOW), "LeaseGranted").flatMap(({ samples }) => [
      ...samples,
    ]);
    expect(granted).not.toContain(0);
    again.nowMs += 120_000;
    again.take({ kind: "TimePassed" });
    again.wantWork("slow", "s0", SLOW, SLOW);
    expect(again.run().everGranted[0]).toBe(1);
  });
});
