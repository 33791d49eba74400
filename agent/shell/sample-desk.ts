import type { Logger } from "pino";
import type { Cancel, Clock } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import type { LeaseRequests } from "../../proto/gen/muster/v1/agent_pb.js";
import type { Effect } from "../core/effect.ts";
import type { Input, LeasedSample } from "../core/input.ts";
import { BatchMaker } from "./batch-maker.ts";
import { LeaseStore, type StoredSample } from "./lease-store.ts";
import type { SampleOutcome, SlotRunner } from "./slot-runner.ts";

type EffectOf<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

interface SampleIds {
  readonly slotId: string;
  readonly leaseId: string;
  readonly sample: number;
}

/** A failed engine is looked at again after this long, doubled up to the bound. */
const LOOK_AGAIN_MS = 500;
const LOOK_AGAIN_MAX_MS = 30_000;
/** A sample that was in the engine each of so many times that it broke has failed: it may be what breaks it. */
const BREAKS_MAX = 2;
/** Samples whose breaks are remembered. */
const SUSPECTS_MAX = 4_096;

/** Where prompts become outcomes: holds the leases' requests, gives them to engines, collects what comes back. */
export class SampleDesk {
  readonly #runners: ReadonlyMap<string, SlotRunner>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #take: (input: Input) => void;
  readonly #leases = new LeaseStore();
  readonly #batches = new BatchMaker();
  readonly #failed = new Set<string>();
  /** What ends the next look at each failed slot's engine. */
  readonly #looks = new Map<string, Cancel>();
  /** How often each sample was in an engine that broke; samples come back in other leases. */
  readonly #suspects = new Map<string, number>();
  #running = 0;

  constructor(parts: {
    readonly runners: ReadonlyMap<string, SlotRunner>;
    readonly clock: Clock;
    readonly log: Logger;
    readonly take: (input: Input) => void;
  }) {
    this.#runners = parts.runners;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#take = parts.take;
  }

  /** Looks at no engine again. */
  close(): void {
    for (const cancel of this.#looks.values()) cancel();
  }

  /** Whether no engine has a sample. */
  get idle(): boolean {
    return this.#running === 0;
  }

  store(message: LeaseRequests): LeasedSample[] {
    return this.#leases.add(message);
  }

  drop(leaseId: string, samples: readonly number[]): void {
    for (const sample of samples) this.#leases.remove(leaseId, sample);
  }

  forget(leaseId: string): void {
    this.#leases.forget(leaseId);
  }

  /** The lease's collected outcomes as a wire message, charged with the slot's busy time since its last batch. */
  takeBatch({ batchNumber, leaseId, runId, slotId }: EffectOf<"SpoolBatch">): Uint8Array {
    const slotSeconds = this.#runners.get(slotId)?.takeCharge() ?? 0;
    return this.#batches.take({ batchNumber, leaseId, runId, slotId, slotSeconds });
  }

  /** Asks the engine to stop computing a sample. */
  stop(leaseId: string, sample: number): void {
    this.#leases.get(leaseId, sample).stop.abort();
  }

  /** Gives a sample to its slot's engine; the outcome arrives at the core as an input. */
  start({ slotId, leaseId, sample }: EffectOf<"StartSample">): void {
    const runner = this.#runners.get(slotId)!;
    const stored = this.#leases.get(leaseId, sample);
    this.#running += 1;
    runner
      .compute(stored)
      .then((outcome) => this.#finish({ slotId, leaseId, sample }, stored, outcome))
      .catch((error: unknown) => {
        // `compute` makes outcomes of an engine's errors; what is left is a health check that broke.
        const reason = MusterError.from(error).message;
        this.#finish({ slotId, leaseId, sample }, stored, { kind: "engineFailed", reason, outcomes: [], tokens: 0 });
      });
  }

  #finish(ids: SampleIds, stored: StoredSample, outcome: SampleOutcome): void {
    this.#running -= 1;
    const { slotId, leaseId, sample } = ids;
    // First of all, or the sample would be started again at once on the engine that just failed.
    if (outcome.kind === "engineFailed") this.#fail(slotId, outcome.reason);
    const isCause = outcome.kind === "engineFailed" && outcome.outcomes.length > 0 && this.#isSuspect(stored.key);
    if (outcome.kind === "finished" || isCause) {
      const { outcomes, tokens } = outcome;
      const indexes = stored.requests.map((request) => request.index);
      const bytes = this.#batches.add(leaseId, indexes, outcomes);
      this.#leases.remove(leaseId, sample);
      this.#take({ kind: "SampleFinished", ...ids, outcomes: outcomes.length, bytes, tokens });
    } else {
      const restMs = outcome.kind === "postponed" ? outcome.restMs : 0;
      this.#take({ kind: "SamplePostponed", ...ids, requestCount: stored.requests.length, restMs });
    }
  }

  /** Notes that a sample was in an engine that broke; true when that has happened too often to be chance. */
  #isSuspect(key: string): boolean {
    const breaks = (this.#suspects.get(key) ?? 0) + 1;
    this.#suspects.delete(key);
    this.#suspects.set(key, breaks);
    const [oldest] = this.#suspects.keys();
    if (this.#suspects.size > SUSPECTS_MAX && oldest !== undefined) this.#suspects.delete(oldest);
    return breaks >= BREAKS_MAX;
  }

  /** The slot's leases go back, and its engine is looked at until it works. */
  #fail(slotId: string, reason: string): void {
    if (this.#failed.has(slotId)) return;
    this.#failed.add(slotId);
    this.#log.warn({ slot: slotId, reason }, "the engine does not work; its leases go back, looking again");
    this.#take({ kind: "SlotFailed", slotId, reason });
    this.#lookAgain(slotId, LOOK_AGAIN_MS);
  }

  #lookAgain(slotId: string, waitMs: number): void {
    const cancel = this.#clock.after(waitMs, () => {
      this.#runners
        .get(slotId)!
        .engine.health()
        .then((trouble) => {
          if (trouble !== null) return this.#lookAgain(slotId, Math.min(LOOK_AGAIN_MAX_MS, waitMs * 2));
          this.#failed.delete(slotId);
          this.#log.info({ slot: slotId }, "the engine works again");
          return this.#take({ kind: "SlotRecovered", slotId });
        })
        .catch((error: unknown) => {
          this.#log.error({ slot: slotId, error: MusterError.from(error).message }, "cannot look at the engine");
          this.#lookAgain(slotId, Math.min(LOOK_AGAIN_MAX_MS, waitMs * 2));
        });
    });
    this.#looks.set(slotId, cancel);
  }
}
