// What a plan means for a cluster: who can answer it, how long it may take, what it may cost.
import { MusterError } from "../base/muster-error.ts";
import type { PlanTask } from "../evaluation/plan.ts";
import type { RequestKind } from "../evaluation/request.ts";
import type { Agent, AgentSlot, Run } from "../proto/gen/muster/v1/operator_pb.js";
import { formatCount, formatDollars, formatDuration, plural } from "./quantities.ts";
import type { PlanSummary } from "./send-plan.ts";
import { printable } from "./terminal.ts";

/** A slot and the agent it belongs to. */
interface PlacedSlot {
  readonly agent: Agent;
  readonly slot: AgentSlot;
}

/** Whose work a run will be. */
export interface Placement {
  readonly model: string;
  readonly slots: readonly PlacedSlot[];
}

/**
 * The model that a run is of, and the connected slots that hold it; none where the run will wait for one. Throws `usage`
 * where no model is named and the slots do not all hold the same.
 */
export function placeRun(agents: readonly Agent[], model: string | undefined): Placement {
  const slots = agents
    .filter(({ state }) => state === "ready" || state === "busy")
    .flatMap((agent) => agent.slots.map((slot) => ({ agent, slot })));
  const served = [...new Set(slots.map(({ slot }) => slot.model))];
  if (model !== undefined) return { model, slots: slots.filter(({ slot }) => slot.model === model) };
  if (served.length === 1) return { model: served[0]!, slots };
  const what = served.length === 0 ? "no agent is connected" : `the agents serve ${served.map(printable).join(", ")}`;
  throw new MusterError("usage", `nothing says which model to run, and ${what}`, {
    wayOut: "Give --model NAME; `muster agents` shows what is served.",
  });
}

/** Throws `unsupported` where a task needs what no slot of the model can answer, naming engine and reason. */
export function requireCapabilities({ model, slots }: Placement, tasks: readonly PlanTask[]): void {
  if (slots.length === 0) return;
  for (const task of tasks) {
    const kind = kindOf(task);
    if (slots.some(({ slot }) => slot.kinds.includes(kind))) continue;
    const reasons = slots.map(({ agent, slot }) => {
      const where = slot.url === "" ? slot.engine : `${slot.engine} at ${slot.url}`;
      return `${where} on ${agent.hostName}: ${slot.missing.join(", ") || "it does not offer it"}`;
    });
    throw new MusterError(
      "unsupported",
      `task ${task.name} needs ${kind}, which no connected engine of ${model} can answer (${[...new Set(reasons)].slice(0, 3).join("; ")})`,
      { wayOut: `Leave out tasks that need ${kind}, or add an agent whose engine can answer it (a vLLM server can).` },
    );
  }
}

function kindOf({ outputKind }: PlanTask): RequestKind {
  return outputKind === "multiple_choice" ? "loglikelihood" : outputKind;
}

/** The plan as lines: how much, who computes it, how long it may take and what it may cost. */
export function describePlan(
  suite: string,
  { header, end, predictedTokens }: PlanSummary,
  placement: Placement,
  earlier: readonly Run[],
): string[] {
  const { model, slots } = placement;
  const tasks = header.tasks.map(({ name }) => printable(name));
  const list = tasks.length > 6 ? `${tasks.slice(0, 5).join(", ")} and ${tasks.length - 5} more` : tasks.join(", ");
  const lines = [
    `Plan    ${printable(suite)}: ${plural(end.sampleCount, "sample")}, ${plural(end.requestCount, "request")}, about ${formatCount(predictedTokens)} tokens`,
    `Tasks   ${list}`,
    `Model   ${printable(model)}`,
    `Agents  ${describeSlots(slots)}`,
  ];
  const slotSeconds = estimateSlotSeconds(model, predictedTokens, earlier);
  if (slotSeconds !== null && slotSeconds > slots.length && slots.length > 0) {
    lines.push(`Time    about ${formatDuration(slotSeconds / slots.length)}, going by earlier runs of this model`);
  }
  const price = meanPrice(slots);
  if (price > 0) {
    const bill = slotSeconds === null ? "" : `, about ${formatDollars((slotSeconds / 3600) * price)} for this run`;
    lines.push(`Price   ${formatDollars(price)} a slot and hour${bill}`);
  }
  return lines;
}

function describeSlots(slots: readonly PlacedSlot[]): string {
  if (slots.length === 0) return "none serves this model yet: the run waits for one";
  const agents = new Set(slots.map(({ agent }) => agent));
  const engines = new Set(slots.map(({ slot }) => slot.engine));
  return `${plural(agents.size, "agent")} with ${plural(slots.length, "slot")} (${[...engines].map(printable).join(", ")})`;
}

function meanPrice(slots: readonly PlacedSlot[]): number {
  return slots.length === 0 ? 0 : slots.reduce((sum, { agent }) => sum + agent.pricePerSlotHour, 0) / slots.length;
}

/** Slot time for so many predicted tokens, at the speed of earlier runs of the model; null where there are none. */
function estimateSlotSeconds(model: string, predictedTokens: number, earlier: readonly Run[]): number | null {
  const alike = earlier.filter((run) => run.model === model && run.costTokensDone > 0 && run.slotSeconds > 0);
  const tokens = alike.reduce((sum, run) => sum + run.costTokensDone, 0);
  const seconds = alike.reduce((sum, run) => sum + run.slotSeconds, 0);
  return tokens === 0 ? null : (predictedTokens * seconds) / tokens;
}
