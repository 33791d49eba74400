import { describe, expect, it } from "vitest";
import { anAgent, anEngine } from "../../test/support/core-builders.ts";
import { CoreScenario, effectsOf, eventsOf } from "../../test/support/core-scenario.ts";
import { describeRun } from "../../test/support/describe-run.ts";
import { decodeEvents, encodeEvents } from "../shell/event-encoding.ts";
import { evolve } from "./evolve.ts";
import { emptyState } from "./state.ts";

/** A story with every kind of event of a run: grants, failures, a quarantine, an expiry, returns, a late response. */
function eventfulStory(): CoreScenario {
  const scenario = new CoreScenario({ leaseDurationMs: 1_000, standstillMs: 10_000 });
  const four = [anEngine({ concurrency: 4 })];
  scenario.arrive({ samples: 12, requestsPerSample: 2, kinds: ["loglikelihood", "generate_until"] });
  const [first] = scenario.joinHungry(anAgent("a", four));
  const [second] = scenario.joinHungry(anAgent("b", four));
  const [sample] = first!.samples;
  const { leaseId } = first!;
  scenario.answer({
    agentId: "a",
    leaseId,
    batchNumber: 1,
    responses: [2 * sample!],
    failures: [[2 * sample! + 1, "never"]],
  });
  scenario.answer({
    agentId: "b",
    leaseId: second!.leaseId,
    batchNumber: 1,
    failures: [[2 * second!.samples[0]!, "elsewhere"]],
  });
  scenario.take({ kind: "SamplesReturned", agentId: "a", leaseId, samples: [first!.samples[1]!] });
  scenario.passTime(999);
  scenario.take({ kind: "LeasesRenewed", agentId: "a", leaseIds: [leaseId] });
  scenario.passTime(1);
  scenario.answer({ agentId: "b", leaseId: second!.leaseId, batchNumber: 2, responses: [2 * second!.samples[1]!] });
  return scenario;
}

describe("folding a journal", () => {
  it("gives the live state again, also through the JSON that is on the disk", () => {
    const scenario = eventfulStory();
    const kinds = new Set(scenario.events.map((event) => event.kind));
    expect([...kinds].toSorted()).toEqual([
      "AgentAdmitted",
      "EpochStarted",
      "LeaseEnded",
      "LeaseGranted",
      "RequestFailed",
      "RequestQuarantined",
      "ResponsesAccepted",
      "RunAccepted",
      "RunListed",
      "SamplesReturned",
    ]);
    const stored = emptyState(scenario.state.settings);
    for (const event of decodeEvents(encodeEvents(scenario.events), "a test")) evolve(stored, event, 0);
    expect(describeRun(stored.runs.get("r1")!)).toBe(describeRun(scenario.run()));
    expect(describeRun(scenario.folded().runs.get("r1")!)).toBe(describeRun(scenario.run()));
  });

  it("gives open leases a fresh deadline, for a monotonic clock does not survive a restart", () => {
    const scenario = eventfulStory();
    scenario.nowMs = 5;
    scenario.restart();
    for (const lease of scenario.run().openLeases) expect(lease.deadlineMs).toBe(5 + 1_000);
    expect(scenario.run().openLeases.size).toBeGreaterThan(0);
  });

  it("a new epoch never grants under an old name", () => {
    const scenario = eventfulStory();
    const before = scenario.run().leaseList.map((lease) => lease.leaseId);
    scenario.restart();
    scenario.join(anAgent("c"));
    const { leaseId, epoch } = scenario.leaseFor("c");
    expect(before).not.toContain(leaseId);
    expect(epoch).toBe(2);
  });
});

describe("a restart", () => {
  it("an agent that still holds its lease keeps it; what it does not know goes back at once", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 8 });
    scenario.join(anAgent("a", 2));
    const [kept, lost] = [scenario.leaseFor("a", "s0"), scenario.leaseFor("a", "s1")];
    scenario.restart();
    const welcome = scenario.join(anAgent("a", 2), [kept.leaseId, "r9.9.9"]);
    expect(effectsOf(welcome, "SendWelcome")).toEqual([
      { kind: "SendWelcome", agentId: "a", keptLeaseIds: [kept.leaseId] },
    ]);
    expect(eventsOf(welcome, "LeaseEnded")).toMatchObject([{ leaseId: lost.leaseId, end: "forgotten" }]);
  });

  it("a run that was computed and not scored is scored", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    const last = scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [0] });
    expect(effectsOf(last, "FinishRun")).toHaveLength(1);
    expect(effectsOf(scenario.restart(), "FinishRun")).toEqual([{ kind: "FinishRun", runId: "r1" }]);
  });

  it("a run whose last response is durable and whose completion is not is completed", () => {
    const scenario = new CoreScenario();
    scenario.arrive({ samples: 1 });
    const [lease] = scenario.joinHungry(anAgent("a"));
    scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [0] });
    const cut = scenario.events.findIndex((event) => event.kind === "ResponsesAccepted");
    scenario.events.splice(cut + 1);
    const restarted = scenario.restart();
    expect(restarted.events.map((event) => event.kind)).toEqual([
      "EpochStarted",
      "RunTakenUp",
      "LeaseEnded",
      "RunComputed",
    ]);
    expect(effectsOf(restarted, "FinishRun")).toHaveLength(1);
  });
});
