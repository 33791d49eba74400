import type { Effect } from "./effect.ts";
import type { Event, RunEnd } from "./event.ts";
import type { Input, TimedInput } from "./input.ts";
import { acceptBatch } from "./accept.ts";
import { type CoordinatorState, holds, type RunState } from "./state.ts";

/** What a decision asks for: events to make durable, then effects to perform. */
export interface Decision {
  readonly events: readonly Event[];
  readonly effects: readonly Effect[];
}

const NOTHING: Decision = { events: [], effects: [] };

/**
 * What one input means, given the state. Reads the state, changes nothing. Work that follows from the state alone
 * (grants, expiries, completion) is not decided here but by `reconcile`, so that it also happens after a restart.
 */
export function decide(state: CoordinatorState, { input }: TimedInput): Decision {
  switch (input.kind) {
    case "RunArrived":
      return acceptRun(state, input);
    case "AgentArrived":
      return welcomeAgent(state, input);
    case "LeaseReturned":
      return returnLease(state, input);
    case "SamplesReturned":
      return returnSamples(state, input);
    case "ResponsesArrived":
      return acceptBatch(state, input.batch);
    case "DrainRequested":
      return { events: [], effects: [{ kind: "SendDrain", agentId: input.agentId }] };
    case "CancelRequested":
      return stopRun(state.runs.get(input.runId), "cancelled", "cancelled by its user");
    case "PlanLost":
      return losePlan(state, input);
    case "RetryRequested":
      // As it is here: what was read of the journal may be older than a retry that came before this one.
      return retryRun(state.runs.get(input.run.run.runId) ?? input.run);
    case "ScoresArrived":
      return endRun(state, input);
    case "AgentDisconnected":
    case "WorkWanted":
    case "SlotProgressed":
    case "LeasesRenewed":
    case "RunArchived":
    case "TimePassed":
      return NOTHING;
  }
}

type InputOf<K extends Input["kind"]> = Extract<Input, { kind: K }>;

function acceptRun(state: CoordinatorState, { run, shape }: InputOf<"RunArrived">): Decision {
  if (state.runs.has(run.runId)) return NOTHING;
  return {
    events: [
      { kind: "RunListed", run },
      { kind: "RunAccepted", runId: run.runId, run, shape },
    ],
    effects: [],
  };
}

/** Leases that the agent no longer knows go back to the queue at once: it restarted, or never got the grant. */
function welcomeAgent(state: CoordinatorState, { agent, heldLeaseIds }: InputOf<"AgentArrived">): Decision {
  const held = new Set(heldLeaseIds);
  const kept: string[] = [];
  const events: Event[] = [];
  for (const run of state.runs.values()) {
    if (run.phase !== "computing") continue;
    for (const lease of run.openLeases) {
      if (lease.agentId !== agent.agentId) continue;
      if (held.has(lease.leaseId)) kept.push(lease.leaseId);
      else events.push({ kind: "LeaseEnded", runId: run.run.runId, leaseId: lease.leaseId, end: "forgotten" });
    }
    if (run.agents.has(agent.agentId)) events.push({ kind: "AgentAdmitted", runId: run.run.runId, agent });
  }
  return { events, effects: [{ kind: "SendWelcome", agentId: agent.agentId, keptLeaseIds: kept }] };
}

function returnLease(state: CoordinatorState, { agentId, leaseId }: InputOf<"LeaseReturned">): Decision {
  for (const run of state.runs.values()) {
    const lease = run.leases.get(leaseId);
    if (lease === undefined || lease.end !== null || lease.agentId !== agentId) continue;
    return { events: [{ kind: "LeaseEnded", runId: run.run.runId, leaseId, end: "returned" }], effects: [] };
  }
  return NOTHING;
}

function returnSamples(state: CoordinatorState, input: InputOf<"SamplesReturned">): Decision {
  for (const run of state.runs.values()) {
    const lease = run.leases.get(input.leaseId);
    if (lease === undefined || lease.end !== null || lease.agentId !== input.agentId) continue;
    const held = input.samples.filter((sample) => holds(run, lease, sample));
    if (held.length === 0) return NOTHING;
    const { runId } = run.run;
    const samples = Uint32Array.from(new Set(held)).sort();
    return { events: [{ kind: "SamplesReturned", runId, leaseId: lease.leaseId, samples }], effects: [] };
  }
  return NOTHING;
}

/** Nothing more can be asked. What was answered stays, and once the plan is back the run can be tried again. */
function losePlan(state: CoordinatorState, { runId, message }: InputOf<"PlanLost">): Decision {
  const run = state.runs.get(runId);
  if (run?.phase !== "computing") return NOTHING;
  return stopRun(run, "failed", `the responses are kept, but the rest cannot be asked: ${message}`);
}

function stopRun(run: RunState | undefined, end: RunEnd, reason: string): Decision {
  if (run === undefined || run.phase === "ended") return NOTHING;
  const { runId } = run.run;
  const events: Event[] = [];
  const effects: Effect[] = [];
  for (const lease of run.openLeases) {
    events.push({ kind: "LeaseEnded", runId, leaseId: lease.leaseId, end: "cancelled" });
    effects.push({
      kind: "SendRevocation",
      agentId: lease.agentId,
      leaseId: lease.leaseId,
      reason: `the run ended: ${end}`,
    });
  }
  events.push({ kind: "RunEnded", runId, end, reason }, { kind: "RunClosed", runId });
  return { events, effects };
}

/** Only a run that is over is opened again; its responses stay. */
function retryRun({ run, phase }: RunState): Decision {
  const { runId } = run;
  const events: Event[] = [{ kind: "RunReopened", runId }];
  if (phase === "ended") events.unshift({ kind: "QuarantineLifted", runId });
  return { events, effects: [] };
}

function endRun(state: CoordinatorState, { runId, outcome }: InputOf<"ScoresArrived">): Decision {
  const run = state.runs.get(runId);
  if (run === undefined || run.phase !== "scoring") return NOTHING;
  const ended = outcome.kind === "failed" ? ({ end: "failed", reason: outcome.message } as const) : completionOf(run);
  return {
    events: [
      { kind: "RunEnded", runId, ...ended },
      { kind: "RunClosed", runId },
    ],
    effects: [],
  };
}

function completionOf(run: RunState): { end: "done" | "partial"; reason: string } {
  const failed = run.quarantined.size;
  if (failed === 0) return { end: "done", reason: "" };
  const [first] = run.quarantined.values();
  return { end: "partial", reason: `${failed} requests got no answer; the first: ${first!.message}` };
}
