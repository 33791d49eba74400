import { describe, expect, it } from "vitest";
import type { RetryClass } from "../../evaluation/response.ts";
import { anAgent, anEngine, anEngineWithout } from "../../test/support/core-builders.ts";
import { CoreScenario, eventsOf } from "../../test/support/core-scenario.ts";

/** One sample, and agents with one slot each that say nothing until asked. */
function oneSample(...agentIds: string[]): CoreScenario {
  const scenario = new CoreScenario();
  scenario.arrive({ samples: 1 });
  for (const agentId of agentIds) scenario.join(anAgent(agentId));
  return scenario;
}

let batchNumber = 0;

/** The agent takes the sample and fails on it; whether the request is quarantined now. */
function failOn(scenario: CoreScenario, agentId: string, retry: RetryClass = "elsewhere"): boolean {
  const { leaseId } = scenario.leaseFor(agentId);
  batchNumber += 1;
  const decision = scenario.answer({ agentId, leaseId, batchNumber, failures: [[0, retry]] });
  return eventsOf(decision, "RequestQuarantined").length > 0;
}

describe("failed requests", () => {
  it("a failed sample goes to another hungry slot before the slot that failed on it", () => {
    const scenario = oneSample("a", "b");
    const { leaseId } = scenario.leaseFor("a");
    expect(scenario.tryLeaseFor("b")).toBeNull();
    expect(scenario.tryLeaseFor("a")).toBeNull();
    const decision = scenario.answer({ agentId: "a", leaseId, batchNumber: 1, failures: [[0, "elsewhere"]] });
    expect(eventsOf(decision, "LeaseGranted").map((event) => event.agentId)).toEqual(["b"]);
  });

  it("a failed sample waits for a slot that works on the run, not for one that never asks", () => {
    const scenario = oneSample("a", "idle");
    expect(failOn(scenario, "a")).toBe(false);
    expect(scenario.tryLeaseFor("a")).not.toBeNull();
  });

  it("a failed sample does not go back to the slot that failed while another one is at work on the run", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 2 });
    for (const agentId of ["a", "b"]) scenario.join(anAgent(agentId));
    const { leaseId, samples } = scenario.leaseFor("a");
    scenario.leaseFor("b");
    const [request] = samples;
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, failures: [[request!, "elsewhere"]] });
    expect(scenario.tryLeaseFor("a")).toBeNull();
    expect([...scenario.leaseFor("b").samples]).toEqual([request]);
  });

  it("only the failed sample leaves its lease; the other samples stay", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 3 });
    const [lease] = scenario.joinHungry(anAgent("a", [anEngine({ concurrency: 3 })]));
    scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, failures: [[1, "elsewhere"]] });
    expect(lease).toMatchObject({ openSamples: 2, end: null });
    expect(scenario.run().holder[1]).toBe(0);
  });

  it("a sample that failed on every slot is tried once more and then set aside, it never waits for ever", () => {
    const scenario = oneSample("a", "b");
    expect(failOn(scenario, "a")).toBe(false);
    expect(failOn(scenario, "b")).toBe(false);
    expect(failOn(scenario, "a")).toBe(true);
    expect(scenario.run().phase).toBe("scoring");
  });

  it.each([
    [1, ["a", "a"]],
    [2, ["a", "b", "a"]],
    [3, ["a", "b", "c", "a"]],
    [5, ["a", "b", "c", "d"]],
  ])("with %i slots a request is set aside after min(3, slots) slots and one more attempt", (slots, attempts) => {
    const scenario = oneSample(...["a", "b", "c", "d", "e"].slice(0, slots));
    const outcomes = attempts.map((agentId) => failOn(scenario, agentId));
    expect(outcomes).toEqual(attempts.map((_, index) => index === attempts.length - 1));
  });

  it("slots that cannot answer the request's kind do not count among those it must break", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1, kinds: ["loglikelihood"] });
    scenario.join(anAgent("a"));
    scenario.join(anAgent("b", [anEngineWithout(["loglikelihood"], "no echo")]));
    expect([failOn(scenario, "a"), failOn(scenario, "a")]).toEqual([false, true]);
  });

  it("a request that must never be retried is set aside at once", () => {
    const scenario = oneSample("a", "b");
    expect(failOn(scenario, "a", "never")).toBe(true);
  });

  it("a request is set aside after the greatest number of attempts, whatever slots it met", () => {
    const scenario = new CoreScenario({ attemptsMax: 2 });
    scenario.arrive({ samples: 1 });
    for (const agentId of ["a", "b", "c", "d"]) scenario.join(anAgent(agentId));
    expect([failOn(scenario, "a"), failOn(scenario, "b")]).toEqual([false, true]);
  });

  it("a failure of a request that has its answer changes nothing", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 2 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    const { leaseId } = lease!;
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, responses: [0], failures: [[0, "never"]] });
    const late = scenario.answer({ agentId: "a", leaseId, batchNumber: 2, failures: [[0, "never"]] });
    expect(eventsOf(late, "RequestFailed")).toEqual([]);
    expect(scenario.run().quarantined.size).toBe(0);
  });

  it("a late failure of an old lease does not take the sample from the lease that holds it now", () => {
    const scenario = new CoreScenario({ leaseDurationMs: 1000 });
    scenario.arrive({ samples: 1 });
    const [old] = scenario.joinHungry(anAgent("a"));
    scenario.passTime(1000);
    const [current] = scenario.joinHungry(anAgent("b"));
    scenario.answer({ agentId: "a", leaseId: old!.leaseId, batchNumber: 1, failures: [[0, "elsewhere"]] });
    expect(scenario.run().holder[0]).toBe(current!.ordinal);
    expect(current!.openSamples).toBe(1);
  });

  it("a late response to a request that was set aside counts as a duplicate, and the run stays partial", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 2 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    const { leaseId } = lease!;
    scenario.answer({ agentId: "a", leaseId, batchNumber: 1, failures: [[0, "never"]] });
    scenario.answer({ agentId: "a", leaseId, batchNumber: 2, responses: [0, 1] });
    expect(scenario.run()).toMatchObject({ requestsDone: 1, duplicates: 1, phase: "scoring" });
    scenario.take({ kind: "ScoresArrived", runId: "r1", outcome: { kind: "scored", scoresDigest: "d" } });
    expect(scenario.run()).toMatchObject({
      end: "partial",
      reason: "1 requests got no answer; the first: request 0 broke the engine",
    });
  });
});

/** The agent answers all that it is asked but what breaks it, until there is nothing more. */
function workOff(scenario: CoreScenario, broken: readonly number[]): number[] {
  const asked: number[] = [];
  while (scenario.run().phase === "computing") {
    const { leaseId, samples } = scenario.leaseFor("a");
    const requests = [...samples];
    asked.push(...requests);
    batchNumber += 1;
    const failures = requests
      .filter((request) => broken.includes(request))
      .map((request) => [request, "never"] as const);
    const responses = requests.filter((request) => !broken.includes(request));
    scenario.answer({ agentId: "a", leaseId, batchNumber, responses, failures });
  }
  scenario.take({ kind: "ScoresArrived", runId: "r1", outcome: { kind: "scored", scoresDigest: "s" } });
  return asked.toSorted((left, right) => left - right);
}

describe("a partial run that is tried again", () => {
  it("asks again only what was set aside, also where it is set aside anew, and ends done once all is answered", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 4 });
    scenario.join(anAgent("a"));
    expect(workOff(scenario, [2, 3])).toEqual([0, 1, 2, 3]);
    expect(scenario.run()).toMatchObject({ phase: "ended", end: "partial" });

    scenario.take({ kind: "RetryRequested", run: scenario.run() });
    expect(workOff(scenario, [3])).toEqual([2, 3]);
    expect(scenario.run()).toMatchObject({ phase: "ended", end: "partial", samplesDone: 4, requestsDone: 3 });

    scenario.take({ kind: "RunArchived", runId: "r1" });
    const run = scenario.folded().runs.get("r1")!;
    const { events } = scenario.take({ kind: "RetryRequested", run });
    expect(events.map(({ kind }) => kind)).toEqual(["QuarantineLifted", "RunReopened"]);
    expect(workOff(scenario, [])).toEqual([3]);
    expect(scenario.folded().runs.get("r1")).toMatchObject({ end: "done", requestsDone: 4, samplesDone: 4 });
  });

  it("is opened once where two tries read its journal at the same time", () => {
    const scenario = oneSample("a");
    expect(failOn(scenario, "a", "never")).toBe(true);
    scenario.take({ kind: "ScoresArrived", runId: "r1", outcome: { kind: "scored", scoresDigest: "s" } });
    const [first, second] = [scenario.folded().runs.get("r1")!, scenario.folded().runs.get("r1")!];
    scenario.take({ kind: "RunArchived", runId: "r1" });
    scenario.take({ kind: "RetryRequested", run: first });
    const { events } = scenario.take({ kind: "RetryRequested", run: second });
    expect(events.map(({ kind }) => kind)).toEqual(["RunReopened"]);
  });

  it("is opened by the next try where the coordinator died in the middle of the first", () => {
    const scenario = oneSample("a");
    expect(failOn(scenario, "a", "never")).toBe(true);
    scenario.take({ kind: "ScoresArrived", runId: "r1", outcome: { kind: "scored", scoresDigest: "s" } });
    scenario.take({ kind: "RetryRequested", run: scenario.run() });
    const run = scenario.folded().runs.get("r1")!;
    expect(run.phase).toBe("computing");
    expect(scenario.take({ kind: "RetryRequested", run }).events).toEqual([{ kind: "RunReopened", runId: "r1" }]);
  });
});
