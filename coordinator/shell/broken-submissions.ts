import type { CoordinatorState } from "../core/state.ts";
import type { PlanStore } from "./plan-store.ts";
import type { Recovered } from "./recovery.ts";

/**
 * Leaves runs out of the state that no coordinator had listed and whose plan is not whole. Such a run was promised to
 * nobody: whoever took it led no more, and the one that led removed blobs which no journal named yet. Its submitter sends
 * it again, and its journal goes on with that.
 */
export async function leaveOutBroken(
  recovered: Recovered,
  state: CoordinatorState,
  plans: PlanStore,
): Promise<Recovered> {
  const unlisted: string[] = [];
  for (const runId of recovered.unlisted) {
    if (await plans.isWhole(state.runs.get(runId)!.shape.manifestBlob)) unlisted.push(runId);
    else state.runs.delete(runId);
  }
  return { ...recovered, unlisted };
}
