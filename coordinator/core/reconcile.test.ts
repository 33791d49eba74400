import { describe, expect, it } from "vitest";
import { anAgent } from "../../test/support/core-builders.ts";
import { CoreScenario, effectsOf, eventsOf } from "../../test/support/core-scenario.ts";

/** One agent that holds a lease of a second's life. */
function leased(): { scenario: CoreScenario; leaseId: string } {
  const scenario = new CoreScenario({ leaseDurationMs: 1_000, standstillMs: 600 });
  scenario.arrive({ samples: 4 });
  const [lease] = scenario.joinHungry(anAgent("a"));
  return { scenario, leaseId: lease!.leaseId };
}

describe("deadlines", () => {
  it("a lease that is not renewed expires at its deadline, not before, and its agent is told", () => {
    const { scenario, leaseId } = leased();
    scenario.passTime(500);
    expect(scenario.passTime(499).events).toEqual([]);
    const expired = scenario.passTime(1);
    expect(eventsOf(expired, "LeaseEnded")).toMatchObject([{ leaseId, end: "expired" }]);
    expect(effectsOf(expired, "SendRevocation")).toMatchObject([{ agentId: "a", leaseId }]);
    expect(scenario.run().leaseExpiries).toBe(1);
  });

  it("a slot that answers nothing for too long keeps no lease, however often it is renewed", () => {
    const scenario = new CoreScenario({ leaseDurationMs: 1_000, slotSilenceMs: 5_000, standstillMs: 1e9 });
    scenario.arrive({ samples: 4 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    const renewUntil = (endMs: number): void => {
      for (; scenario.nowMs < endMs; scenario.nowMs += 500) {
        scenario.take({ kind: "LeasesRenewed", agentId: "a", leaseIds: [lease!.leaseId] });
        scenario.take({ kind: "TimePassed" });
      }
    };
    renewUntil(4_000);
    scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [lease!.samples[0]!] });
    renewUntil(8_500);
    expect(scenario.run().leases.get(lease!.leaseId)!.end).not.toBe("expired");
    renewUntil(11_000);
    expect(scenario.run().leases.get(lease!.leaseId)!.end).toBe("expired");
  });

  it("a renewal moves the deadline; one of another agent does not", () => {
    const { scenario, leaseId } = leased();
    scenario.passTime(500);
    scenario.take({ kind: "LeasesRenewed", agentId: "a", leaseIds: [leaseId] });
    scenario.passTime(500);
    expect(scenario.passTime(499).events).toEqual([]);
    scenario.take({ kind: "LeasesRenewed", agentId: "b", leaseIds: [leaseId] });
    expect(eventsOf(scenario.passTime(1), "LeaseEnded")).toMatchObject([{ end: "expired" }]);
  });

  it("a coordinator that stood still itself does not blame its agents", () => {
    const { scenario } = leased();
    scenario.passTime(500);
    expect(scenario.passTime(60_000).events).toEqual([]);
    scenario.passTime(499);
    expect(eventsOf(scenario.passTime(1), "LeaseEnded")).toMatchObject([{ end: "expired" }]);
  });
});

describe("the end of a run", () => {
  it("a lease ends when its last sample is finished, a run when its last request is", () => {
    const { scenario } = leased();
    let last = scenario.passTime(0);
    for (let batchNumber = 1; scenario.run().phase === "computing"; batchNumber++) {
      const [lease] = scenario.run().openLeases;
      const { leaseId, samples } = lease ?? scenario.leaseFor("a");
      last = scenario.answer({ agentId: "a", leaseId, batchNumber, responses: [...samples] });
      expect(eventsOf(last, "LeaseEnded")).toMatchObject([{ leaseId, end: "completed" }]);
    }
    expect(scenario.run().requestsDone).toBe(4);
    expect(last.events.at(-1)).toEqual({ kind: "RunComputed", runId: "r1" });
    expect(effectsOf(last, "FinishRun")).toEqual([{ kind: "FinishRun", runId: "r1" }]);
  });

  it("scores end a run once", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [0] });
    const outcome = { kind: "scored", scoresDigest: "d" } as const;
    const ended = scenario.take({ kind: "ScoresArrived", runId: "r1", outcome });
    expect(ended.events).toEqual([
      { kind: "RunEnded", runId: "r1", end: "done", reason: "" },
      { kind: "RunClosed", runId: "r1" },
    ]);
    expect(scenario.take({ kind: "ScoresArrived", runId: "r1", outcome }).events).toEqual([]);
  });

  it("scoring that fails ends the run as failed, with the reason", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [0] });
    scenario.take({ kind: "ScoresArrived", runId: "r1", outcome: { kind: "failed", message: "no room" } });
    expect(scenario.run()).toMatchObject({ phase: "ended", end: "failed", reason: "no room" });
  });

  it("a cancelled run revokes its leases, ends, and is forgotten when it is archived", () => {
    const { scenario, leaseId } = leased();
    const cancelled = scenario.take({ kind: "CancelRequested", runId: "r1" });
    expect(cancelled.events.map((event) => event.kind)).toEqual(["LeaseEnded", "RunEnded", "RunClosed"]);
    expect(effectsOf(cancelled, "SendRevocation")).toMatchObject([{ agentId: "a", leaseId }]);
    expect(scenario.take({ kind: "CancelRequested", runId: "r1" }).events).toEqual([]);
    scenario.take({ kind: "RunArchived", runId: "r1" });
    expect(scenario.state.runs.size).toBe(0);
  });

  it("a run whose plan is lost ends as failed, with the reason, and can be tried again", () => {
    const { scenario, leaseId } = leased();
    const lost = scenario.take({ kind: "PlanLost", runId: "r1", message: "blob b is damaged" });
    expect(lost.events.map((event) => event.kind)).toEqual(["LeaseEnded", "RunEnded", "RunClosed"]);
    expect(effectsOf(lost, "SendRevocation")).toMatchObject([{ agentId: "a", leaseId }]);
    expect(scenario.run()).toMatchObject({ end: "failed", reason: expect.stringContaining("blob b is damaged") });
    expect(scenario.take({ kind: "PlanLost", runId: "r1", message: "again" }).events).toEqual([]);
    scenario.take({ kind: "RetryRequested", run: scenario.run() });
    expect(scenario.run()).toMatchObject({ phase: "computing", end: null, reason: "" });
  });

  it("a run that is submitted again is the same run; one that computes is not forgotten", () => {
    const { scenario } = leased();
    expect(scenario.arrive({ samples: 4 }).events).toEqual([]);
    scenario.take({ kind: "RunArchived", runId: "r1" });
    expect(scenario.run().phase).toBe("computing");
  });

  it("runs are served in the order of their arrival, and the next gets what the first does not need", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1 }, "r1");
    scenario.arrive({ samples: 1 }, "r2");
    scenario.join(anAgent("a"));
    expect(scenario.leaseFor("a").leaseId).toMatch(/^r1\./);
    expect(scenario.leaseFor("a").leaseId).toMatch(/^r2\./);
  });
});

describe("agents that come and go", () => {
  it("a broken connection does not take the lease: the agent may be back before the deadline", () => {
    const { scenario, leaseId } = leased();
    expect(scenario.take({ kind: "AgentDisconnected", agentId: "a", incarnation: "a-1" }).events).toEqual([]);
    const back = scenario.join(anAgent("a"), [leaseId]);
    expect(effectsOf(back, "SendWelcome")[0]!.keptLeaseIds).toEqual([leaseId]);
  });

  it("the end of an old connection does not disconnect the new one", () => {
    const { scenario } = leased();
    scenario.join(anAgent("a", 1, "a-2"));
    scenario.take({ kind: "AgentDisconnected", agentId: "a", incarnation: "a-1" });
    expect(scenario.state.agents.get("a")!.connected).toBe(true);
  });

  it("a lease that its agent gives back goes to the next slot at once; another agent cannot give it back", () => {
    const { scenario, leaseId } = leased();
    const wish = { kind: "LeaseReturned", leaseId, reason: "the engine failed" } as const;
    expect(scenario.take({ ...wish, agentId: "b" }).events).toEqual([]);
    scenario.join(anAgent("b"));
    while (eventsOf(scenario.wantWork("b", "s0", 100), "LeaseGranted").length > 0);
    const returned = scenario.take({ ...wish, agentId: "a" });
    expect(eventsOf(returned, "LeaseEnded")).toMatchObject([{ leaseId, end: "returned" }]);
    expect(eventsOf(returned, "LeaseGranted")).toMatchObject([{ agentId: "b" }]);
  });
});
