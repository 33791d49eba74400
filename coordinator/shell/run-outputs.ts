import type { SetAsideRequest } from "../../evaluation/manifest.ts";
import type { RunState } from "../core/state.ts";
import type { BlobFolder } from "../ports/blob-folder.ts";
import type { JournalStore } from "../ports/journal.ts";
import { type AcceptedBatch, finishRun, type LeaseRecord, type RunScores } from "../scoring/finish-run.ts";
import { runJournal } from "./frame-writer.ts";
import type { PlanStore } from "./plan-store.ts";
import { readEvents } from "./recovery.ts";
import { costOf } from "./run-view.ts";

/** Where outputs are made from, and where they go. */
export interface OutputsWish {
  readonly journals: JournalStore;
  readonly plans: PlanStore;
  readonly blobs: BlobFolder;
  readonly outputFolder: string;
  readonly musterVersion: string;
  readonly endedUnixMs: number;
}

/** Makes a run's scores and output files from its journal and its blobs. The same journal gives the same bytes. */
export async function makeOutputs(run: RunState, wish: OutputsWish): Promise<RunScores> {
  const { runId } = run.run;
  const plan = await wish.plans.manifest(run.shape.manifestBlob);
  const history = await readHistory(wish.journals, runId);
  const packs = plan.packs.flatMap(({ samplesBlob, requestsBlob }) => [samplesBlob, requestsBlob]);
  await wish.blobs.hold([...packs, ...history.batches.map(({ digest }) => digest)]);
  return finishRun({
    runId,
    plan,
    run: run.run,
    planDigest: run.shape.planDigest,
    ...history,
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
    musterVersion: wish.musterVersion,
    endedUnixMs: wish.endedUnixMs,
    blobFolder: wish.blobs.path,
    outputFolder: wish.outputFolder,
  });
}

/** The run's batches, failures and leases, as its journal tells them. */
async function readHistory(
  journals: JournalStore,
  runId: string,
): Promise<{ batches: AcceptedBatch[]; failures: SetAsideRequest[]; leases: LeaseRecord[] }> {
  const batches: AcceptedBatch[] = [];
  const failures: SetAsideRequest[] = [];
  const leases = new Map<string, LeaseRecord>();
  for await (const event of readEvents(journals, runJournal(runId))) {
    if (event.kind === "ResponsesAccepted" && event.requestIndexes.length > 0) {
      batches.push({ digest: event.digest, agentId: event.agentId, requestIndexes: event.requestIndexes });
    } else if (event.kind === "RequestQuarantined") {
      const { requestIndex, reason, message } = event.failure;
      failures.push({ requestIndex, reason, message });
    } else if (event.kind === "RunAccepted") {
      // Accepted before by one who led no more: what that one granted nobody was told.
      leases.clear();
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
