import { describe, expect, it } from "vitest";
import { anAgent, anEngine, anEngineWithout } from "../../test/support/core-builders.ts";
import { CoreScenario, effectsOf, eventsOf } from "../../test/support/core-scenario.ts";

/** Agents with one slot of a concurrency, not asking yet. */
function agents(names: readonly string[], concurrency = 1) {
  return names.map((name) => anAgent(name, [anEngine({ concurrency })]));
}

/** Sizes of grants to one slot that asks again and again, at a speed, while nothing comes back. */
function grantSizes(scenario: CoreScenario, agentId: string, tokensPerSecond: number): number[] {
  const sizes: number[] = [];
  for (;;) {
    const granted = eventsOf(scenario.wantWork(agentId, "s0", tokensPerSecond), "LeaseGranted");
    if (granted.length === 0) return sizes;
    sizes.push(granted[0]!.samples.length);
  }
}

describe("sizes of grants", () => {
  it("grants shrink: each is about half of the slot's share of what waits, and never less than a 25th of all", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 512 });
    scenario.join(anAgent("a"));
    expect(grantSizes(scenario, "a", 1e6)).toEqual([256, 128, 64, 32, 21, 11]);
  });

  it("a slot twice as fast gets a share twice as large", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 600 }, "r0");
    for (const agent of agents(["fast", "slow"])) scenario.join(agent);
    grantSizes(scenario, "slow", 500);
    grantSizes(scenario, "fast", 1_000);
    scenario.arrive({ samples: 600 });
    const sizes = new Map(
      ["fast", "slow"].map((agentId) => {
        const [lease] = scenario.run().leaseList.filter((one) => one.agentId === agentId);
        return [agentId, lease!.samples.length];
      }),
    );
    // 600 × 2/3 ÷ 2, then 400 × 1/3 ÷ 2.
    expect(sizes).toEqual(
      new Map([
        ["fast", 200],
        ["slow", 67],
      ]),
    );
  });

  it("a slot whose speed is not known yet gets no more than fills its engine, and no more until it is known", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1000 });
    const [lease] = scenario.joinHungry(anAgent("a", [anEngine({ concurrency: 8 })]));
    expect(lease!.samples).toHaveLength(8);
    expect(scenario.tryLeaseFor("a")).toBeNull();
    const answer = scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [0, 1] });
    expect(eventsOf(answer, "LeaseGranted").map(({ samples }) => samples.length)).toEqual([2]);
  });

  it("a grant holds no more than half a minute of work, so that a slot that comes later finds something", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1000 });
    scenario.join(anAgent("a"));
    // Samples of 10 tokens at 20 tokens a second.
    expect(eventsOf(scenario.wantWork("a", "s0", 20), "LeaseGranted")[0]!.samples).toHaveLength(60);
  });

  it("a grant is never larger than the greatest lease", () => {
    const scenario = new CoreScenario({ leaseSamplesMax: 10 });
    scenario.arrive({ samples: 1000 });
    scenario.join(anAgent("a"));
    expect(eventsOf(scenario.wantWork("a", "s0", 1e9), "LeaseGranted")[0]!.samples).toHaveLength(10);
  });
});

describe("order of grants", () => {
  it("the most expensive samples go first, equal ones in the plan's order", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 6, cost: (sample) => [1, 9, 5, 9, 5, 1][sample]! });
    scenario.join(anAgent("a", [anEngine({ concurrency: 1 })]));
    grantSizes(scenario, "a", 20);
    expect(scenario.run().leaseList.map(({ samples }) => [...samples])).toEqual([
      [1, 3],
      [2, 4],
      [0, 5],
    ]);
  });

  it("a sample is granted whole: all its requests belong to one lease", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 10, requestsPerSample: 5 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    const [sample] = lease!.samples;
    const responses = [0, 1, 2, 3, 4].map((offset) => sample! * 5 + offset);
    scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses });
    expect(scenario.run()).toMatchObject({ requestsDone: 5, samplesDone: 1 });
  });

  it("samples that came back are granted before fresh ones", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 100, cost: (sample) => 100 - sample });
    const [lease] = scenario.joinHungry(anAgent("a"));
    scenario.take({ kind: "LeaseReturned", agentId: "a", leaseId: lease!.leaseId, reason: "drain" });
    expect([...scenario.leaseFor("a").samples]).toEqual([...lease!.samples]);
  });

  it("a slot gets only kinds that its engine can answer", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 8, kinds: ["loglikelihood", "generate_until"] });
    scenario.join(anAgent("a", [anEngineWithout(["loglikelihood"], "no echo")]));
    const samples = scenario.leaseFor("a").samples;
    expect([...samples].every((sample) => sample % 2 === 1)).toBe(true);
  });

  it("a slot with another model gets nothing, nor one with other weights than the run began with", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 8 });
    scenario.joinHungry(anAgent("a", [anEngine({ modelDigest: "weights-1" })]));
    scenario.join(anAgent("b", [anEngine({ modelDigest: "weights-2" }), anEngine({ model: "other" })]));
    expect([scenario.tryLeaseFor("b", "s0"), scenario.tryLeaseFor("b", "s1")]).toEqual([null, null]);
  });

  it("an agent that drains or is gone gets nothing", () => {
    const scenario = new CoreScenario();
    for (const agent of agents(["drained", "gone"])) {
      scenario.join(agent);
      scenario.wantWork(agent.agentId);
    }
    expect(effectsOf(scenario.take({ kind: "DrainRequested", agentId: "drained" }), "SendDrain")).toHaveLength(1);
    scenario.take({ kind: "AgentDisconnected", agentId: "gone", incarnation: "gone-1" });
    expect(eventsOf(scenario.arrive({ samples: 8 }), "LeaseGranted")).toEqual([]);
  });
});

describe("balance", () => {
  it("two slots that ask before a small run arrives get half of it each", () => {
    const scenario = new CoreScenario();
    for (const agent of agents(["a", "b"], 64)) {
      scenario.join(agent);
      scenario.wantWork(agent.agentId);
    }
    const granted = eventsOf(scenario.arrive({ samples: 40 }), "LeaseGranted");
    expect(granted.map(({ agentId, samples }) => [agentId, samples.length])).toEqual([
      ["a", 20],
      ["b", 20],
    ]);
  });

  it("a slot that asks a second later is not left without: it gets what the first has not begun", () => {
    const scenario = new CoreScenario();
    const [first, second] = agents(["first", "second"], 4);
    scenario.join(first!);
    scenario.arrive({ samples: 40 });
    grantSizes(scenario, "first", 100);
    const told = { agentId: "first", slotId: "s0", tokensPerSecond: 10, sampleTokensPerSecond: 10, queuedSamples: 36 };
    scenario.take({ kind: "SlotProgressed", ...told, running: [] });
    expect(scenario.run().costTokensWaiting).toBe(0);
    scenario.nowMs += 1_000;
    scenario.join(second!);
    const recalls = effectsOf(scenario.wantWork("second"), "SendRecall");
    // What fills its engine, newest leases first.
    expect(recalls.map(({ agentId, samplesMax }) => [agentId, samplesMax])).toEqual([
      ["first", 2],
      ["first", 2],
    ]);
    const [recall] = recalls;
    const { samples } = scenario.run().leases.get(recall!.leaseId)!;
    const returned = { agentId: "first", leaseId: recall!.leaseId, samples: [...samples] };
    const [granted] = eventsOf(scenario.take({ kind: "SamplesReturned", ...returned }), "LeaseGranted");
    expect(granted).toMatchObject({ agentId: "second", samples });
  });
});
