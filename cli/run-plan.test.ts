import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { PlanTask } from "../evaluation/plan.ts";
import { type Agent, AgentSchema, RunSchema } from "../proto/gen/muster/v1/operator_pb.js";
import { describePlan, placeRun, requireCapabilities } from "./run-plan.ts";

function agent(name: string, model: string, kinds: readonly string[]): Agent {
  const missing = kinds.length === 1 ? [`${name} cannot score a prompt`] : [];
  const slot = { slotId: "slot-0", engine: "openai", url: `http://${name}:8000`, model, kinds: [...kinds], missing };
  return create(AgentSchema, { agentId: name, hostName: name, state: "ready", pricePerSlotHour: 2, slots: [slot] });
}

function task(name: string, outputKind: PlanTask["outputKind"]): PlanTask {
  const rest = { alias: name, version: "1", numFewshot: 0, multipleTargets: false, config: "{}", higherIsBetter: {} };
  return { name, outputKind, ...rest };
}

const all = ["generate_until", "loglikelihood", "loglikelihood_rolling"];
const writer = agent("writer", "m", ["generate_until"]);

test("without a model's name, the only one that is served is meant", () => {
  expect(placeRun([writer], undefined).model).toBe("m");
  expect(() => placeRun([], undefined)).toThrow(/no agent is connected/);
  expect(() => placeRun([writer, agent("b", "n", all)], undefined)).toThrow(/the agents serve m, n/);
  expect(placeRun([{ ...writer, state: "lost" }], "m").slots).toEqual([]);
});

test("a task that no slot of the model can answer is refused with server and reason", () => {
  const tasks = [task("written", "generate_until"), task("chosen", "multiple_choice")];
  const refused = (): void => requireCapabilities(placeRun([writer, agent("b", "n", all)], "m"), tasks);
  expect(refused).toThrow(
    "task chosen needs loglikelihood, which no connected engine of m can answer (openai at http://writer:8000 on writer: writer cannot score a prompt)",
  );
  requireCapabilities(placeRun([writer, agent("b", "m", all)], "m"), tasks);
});

test("the plan tells time and bill by earlier runs of the same model on as many slots", () => {
  const header = { tasks: [task("written", "generate_until")] } as never;
  const end = { requestCount: 10, sampleCount: 5 } as never;
  const earlier = [
    create(RunSchema, { model: "m", costTokensDone: 1000, slotSeconds: 100 }),
    create(RunSchema, { model: "n", costTokensDone: 1000, slotSeconds: 1 }),
  ];
  const placement = placeRun([writer, agent("b", "m", all)], "m");
  const lines = describePlan("mine", { header, end, predictedTokens: 36_000 }, placement, earlier);
  expect(lines).toContain("Plan    mine: 5 samples, 10 requests, about 36,000 tokens");
  expect(lines).toContain("Time    about 30 min 00 s, going by earlier runs of this model");
  expect(lines).toContain("Price   $2.00 a slot and hour, about $2.00 for this run");
});
