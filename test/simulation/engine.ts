import type { FailedRequest } from "../../coordinator/core/input.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";

/** What became of a sample. */
export type EngineOutcome =
  | { readonly kind: "busy"; readonly restMs: number }
  | { readonly kind: "done"; readonly responses: readonly number[]; readonly failures: readonly FailedRequest[] };

/** How engines behave in one world. */
export interface EngineWish {
  /** Agents whose engines take four times as long. */
  readonly slowAgents: ReadonlySet<string>;
  readonly latencyMaxMs: number;
  /** Out of 100 requests, how many fail once. */
  readonly failPercent: number;
  /** Out of 100 samples, how often an engine is too busy to take one. */
  readonly busyPercent: number;
  readonly isBroken: (runId: string, request: number) => boolean;
  readonly renewalIntervalMs: number;
}

/** All engines of a world. Requests that are not broken fail at most once, so that every run can be finished. */
export class Engine {
  readonly #wish: EngineWish;
  readonly #failed = new Set<string>();

  constructor(wish: EngineWish) {
    this.#wish = wish;
  }

  get renewalIntervalMs(): number {
    return this.#wish.renewalIntervalMs;
  }

  latencyMs(agentId: string, random: SeededRandom): number {
    return (5 + random.below(this.#wish.latencyMaxMs)) * (this.#wish.slowAgents.has(agentId) ? 4 : 1);
  }

  answer(runId: string, requests: readonly number[], random: SeededRandom): EngineOutcome {
    if (random.below(100) < this.#wish.busyPercent) return { kind: "busy", restMs: random.below(1_000) };
    const responses: number[] = [];
    const failures: FailedRequest[] = [];
    for (const requestIndex of requests) {
      const key = `${runId}/${requestIndex}`;
      const isFailing = !this.#failed.has(key) && random.below(100) < this.#wish.failPercent;
      if (isFailing) this.#failed.add(key);
      if (!isFailing && !this.#wish.isBroken(runId, requestIndex)) responses.push(requestIndex);
      else failures.push({ requestIndex, retry: "elsewhere", reason: "simulated", message: "the engine failed on it" });
    }
    return { kind: "done", responses, failures };
  }
}
