import type { EngineOutcome, InferenceEngine } from "../../agent/ports/inference-engine.ts";
import type { EngineDescription } from "../../evaluation/engine.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { RequestFailure } from "../../evaluation/response.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { trueAnswer } from "./plans.ts";
import type { ProcessLife } from "./process-life.ts";

/** How engines behave in one world. */
export interface EngineWish {
  /** Agents whose engines take four times as long. */
  readonly slowAgents: ReadonlySet<number>;
  readonly latencyMaxMs: number;
  /** Out of 100 requests, how many fail once. */
  readonly failPercent: number;
  /** Out of 100 samples, how often an engine answers something that is no answer. */
  readonly rubbishPercent: number;
  /** Out of 100 samples, how often an engine is too busy to take one. */
  readonly busyPercent: number;
  /** Contexts that no engine can answer. */
  readonly broken: ReadonlySet<string>;
}

const HEALED_LATENCY_MAX_MS = 100;

/** Where an engine is. */
interface EnginePlace {
  readonly agent: number;
  /** Names it among all slots. */
  readonly slot: string;
  readonly life: ProcessLife;
  readonly description: EngineDescription;
}

/** All engines of a world. What is not broken fails at most once, so that every run can be finished. */
export class Engines {
  readonly #wish: EngineWish;
  readonly #random: SeededRandom;
  readonly #failed = new Set<string>();
  /** Slots whose engine does not work, until when. */
  readonly #downUntilMs = new Map<string, number>();
  /** Hears which requests are computed. */
  readonly #onComputed: (count: number) => void;
  #isHealed = false;
  /** Answers that were none, and requests that failed. */
  rubbish = 0;
  failures = 0;

  constructor(wish: EngineWish, random: SeededRandom, onComputed: (count: number) => void) {
    this.#wish = wish;
    this.#random = random;
    this.#onComputed = onComputed;
  }

  /** No engine is slow any more: what is left is soon done, however few slots are left for it. */
  heal(): void {
    this.#isHealed = true;
  }

  /** Breaks one slot's engine for a while of the world's time. */
  breakDown(slot: string, untilMs: number): void {
    this.#downUntilMs.set(slot, untilMs);
  }

  /** One slot's engine in one life of its agent. */
  open({ agent, slot, life, description }: EnginePlace): InferenceEngine {
    const isDown = (): boolean => life.worldMs < (this.#downUntilMs.get(slot) ?? 0);
    const latencyMs = (): number => {
      if (this.#isHealed) return 5 + this.#random.below(HEALED_LATENCY_MAX_MS);
      return (5 + this.#random.below(this.#wish.latencyMaxMs)) * (this.#wish.slowAgents.has(agent) ? 4 : 1);
    };
    return {
      description,
      compute: (requests) =>
        new Promise((resolve, reject) => {
          life.later(latencyMs(), () => {
            this.#onComputed(requests.length);
            if (isDown()) return resolve(requests.map(() => failure("engine", "elsewhere")));
            return this.#answer(requests, resolve, reject);
          });
        }),
      health: () => Promise.resolve(isDown() ? "the engine is gone" : null),
      close: () => Promise.resolve(),
    };
  }

  #answer(
    requests: readonly EvaluationRequest[],
    resolve: (outcomes: readonly EngineOutcome[]) => void,
    reject: (error: Error) => void,
  ): void {
    const random = this.#random;
    if (random.below(100) < this.#wish.busyPercent) {
      return resolve(requests.map(() => ({ ...failure("rate_limited", "same"), retryAfterMs: random.below(1_000) })));
    }
    const outcomes = requests.map((request): EngineOutcome => {
      if (this.#wish.broken.has(request.context)) return failure("bad_response", "elsewhere");
      if (this.#failsOnce(request, this.#wish.failPercent)) {
        this.failures += 1;
        return failure("http_500", random.pick(["elsewhere", "same"]));
      }
      return trueAnswer(request);
    });
    const [first] = requests;
    if (first === undefined || !this.#failsOnce({ ...first, continuation: "rubbish" }, this.#wish.rubbishPercent)) {
      return resolve(outcomes);
    }
    this.rubbish += 1;
    const cost = { promptTokens: 1, completionTokens: 1, truncatedTokens: 0, latencyUs: 1 };
    switch (random.below(4)) {
      case 0:
        return resolve(outcomes.slice(1));
      case 1:
        return resolve(requests.map(() => ({ kind: "logprob", logprob: Number.NaN, isGreedy: false, ...cost })));
      case 2:
        return resolve(requests.map(() => ({ kind: "logprob", logprob: 0.5, isGreedy: false, ...cost })));
      default:
        return reject(new Error("the engine's answer makes no sense"));
    }
  }

  #failsOnce({ context, continuation }: EvaluationRequest, percent: number): boolean {
    const key = `${context}\t${continuation}`;
    if (percent === 0 || this.#failed.has(key) || this.#random.below(100) >= percent) return false;
    this.#failed.add(key);
    return true;
  }
}

function failure(reason: string, retry: RequestFailure["retry"]): RequestFailure {
  return { kind: "failed", retry, reason, message: "the engine failed on it" };
}
