import type { EngineCapabilities } from "../../evaluation/engine.ts";
import { REQUEST_KINDS, type RequestKind } from "../../evaluation/request.ts";
import type { PlanShape, RunDescription } from "./input.ts";
import type { CoordinatorState } from "./state.ts";

/** Why a run is not taken: a kind for programs and a sentence for people. */
export interface Refusal {
  readonly kind: "conflict" | "usage" | "unsupported" | "notFound";
  readonly message: string;
  readonly wayOut: string;
}

/** A run of this id is there already. */
export function otherPlan(runId: string): Refusal {
  return {
    kind: "conflict",
    message: `run ${runId} exists already, with another plan`,
    wayOut: "Submit again without naming the run; it gets a new id.",
  };
}

/**
 * Whether a run can start: checked before anything is computed. A run whose model nobody serves yet is taken and
 * waits; a run that every connected engine of that model is unable to answer is refused with the engine's reason.
 */
export function refuseRun(state: CoordinatorState, run: RunDescription, shape: PlanShape): Refusal | null {
  const known = state.runs.get(run.runId);
  if (known !== undefined && known.shape.planDigest !== shape.planDigest) {
    return otherPlan(run.runId);
  }
  if (shape.sampleCount === 0) {
    return {
      kind: "usage",
      message: "the plan has no samples: there is nothing to evaluate",
      wayOut: "Check --limit and that the tasks' data sets have rows.",
    };
  }
  for (const kind of new Set(shape.taskKinds)) {
    const refusal = missingCapability(state, run.model, kind, shape);
    if (refusal !== null) return refusal;
  }
  return null;
}

function missingCapability(
  state: CoordinatorState,
  model: string,
  kind: RequestKind,
  shape: PlanShape,
): Refusal | null {
  const reasons: string[] = [];
  for (const agent of state.agents.values()) {
    if (!agent.connected) continue;
    for (const { description } of agent.announcement.slots) {
      if (description.model !== model) continue;
      if (description.capabilities.kinds.includes(kind)) return null;
      const where = description.url === "" ? description.engine : `${description.engine} at ${description.url}`;
      reasons.push(
        `${where} on ${agent.announcement.hostName}: ${description.capabilities.missing[kind] ?? "no reason given"}`,
      );
    }
  }
  if (reasons.length === 0) return null;
  const task = shape.taskNames[shape.taskKinds.indexOf(kind)]!;
  return {
    kind: "unsupported",
    message: `task ${task} needs ${kind}, which no connected engine of ${model} can answer (${reasons.join("; ")})`,
    wayOut: `Leave out tasks that need ${kind}, or add an agent whose engine can answer it (a vLLM server can).`,
  };
}

/** The model of a run that names none: the only one that connected slots hold, else null. */
export function onlyModel(state: CoordinatorState): string | null {
  const models = new Set<string>();
  for (const agent of state.agents.values()) {
    if (agent.connected) for (const slot of agent.announcement.slots) models.add(slot.description.model);
  }
  const [model] = models;
  return models.size === 1 && model !== undefined ? model : null;
}

/** The kinds an engine answers, in the wire's order. */
export function kindNames(capabilities: EngineCapabilities): string[] {
  return REQUEST_KINDS.filter((kind) => capabilities.kinds.includes(kind));
}
