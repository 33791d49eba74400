import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../base/muster-error.ts";
import type { Run } from "../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorClient } from "./coordinator-client.ts";
import type { LiveView } from "./live-view.ts";

const TRY_AGAIN_MS = 300;
/** A coordinator that is away longer than this is given up; the run goes on when it is back. */
const GIVE_UP_MS = 10 * 60_000;

const ENDED = new Set(["done", "partial", "failed", "cancelled"]);

/**
 * Shows a run until it has ended; its last state. A coordinator that goes away is waited for. Resolves to null when
 * `signal` aborts.
 */
export async function followRun(
  client: CoordinatorClient,
  runId: string,
  view: LiveView,
  signal: AbortSignal,
): Promise<Run | null> {
  let lostAtMs: number | null = null;
  while (!signal.aborted) {
    try {
      for await (const run of client.watchRun(runId, signal)) {
        if (lostAtMs !== null) view.note("the coordinator is back");
        lostAtMs = null;
        view.show(run);
        if (ENDED.has(run.state)) return run;
      }
    } catch (thrown) {
      const error = MusterError.from(thrown);
      if (error.kind !== "connection" && error.kind !== "interrupted") throw error;
      if (lostAtMs === null) view.note(`${error.message}; the run goes on when it is back`);
      lostAtMs ??= performance.now();
      if (performance.now() - lostAtMs > GIVE_UP_MS) throw error;
    }
    if (!signal.aborted) await sleep(TRY_AGAIN_MS);
  }
  return null;
}
