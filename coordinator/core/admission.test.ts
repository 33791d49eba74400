import { expect, it } from "vitest";
import { anAgent, anEngine, anEngineWithout, aRun, aShape } from "../../test/support/core-builders.ts";
import { CoreScenario } from "../../test/support/core-scenario.ts";
import { onlyModel, refuseRun } from "./admission.ts";

function joined(...agents: Parameters<CoreScenario["join"]>[0][]): CoreScenario {
  const scenario = new CoreScenario();
  for (const agent of agents) scenario.join(agent);
  return scenario;
}

it("a run whose model nobody serves yet is taken: it waits for an agent", () => {
  expect(refuseRun(joined().state, aRun(), aShape({ samples: 1 }))).toBeNull();
});

it("a run that no engine of its model can answer is refused with the engine, the kind and its reason", () => {
  const blind = { ...anEngineWithout(["loglikelihood"], "it ignores echo"), engine: "openai", url: "http://h:1" };
  const { state } = joined(anAgent("a", [blind]), anAgent("b", [anEngine({ model: "other" })]));
  const refusal = refuseRun(state, aRun(), aShape({ samples: 1 }));
  expect(refusal).toMatchObject({ kind: "unsupported" });
  expect(refusal!.message).toBe(
    "task task-0-loglikelihood needs loglikelihood, which no connected engine of m1 can answer (openai at http://h:1 on host-a: it ignores echo)",
  );
});

it("one slot that can answer is enough; one of an agent that is gone is not", () => {
  const scenario = joined(anAgent("a", [anEngineWithout(["loglikelihood"], "no echo")]), anAgent("b"));
  expect(refuseRun(scenario.state, aRun(), aShape({ samples: 1 }))).toBeNull();
  scenario.take({ kind: "AgentDisconnected", agentId: "b", incarnation: "b-1" });
  expect(refuseRun(scenario.state, aRun(), aShape({ samples: 1 }))).toMatchObject({ kind: "unsupported" });
});

it("a plan without samples is refused", () => {
  expect(refuseRun(joined().state, aRun(), aShape({ samples: 0, kinds: [] }))).toMatchObject({ kind: "usage" });
});

it("a run id that exists with another plan is refused, with the same plan it is the same run", () => {
  const scenario = joined();
  scenario.arrive({ samples: 2 });
  expect(refuseRun(scenario.state, aRun(), aShape({ samples: 2 }))).toBeNull();
  expect(refuseRun(scenario.state, aRun(), aShape({ samples: 2, planDigest: "another" }))).toMatchObject({
    kind: "conflict",
  });
});

it("a run that names no model gets the only one there is", () => {
  const two = joined(anAgent("a"), anAgent("b", [anEngine({ model: "other" })]));
  expect([onlyModel(joined(anAgent("a", 3)).state), onlyModel(two.state), onlyModel(joined().state)]).toEqual([
    "m1",
    null,
    null,
  ]);
});
