import { Worker } from "node:worker_threads";
import { type ErrorKind, MusterError } from "../../base/muster-error.ts";
import { openStepMark, watchSteps } from "../../base/node/step-watch.ts";
import type { ManifestLease, ManifestTotals, SetAsideRequest } from "../../evaluation/manifest.ts";
import type { AgentAnnouncement, RunDescription } from "../core/input.ts";
import type { PlanManifest } from "../shell/plan-store.ts";
import type { AcceptedBatch } from "./accepted-responses.ts";
import { SAMPLE_LIMIT_MS, stuckSample } from "./sample-watch.ts";

export type { AcceptedBatch } from "./accepted-responses.ts";
export type { ManifestLease as LeaseRecord } from "../../evaluation/manifest.ts";

/** All that is known of a run whose last response is durable. Structured-cloneable. */
export interface FinishedRun {
  readonly runId: string;
  readonly run: RunDescription;
  readonly plan: PlanManifest;
  readonly planDigest: string;
  readonly batches: readonly AcceptedBatch[];
  readonly failures: readonly SetAsideRequest[];
  readonly leases: readonly ManifestLease[];
  readonly agents: readonly {
    readonly agent: AgentAnnouncement;
    readonly responses: number;
    readonly slotSeconds: number;
    readonly leases: number;
  }[];
  readonly totals: ManifestTotals;
  readonly musterVersion: string;
  readonly endedUnixMs: number;
  readonly blobFolder: string;
  readonly outputFolder: string;
}

/** A run's scores. */
export interface RunScores {
  /** Text of the harness's results file. */
  readonly resultsJson: string;
  /** Hex SHA-256 of all that depends on plan and responses alone. */
  readonly scoresDigest: string;
}

/** What the thread answers. */
export type FinishReply =
  | { readonly kind: "scored"; readonly scores: RunScores }
  | { readonly kind: "failed"; readonly error: { kind: ErrorKind; message: string; wayOut?: string; stack?: string } };

/**
 * Scores a run from what is on disk, in the plan's order, and writes its output files: results, samples, manifest. Works
 * in a thread of its own, so the coordinator stays responsive. May be repeated: it replaces the files of an earlier try.
 * Throws `badData` where a sample is missing or counted twice, or takes longer than the limit, `permission` and `noSpace`
 * where files cannot be written.
 */
export async function finishRun(run: FinishedRun, sampleLimitMs: number = SAMPLE_LIMIT_MS): Promise<RunScores> {
  // Small generations keep a long run's garbage from growing the process.
  const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 1024 };
  const mark = openStepMark();
  const thread = new Worker(new URL("./finish-run-thread.ts", import.meta.url), {
    workerData: { run, mark },
    // Handed over, not copied: they are as large as the run.
    transferList: run.batches.map(({ requestIndexes }) => requestIndexes.buffer as ArrayBuffer),
    resourceLimits,
  });
  const ended = Promise.withResolvers<FinishReply>();
  thread.once("message", ended.resolve);
  thread.once("error", ended.reject);
  thread.once("exit", (code) => ended.reject(new Error(`bug: the scoring thread ended with code ${code}`)));
  const endWatch = watchSteps(mark, sampleLimitMs, (sample) => {
    ended.reject(stuckSample(run.plan, sample, sampleLimitMs));
    void thread.terminate();
  });
  const reply = await ended.promise.finally(endWatch);
  if (reply.kind === "scored") return reply.scores;
  const { kind, message, wayOut, stack } = reply.error;
  const error = new MusterError(kind, message, wayOut === undefined ? {} : { wayOut });
  if (stack !== undefined) error.stack = stack;
  throw error;
}
