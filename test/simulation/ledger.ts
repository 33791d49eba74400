import type { Event } from "../../coordinator/core/event.ts";
import type { WorldPlan } from "./plans.ts";

/** A rule of the product was broken. */
export class Violation extends Error {}

/** What is true in a world. */
export interface WorldFacts {
  readonly planOf: (runId: string) => WorldPlan;
  /** Requests that no engine can answer. */
  readonly isBroken: (runId: string, request: number) => boolean;
  /** Whether a sentence names a blob that was damaged. */
  readonly isDamageNamed: (sentence: string) => boolean;
}

interface LedgerRun {
  readonly plan: WorldPlan;
  /** First request of each sample. */
  readonly firstRequest: readonly number[];
  readonly leases: Map<string, { readonly agentId: string; readonly samples: ReadonlySet<number>; isOpen: boolean }>;
  /** The open lease of each leased sample. */
  readonly holders: Map<number, string>;
  /** Lease under which a sample is computed once more. */
  readonly copies: Map<number, string>;
  /** By request, the position of the frame with its answer among all frames. */
  readonly answers: Map<number, number>;
  readonly quarantined: Set<number>;
  /** How often each request failed. */
  readonly failures: Map<number, number>;
  end: string | null;
  isReopened: boolean;
}

/**
 * Bookkeeping by other means than the core's: reads events and throws a `Violation` where one breaks a rule, such as a
 * sample leased twice, a request counted twice, or a run that ends with something missing.
 */
export class Ledger {
  readonly #runs = new Map<string, LedgerRun>();
  readonly #listed = new Set<string>();
  /** Batches that were taken or refused, as "agent number", and those of them that came when their run had ended. */
  readonly #batches = new Set<string>();
  readonly #late = new Set<string>();
  readonly #planOf: (runId: string) => WorldPlan;
  readonly #isBroken: (runId: string, request: number) => boolean;
  readonly #isDamageNamed: (sentence: string) => boolean;
  #frames = 0;

  constructor(facts: WorldFacts) {
    this.#planOf = facts.planOf;
    this.#isBroken = facts.isBroken;
    this.#isDamageNamed = facts.isDamageNamed;
  }

  /** How many frames it has seen. */
  get frames(): number {
    return this.#frames;
  }

  /** A frame begins. */
  nextFrame(): void {
    this.#frames += 1;
  }

  /** When a request was answered, in frames, or null. */
  answeredAt(runId: string, request: number): number | null {
    return this.#runs.get(runId)?.answers.get(request) ?? null;
  }

  /** Whether a run that had ended was opened again. */
  wasReopened(runId: string): boolean {
    return this.#runs.get(runId)?.isReopened ?? false;
  }

  /** Requests that were set aside. */
  quarantinedIn(runId: string): ReadonlySet<number> {
    return this.#runs.get(runId)?.quarantined ?? new Set();
  }

  /** Whether a run is listed: then it is not forgotten. */
  knows(runId: string): boolean {
    return this.#listed.has(runId);
  }

  /** The agent that a lease was granted to, or null for one that nobody was granted. */
  ownerOf(leaseId: string): string | null {
    return this.#leaseOf(leaseId)?.agentId ?? null;
  }

  /** Whether a request was leased under a lease, whatever became of that. */
  wasLeased(leaseId: string, request: number): boolean {
    const sample = this.#runs.get(runOf(leaseId))?.plan.sampleOf[request];
    return sample !== undefined && this.#leaseOf(leaseId)?.samples.has(sample) === true;
  }

  #leaseOf(leaseId: string) {
    return this.#runs.get(runOf(leaseId))?.leases.get(leaseId);
  }

  endOf(runId: string): string | null {
    return this.#runs.get(runId)?.end ?? null;
  }

  /** Whether the request's answer is in the events, or it was set aside, or the run is over. */
  isSettled(runId: string, request: number): boolean {
    const run = this.#runs.get(runId);
    return run !== undefined && (run.end !== null || run.answers.has(request) || run.quarantined.has(request));
  }

  /** Whether what became of a batch is written down. */
  knowsBatch(agentId: string, batchNumber: number): boolean {
    return this.#batches.has(`${agentId} ${batchNumber}`);
  }

  /** Whether a batch was written down as one that came when its run had ended; the run may be open again. */
  wasLate(agentId: string, batchNumber: number, runId: string): boolean {
    return this.#late.has(`${agentId} ${batchNumber}`) && this.wasReopened(runId);
  }

  apply(event: Event): void {
    if (event.kind === "BatchRefused" || event.kind === "ResponsesAccepted")
      this.#batches.add(`${event.agentId} ${event.batchNumber}`);
    if (event.kind === "BatchRefused" && (event.reason === "runEnded" || event.reason === "unknownRun"))
      this.#late.add(`${event.agentId} ${event.batchNumber}`);
    if (event.kind === "RunListed") this.#listed.add(event.run.runId);
    if (event.kind === "RunAccepted") {
      if (this.#listed.has(event.runId)) throw new Violation(`run ${event.runId} was accepted twice`);
      this.#runs.set(event.runId, emptyRun(this.#planOf(event.runId)));
      return;
    }
    if (!("runId" in event) || event.kind === "RunReopened") return;
    const run = this.#runs.get(event.runId);
    if (run === undefined) throw new Violation(`${event.kind} of run ${event.runId}, which was never accepted`);
    if (event.kind === "RunClosed") {
      if (run.end === null) throw new Violation(`run ${event.runId} was closed before it ended`);
      return;
    }
    if (event.kind === "RunTakenUp") return;
    if (event.kind === "QuarantineLifted") {
      if (run.end === null) throw new Violation(`run ${event.runId} was opened again before it ended`);
      run.end = null;
      run.isReopened = true;
      run.quarantined.clear();
      run.failures.clear();
      return;
    }
    if (run.end !== null) throw new Violation(`${event.kind} after the end of run ${event.runId}`);
    this.#applyTo(run, event);
  }

  #applyTo(run: LedgerRun, event: Exclude<Event, { kind: NotOfOpenRuns }>) {
    switch (event.kind) {
      case "AgentAdmitted":
        return;
      case "LeaseGranted":
        return grant(run, event);
      case "LeaseEnded": {
        const lease = openLease(run, event.leaseId);
        lease.isOpen = false;
        for (const sample of lease.samples) release(run, event.leaseId, sample);
        return;
      }
      case "SamplesReturned":
        openLease(run, event.leaseId);
        for (const sample of event.samples) {
          if (run.holders.get(sample) !== event.leaseId && run.copies.get(sample) !== event.leaseId)
            throw new Violation(`lease ${event.leaseId} gave back sample ${sample}, which it does not hold`);
          release(run, event.leaseId, sample);
        }
        return;
      case "ResponsesAccepted":
        return accept(run, event, this.#frames);
      case "RequestFailed":
        run.failures.set(event.failure.requestIndex, (run.failures.get(event.failure.requestIndex) ?? 0) + 1);
        return release(run, event.leaseId, run.plan.sampleOf[event.failure.requestIndex]!);
      case "RequestQuarantined":
        return this.#quarantine(run, event.runId, event.failure.requestIndex);
      case "RunComputed":
        if (run.answers.size + run.quarantined.size !== run.plan.requests.length)
          throw new Violation(`run ${event.runId} is computed with requests missing`);
        return;
      case "RunEnded":
        this.#end(run, event);
    }
  }

  #quarantine(run: LedgerRun, runId: string, request: number): void {
    if (run.answers.has(request)) throw new Violation(`request ${request} was set aside after it was answered`);
    if ((run.failures.get(request) ?? 0) < 2)
      throw new Violation(`request ${request} of run ${runId} was set aside before it had failed twice`);
    run.quarantined.add(request);
    const sample = run.plan.sampleOf[request]!;
    if (isFinished(run, sample)) forgetHolders(run, sample);
  }

  #end(run: LedgerRun, { runId, end, reason }: Extract<Event, { kind: "RunEnded" }>): void {
    run.end = end;
    if (end === "cancelled") return;
    if (end === "failed") {
      if (this.#isDamageNamed(reason)) return;
      throw new Violation(`run ${runId} failed, and what was damaged is not named: ${reason}`);
    }
    for (let request = 0; request < run.plan.requests.length; request++) {
      if (run.answers.has(request) === run.quarantined.has(request))
        throw new Violation(`run ${runId} ended with request ${request} neither answered nor set aside`);
      if (run.answers.has(request) && this.#isBroken(runId, request))
        throw new Violation(`run ${runId} ended with an answer to request ${request}, which nobody could answer`);
    }
    const expected = run.quarantined.size > 0 ? "partial" : "done";
    if (end !== expected) throw new Violation(`run ${runId} ended as ${end}, not as ${expected}`);
  }
}

type NotOfOpenRuns =
  | "RunAccepted"
  | "EpochStarted"
  | "RunListed"
  | "RunClosed"
  | "RunReopened"
  | "RunTakenUp"
  | "BatchRefused"
  | "QuarantineLifted";

function emptyRun(plan: WorldPlan): LedgerRun {
  const firstRequest: number[] = [];
  plan.sampleOf.forEach((sample, request) => {
    if (firstRequest.length === sample) firstRequest.push(request);
  });
  const settled = {
    answers: new Map<number, number>(),
    quarantined: new Set<number>(),
    failures: new Map<number, number>(),
  };
  return {
    plan,
    firstRequest,
    leases: new Map(),
    holders: new Map(),
    copies: new Map(),
    ...settled,
    end: null,
    isReopened: false,
  };
}

function grant(run: LedgerRun, event: Extract<Event, { kind: "LeaseGranted" }>): void {
  const { leaseId, agentId } = event;
  if (run.leases.has(leaseId)) throw new Violation(`lease ${leaseId} was granted twice`);
  run.leases.set(leaseId, { agentId, samples: new Set(event.samples), isOpen: true });
  for (const sample of event.samples) {
    if (isFinished(run, sample)) throw new Violation(`sample ${sample} is finished and was leased as ${leaseId}`);
    const [holder, copy] = [run.holders.get(sample), run.copies.get(sample)];
    if (event.isCopy === true) {
      if (holder === undefined || copy !== undefined)
        throw new Violation(`a copy of sample ${sample} as ${leaseId}, held as ${holder} and ${copy}`);
      run.copies.set(sample, leaseId);
      continue;
    }
    if (holder !== undefined) throw new Violation(`sample ${sample} is leased as ${holder} and as ${leaseId}`);
    run.holders.set(sample, leaseId);
  }
}

function accept(run: LedgerRun, event: Extract<Event, { kind: "ResponsesAccepted" }>, frame: number): void {
  const lease = run.leases.get(event.leaseId);
  if (lease?.agentId !== event.agentId) throw new Violation(`responses of ${event.agentId} under ${event.leaseId}`);
  if (event.disagreements > 0) throw new Violation("equal engines disagreed");
  event.requestIndexes.forEach((request, row) => {
    const sample = run.plan.sampleOf[request];
    if (sample === undefined || !lease.samples.has(sample))
      throw new Violation(`request ${request} was never leased as ${event.leaseId}`);
    if (run.answers.has(request)) throw new Violation(`request ${request} was counted twice`);
    if (run.quarantined.has(request)) throw new Violation(`request ${request} was counted after it was set aside`);
    if (event.fingerprints[row] !== run.plan.fingerprints[request])
      throw new Violation(`request ${request} is not its answer`);
    run.answers.set(request, frame);
    if (isFinished(run, sample)) forgetHolders(run, sample);
  });
}

/** The run that a lease is of. */
export function runOf(leaseId: string): string {
  return leaseId.split(".")[0]!;
}

function openLease(run: LedgerRun, leaseId: string) {
  const lease = run.leases.get(leaseId);
  if (lease?.isOpen !== true) throw new Violation(`lease ${leaseId} is not open`);
  return lease;
}

/** One that is copied stays with the other lease. */
function release(run: LedgerRun, leaseId: string, sample: number): void {
  const copy = run.copies.get(sample);
  if (run.holders.get(sample) !== leaseId && copy !== leaseId) return;
  run.copies.delete(sample);
  if (copy === leaseId) return;
  if (copy === undefined) run.holders.delete(sample);
  else run.holders.set(sample, copy);
}

function forgetHolders(run: LedgerRun, sample: number): void {
  run.holders.delete(sample);
  run.copies.delete(sample);
}

function isFinished(run: LedgerRun, sample: number): boolean {
  for (let request = run.firstRequest[sample]!; run.plan.sampleOf[request] === sample; request++) {
    if (!run.answers.has(request) && !run.quarantined.has(request)) return false;
  }
  return true;
}
