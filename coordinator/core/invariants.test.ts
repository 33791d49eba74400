import { expect, it } from "vitest";
import { anAgent, anEngine } from "../../test/support/core-builders.ts";
import { CoreScenario } from "../../test/support/core-scenario.ts";
import { brokenInvariant } from "./invariants.ts";
import type { RunState } from "./state.ts";

it.each<[string, (run: RunState) => void]>([
  ["a counter that runs ahead", (run) => (run.requestsDone += 1)],
  ["a finished sample that is not counted", (run) => (run.samplesDone -= 1)],
  ["a leased sample that also waits", (run) => (run.holder[19] = 1)],
  ["a sample that nobody holds and nobody waits for", (run) => (run.holder[0] = 0)],
  ["a lease that ended and still holds", (run) => (run.leaseList[0]!.end = "expired")],
  ["a lease that counts wrongly", (run) => (run.leaseList[0]!.openSamples += 1)],
  ["tokens that wait and are not counted", (run) => (run.costTokensWaiting -= 1)],
])("%s is noticed", (_name, breakIt) => {
  const scenario = new CoreScenario();
  scenario.arrive({ samples: 20 });
  const [lease] = scenario.joinHungry(anAgent("a", [anEngine({ concurrency: 4 })]));
  scenario.answer({ agentId: "a", leaseId: lease!.leaseId, batchNumber: 1, responses: [1] });
  expect(brokenInvariant(scenario.state)).toBeNull();
  breakIt(scenario.run());
  expect(brokenInvariant(scenario.state)).not.toBeNull();
});
