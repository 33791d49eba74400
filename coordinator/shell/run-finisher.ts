import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import { runJournal } from "./frame-writer.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { CoordinatorLoop } from "./coordinator-loop.ts";
import { readEvents } from "./recovery.ts";
import type { PlanStore } from "./plan-store.ts";
import type { RunArchive } from "./run-archive.ts";
import { costOf } from "./run-view.ts";
import { type AcceptedBatch, finishRun, type LeaseRecord } from "../scoring/finish-run.ts";
import { MUSTER_VERSION } from "../../base/node/version.ts";

/** What finishing a run needs. */
export interface FinisherSurroundings {
  readonly loop: CoordinatorLoop;
  readonly journals: JournalStore;
  readonly plans: PlanStore;
  readonly archive: RunArchive;
  readonly blobFolder: string;
  readonly log: Logger;
  readonly nowUnixMs: () => number;
}

/** Recomputes a computed run's scores from the journal and the blobs, and writes its outputs. Safe to do twice. */
export class RunFinisher {
  readonly #around: FinisherSurroundings;
  readonly #busy = new Set<string>();

  constructor(surroundings: FinisherSurroundings) {
    this.#around = surroundings;
  }

  /** Begins; the outcome arrives at the loop as an input. */
  finish(runId: string): void {
    if (this.#busy.has(runId)) return;
    this.#busy.add(runId);
    const { loop, log } = this.#around;
    this.#finish(runId)
      .then((scoresDigest) => loop.take({ kind: "ScoresArrived", runId, outcome: { kind: "scored", scoresDigest } }))
      .catch((thrown: unknown) => {
        const error = MusterError.from(thrown);
        log.error(
          { run: runId, error: error.message, stack: error.kind === "internal" ? error.stack : undefined },
          "cannot score the run",
        );
        const way = error.wayOut === undefined ? "" : `. ${error.wayOut}`;
        const message = `the responses are kept, but scoring failed: ${error.message}${way}`;
        loop.take({ kind: "ScoresArrived", runId, outcome: { kind: "failed", message } });
      })
      .finally(() => this.#busy.delete(runId));
  }

  async #finish(runId: string): Promise<string> {
    const { loop, plans, archive, blobFolder, nowUnixMs } = this.#around;
    const run = loop.state.runs.get(runId)!;
    const plan = await plans.manifest(run.shape.manifestBlob);
    const finished = await finishRun({
      runId,
      plan,
      run: run.run,
      planDigest: run.shape.planDigest,
      ...(await this.#history(runId)),
      agents: [...run.agents.values()].map(({ agent, responses, slotSeconds, leases }) => ({
        agent,
        responses,
        slotSeconds,
        leases,
      })),
      totals: {
        promptTokens: run.promptTokens,
        completionTokens: run.completionTokens,
        truncatedRequests: run.truncatedRequests,
        slotSeconds: run.slotSeconds,
        costUsd: costOf(run),
        duplicates: run.duplicates,
        disagreements: run.disagreements,
        leaseExpiries: run.leaseExpiries,
      },
      musterVersion: MUSTER_VERSION,
      endedUnixMs: nowUnixMs(),
      blobFolder,
      outputFolder: archive.outputFolder(runId),
    });
    await archive.saveResults(runId, finished.resultsJson);
    return finished.scoresDigest;
  }

  /** The run's batches, failures and leases, as its journal tells them. */
  async #history(runId: string): Promise<{
    batches: AcceptedBatch[];
    failures: { requestIndex: number; reason: string; message: string }[];
    leases: LeaseRecord[];
  }> {
    const batches: AcceptedBatch[] = [];
    const failures: { requestIndex: number; reason: string; message: string }[] = [];
    const leases = new Map<string, LeaseRecord>();
    for await (const event of readEvents(this.#around.journals, runJournal(runId))) {
      if (event.kind === "ResponsesAccepted" && event.requestIndexes.length > 0) {
        batches.push({ digest: event.digest, agentId: event.agentId, requestIndexes: event.requestIndexes });
      } else if (event.kind === "RequestQuarantined") {
        const { requestIndex, reason, message } = event.failure;
        failures.push({ requestIndex, reason, message });
      } else if (event.kind === "QuarantineLifted") {
        failures.length = 0;
      } else if (event.kind === "LeaseGranted") {
        const { leaseId, agentId, slotId, epoch, samples } = event;
        leases.set(leaseId, { leaseId, agentId, slotId, epoch, sampleCount: samples.length, end: null });
      } else if (event.kind === "LeaseEnded") {
        const lease = leases.get(event.leaseId);
        if (lease !== undefined) leases.set(event.leaseId, { ...lease, end: event.end });
      }
    }
    return { batches, failures, leases: [...leases.values()] };
  }
}
