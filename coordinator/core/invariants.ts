import { type CoordinatorState, holds, type RunState } from "./state.ts";

/** What must hold between any two inputs; the sentence of the first rule that does not, or null. For tests. */
export function brokenInvariant(state: CoordinatorState): string | null {
  for (const run of state.runs.values()) {
    const broken = brokenInRun(run);
    if (broken !== null) return `run ${run.run.runId}: ${broken}`;
  }
  return null;
}

function brokenInRun(run: RunState): string | null {
  const open = countOpen(run);
  if (open.answered !== run.requestsDone)
    return `${open.answered} requests have a fingerprint, ${run.requestsDone} are counted`;
  if (open.finished !== run.samplesDone) return `${open.finished} samples are finished, ${run.samplesDone} are counted`;
  const waiting = waitingSamples(run);
  let tokens = 0;
  for (let sample = 0; sample < waiting.length; sample++)
    tokens += waiting[sample]! * run.shape.sampleCostTokens[sample]!;
  if (tokens !== run.costTokensWaiting) return `samples of ${tokens} tokens wait, ${run.costTokensWaiting} are counted`;
  for (const lease of run.openLeases) {
    let held = 0;
    for (const sample of lease.samples) if (holds(run, lease, sample)) held += 1;
    if (held !== lease.openSamples)
      return `lease ${lease.leaseId} holds ${held} samples, ${lease.openSamples} are counted`;
  }
  for (const [sample, copy] of run.copies) {
    if (run.leaseList[copy - 1]!.end !== null) return `sample ${sample} is copied under a lease that ended`;
    if (run.holder[sample] === 0) return `sample ${sample} is copied and held by nobody`;
  }
  for (let sample = 0; sample < run.shape.sampleCount; sample++) {
    const holder = run.holder[sample]!;
    if (holder > 0 && run.leaseList[holder - 1]!.end !== null) return `sample ${sample} is held by a lease that ended`;
    if (run.openRequests[sample] === 0) {
      if (holder > 0) return `finished sample ${sample} is still leased`;
    } else if (run.phase === "computing" && holder > 0 === (waiting[sample] === 1)) {
      return `unfinished sample ${sample} is ${holder > 0 ? "leased and waiting" : "neither leased nor waiting"}`;
    }
  }
  return null;
}

/** 1 for each sample that waits. */
function waitingSamples(run: RunState): Uint8Array {
  const waiting = new Uint8Array(run.shape.sampleCount);
  for (const queue of run.queues.values()) {
    for (const sample of queue.returned) {
      if (run.openRequests[sample]! > 0 && run.holder[sample] === 0) waiting[sample] = 1;
    }
    for (const { cursor, end } of queue.ranges) {
      for (const sample of queue.order.subarray(cursor, end)) if (run.everGranted[sample] === 0) waiting[sample] = 1;
    }
  }
  return waiting;
}

function countOpen(run: RunState): { answered: number; finished: number } {
  let [answered, finished] = [0, 0];
  for (const fingerprint of run.fingerprints) if (fingerprint !== 0) answered += 1;
  for (const open of run.openRequests) if (open === 0) finished += 1;
  return { answered, finished };
}
