import { create } from "@bufbuild/protobuf";
import { type Run, RunSchema, type TaskProgress } from "../../proto/gen/muster/v1/operator_pb.js";
import type { RunState } from "../core/state.ts";
import type { LiveTaskScores } from "../scoring/scorer-pool.ts";

/** What a view shows beside the run's state. */
export interface ViewContext {
  readonly nowUnixMs: number;
  readonly scores: readonly LiveTaskScores[];
  /** Why nothing runs right now, or empty. */
  readonly waitingReason: string;
  /** JSON of the results, once there are any. */
  readonly resultsJson: Uint8Array;
}

/** A run as operators see it. */
export function viewRun(run: RunState, context: ViewContext): Run {
  const state = stateWord(run, context);
  return create(RunSchema, {
    runId: run.run.runId,
    suite: run.run.suite,
    model: run.run.model,
    state,
    reason: state === "waiting" ? context.waitingReason : run.reason,
    createdUnixMs: BigInt(run.run.createdUnixMs),
    endedUnixMs: run.phase === "ended" ? BigInt(context.nowUnixMs) : 0n,
    requestCount: BigInt(run.shape.requestCount),
    requestsDone: BigInt(run.requestsDone),
    sampleCount: BigInt(run.shape.sampleCount),
    samplesDone: BigInt(run.samplesDone),
    requestsFailed: BigInt(run.quarantined.size),
    disagreements: BigInt(run.disagreements),
    truncatedRequests: BigInt(run.truncatedRequests),
    promptTokens: BigInt(run.promptTokens),
    completionTokens: BigInt(run.completionTokens),
    slotSeconds: run.slotSeconds,
    costUsd: costOf(run),
    costTokensDone: run.costTokensDone,
    costTokensTotal: run.costTokensTotal,
    tasks: viewTasks(run, context.scores),
    agents: [...run.agents.values()].map((tally) => ({
      $typeName: "muster.v1.RunAgent" as const,
      agentId: tally.agent.agentId,
      hostName: tally.agent.hostName,
      processId: tally.agent.processId,
      requestsDone: BigInt(tally.responses),
      slotSeconds: tally.slotSeconds,
      leases: BigInt(tally.leases),
    })),
    resultsJson: context.resultsJson,
    planDigest: run.shape.planDigest,
    elapsedSeconds: Math.max(0, (context.nowUnixMs - run.run.createdUnixMs) / 1000),
    leaseExpiries: BigInt(run.leaseExpiries),
  });
}

function stateWord(run: RunState, context: ViewContext): string {
  if (run.phase === "ended") return run.end ?? "failed";
  if (run.phase === "scoring") return "scoring";
  return context.waitingReason === "" ? "running" : "waiting";
}

/** US dollars: each agent's slot seconds at its own price. */
export function costOf(run: RunState): number {
  let dollars = 0;
  for (const tally of run.agents.values()) dollars += (tally.slotSeconds / 3600) * tally.agent.pricePerSlotHour;
  return dollars;
}

function viewTasks(run: RunState, scores: readonly LiveTaskScores[]): TaskProgress[] {
  const counts = new Uint32Array(run.shape.taskNames.length);
  for (const task of run.shape.sampleTask) counts[task]! += 1;
  return run.shape.taskNames.map((task, position) => ({
    $typeName: "muster.v1.TaskProgress" as const,
    task,
    sampleCount: BigInt(counts[position]!),
    samplesDone: BigInt(run.taskSamplesDone[position]!),
    metrics: (scores.find((entry) => entry.task === task)?.metrics ?? []).map(({ metric, filter, mean }) => ({
      $typeName: "muster.v1.LiveMetric" as const,
      metric,
      filter,
      value: mean,
    })),
  }));
}
