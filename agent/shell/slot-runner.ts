import { MusterError } from "../../base/muster-error.ts";
import type { EngineOutcome, InferenceEngine } from "../ports/inference-engine.ts";
import type { StoredSample } from "./lease-store.ts";

/** What became of a sample that was given to an engine. */
export type SampleOutcome =
  | { readonly kind: "finished"; readonly outcomes: readonly EngineOutcome[]; readonly tokens: number }
  /** Nothing was computed: the engine is busy or was told to stop. */
  | { readonly kind: "postponed"; readonly restMs: number }
  /** The engine itself does not work. `outcomes` is for a sample that seems to be the cause. */
  | {
      readonly kind: "engineFailed";
      readonly reason: string;
      readonly outcomes: readonly EngineOutcome[];
      readonly tokens: number;
    };

/** Attempts of a sample on one slot before its failure is told. */
const ATTEMPTS_MAX = 4;
/** Rest of a slot whose engine did not say how long: doubled with each attempt. */
const REST_MS = 500;
const REST_MAX_MS = 60_000;

/** One slot's engine, with the time that it was busy. */
export class SlotRunner {
  readonly engine: InferenceEngine;
  readonly #samples = new Set<StoredSample>();
  readonly #nowMs: () => number;
  #busyMs = 0;
  #busySinceMs = 0;
  #chargedMs = 0;

  constructor(engine: InferenceEngine, nowMs: () => number) {
    this.engine = engine;
    this.#nowMs = nowMs;
  }

  get running(): number {
    return this.#samples.size;
  }

  /** Seconds with at least one sample in the engine, since the process started. */
  busySeconds(): number {
    return (this.#busyMs + (this.running > 0 ? this.#nowMs() - this.#busySinceMs : 0)) / 1000;
  }

  /** Busy seconds since the last call: what the next batch is charged. */
  takeCharge(): number {
    const total = this.busySeconds();
    const charge = total - this.#chargedMs / 1000;
    this.#chargedMs = total * 1000;
    return Math.max(0, charge);
  }

  /** Computes a sample; resolves to what became of it. */
  async compute(sample: StoredSample): Promise<SampleOutcome> {
    if (this.running === 0) this.#busySinceMs = this.#nowMs();
    this.#samples.add(sample);
    sample.attempts += 1;
    try {
      return await this.#judge(sample, await this.#ask(sample));
    } finally {
      this.#samples.delete(sample);
      if (this.running === 0) this.#busyMs += this.#nowMs() - this.#busySinceMs;
    }
  }

  /** Stops what is running and closes the engine. */
  async close(): Promise<void> {
    for (const { stop } of this.#samples) stop.abort();
    await this.engine.close();
  }

  /** The engine's outcomes. One that breaks its contract must not end a run, so what it breaks on has failed. */
  async #ask({ requests, stop }: StoredSample): Promise<readonly EngineOutcome[]> {
    const { engine } = this.engine.description;
    try {
      const outcomes = await this.engine.compute(requests, stop.signal);
      if (outcomes.length === requests.length) return outcomes.map((outcome) => refuseNonsense(outcome, engine));
      throw new Error(`${outcomes.length} outcomes for ${requests.length} requests`);
    } catch (error) {
      const message = `${engine}: ${MusterError.from(error).message}`;
      return requests.map(() => ({ kind: "failed", retry: "elsewhere", reason: "broken_engine", message }));
    }
  }

  async #judge(sample: StoredSample, outcomes: readonly EngineOutcome[]): Promise<SampleOutcome> {
    if (sample.stop.signal.aborted) return { kind: "postponed", restMs: 0 };
    let [tokens, restMs, isFailed, isTold] = [0, 0, false, false];
    for (const outcome of outcomes) {
      if (outcome.kind !== "failed") tokens += outcome.promptTokens + outcome.completionTokens;
      else {
        isFailed = true;
        if (outcome.retry !== "same") continue;
        isTold ||= outcome.retryAfterMs !== undefined;
        restMs = Math.max(restMs, Math.min(outcome.retryAfterMs ?? REST_MS * 2 ** (sample.attempts - 1), REST_MAX_MS));
      }
    }
    if (!isFailed) return { kind: "finished", outcomes, tokens };
    const trouble = await this.engine.health();
    if (trouble !== null) return { kind: "engineFailed", reason: trouble, outcomes, tokens };
    // An engine that says when to come back is busy, not broken: that never becomes a failure.
    if (restMs > 0 && (isTold || sample.attempts < ATTEMPTS_MAX)) return { kind: "postponed", restMs };
    return { kind: "finished", outcomes, tokens };
  }
}

/** A log-probability is a number up to 0. Another one would be refused by the coordinator, with all that came with it. */
function refuseNonsense(outcome: EngineOutcome, engine: string): EngineOutcome {
  if (outcome.kind !== "logprob" || outcome.logprob <= 0) return outcome;
  const message = `${engine} gave ${outcome.logprob} as a log-probability`;
  return { kind: "failed", retry: "elsewhere", reason: "nan", message };
}
