// Which tasks of a selection run natively and which need the harness itself: native wherever that is exact.
import { existsSync } from "node:fs";
import { MusterError } from "../../base/muster-error.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { streamPlan } from "../../frontend/stream-plan.ts";
import { cacheFolder } from "../../base/node/folders.ts";
import { bridgeEnvironment, readBridgeNote } from "../../frontend/bridge/bridge-folder.ts";
import { NotNative } from "../not-native.ts";
import type { Options } from "../options.ts";
import { StatusLine } from "../status-line.ts";

/** What is selected, by who runs it: each is part of the request, null where it is empty. */
export interface ChosenFrontends {
  readonly native: PlanRequest | null;
  readonly bridge: PlanRequest | null;
  /** Why, for each selected name that the bridge runs. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** Whether a Python with the harness is there. */
export function hasBridge({ bridgePython }: Options): boolean {
  if (bridgePython !== undefined) return existsSync(bridgePython) || !bridgePython.includes("/");
  return readBridgeNote(bridgeEnvironment(cacheFolder())) !== null;
}

/**
 * Divides a selection that is not native as a whole. A selected name stays whole: a group's score needs all its tasks
 * in one place.
 */
export async function chooseFrontends(
  request: PlanRequest,
  refusal: NotNative,
  signal: AbortSignal,
): Promise<ChosenFrontends> {
  const reasons = new Map<string, string>();
  const [only, ...others] = request.tasks;
  if (others.length === 0) reasons.set(only!, refusal.message);
  const status = new StatusLine();
  try {
    for (const [position, name] of request.tasks.entries()) {
      if (others.length === 0) break;
      status.show(`looking which tasks are native: ${position} of ${request.tasks.length} (${name})`);
      const reason = await refusalOf({ ...request, tasks: [name] }, signal);
      if (reason !== null) reasons.set(name, reason);
    }
  } finally {
    status.clear();
  }
  const part = (isBridged: boolean): PlanRequest | null => {
    const tasks = request.tasks.filter((name) => reasons.has(name) === isBridged);
    if (tasks.length === 0) return null;
    // Settings of single tasks go with them; a name that is no selected one stays with the native part, which checks it.
    const own = [...(request.numFewshotOf ?? [])].filter(([name]) => reasons.has(name) === isBridged);
    return { ...request, tasks, numFewshotOf: new Map(own) };
  };
  return { native: part(false), bridge: part(true), reasons };
}

/** Why the native frontend refuses a request; null where it does not. What is wrong with it otherwise is told later. */
async function refusalOf(request: PlanRequest, signal: AbortSignal): Promise<string | null> {
  const pieces = streamPlan(request, { signal, onProgress: () => undefined });
  try {
    await pieces.next();
    return null;
  } catch (thrown) {
    const error = MusterError.from(thrown);
    if (error.kind === "unsupported") return error.message;
    throw thrown;
  } finally {
    await pieces.return(undefined);
  }
}
