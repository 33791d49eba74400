// A thread of the scorer pool: one blob after the other, with pauses, so that a small machine has time for its work.
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { LiveRun } from "./live-run.ts";
import type { LiveCall, LiveReport } from "./scorer-pool.ts";

/** Scores are reported at most this often. */
const REPORT_PERIOD_MS = 200;
/** Time left to others, as a multiple of the time used. */
const PAUSE_SHARE = 2;

const { blobFolder, mark } = workerData as { blobFolder: string; mark: Int32Array };
const runs = new Map<string, LiveRun>();
const reportedMs = new Map<string, number>();
let previous: Promise<void> = Promise.resolve();

async function handle(call: LiveCall): Promise<void> {
  if (call.kind === "open") runs.set(call.runId, new LiveRun(call.plan, blobFolder, mark));
  else if (call.kind === "close") {
    runs.delete(call.runId);
    reportedMs.delete(call.runId);
  } else await addResponses(call.runId, call.digest);
}

async function addResponses(runId: string, digest: string): Promise<void> {
  const startMs = performance.now();
  const run = runs.get(runId);
  // A run whose responses cannot be scored shows no means; the final pass says why.
  await run?.add(digest).catch(() => runs.delete(runId));
  const nowMs = performance.now();
  const isDue = nowMs - (reportedMs.get(runId) ?? -Infinity) >= REPORT_PERIOD_MS;
  if (isDue) reportedMs.set(runId, nowMs);
  const report: LiveReport = { runId, scores: isDue && run !== undefined ? run.scores() : null };
  parentPort!.postMessage(report);
  await pause((nowMs - startMs) * PAUSE_SHARE);
}

parentPort!.on("message", (call: LiveCall) => {
  previous = previous.then(() => handle(call));
});
