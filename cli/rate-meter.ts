import type { Run } from "../proto/gen/muster/v1/operator_pb.js";

const WINDOW_MS = 30_000;

interface Reading {
  readonly atMs: number;
  readonly requests: number;
  readonly tokens: number;
  readonly costTokens: number;
}

/** How fast a run goes now; zeros and null while that is not known. */
export interface Rates {
  readonly requestsPerSecond: number;
  readonly tokensPerSecond: number;
  /** By predicted tokens, since samples differ in length. */
  readonly secondsLeft: number | null;
}

/** Measures a run's speed over the last half minute. */
export class RateMeter {
  readonly #readings: Reading[] = [];

  /** Notes the run's counts at a time of the monotonic clock, milliseconds. */
  note(run: Run, atMs: number): void {
    this.#readings.push({
      atMs,
      requests: Number(run.requestsDone),
      tokens: Number(run.promptTokens + run.completionTokens),
      costTokens: run.costTokensDone,
    });
    while (this.#readings.length > 2 && this.#readings[0]!.atMs < atMs - WINDOW_MS) this.#readings.shift();
  }

  /** The speed between the window's ends. */
  rates(run: Run): Rates {
    const [first, last] = [this.#readings[0], this.#readings.at(-1)];
    const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
    if (seconds <= 0) return { requestsPerSecond: 0, tokensPerSecond: 0, secondsLeft: null };
    const per = (count: (reading: Reading) => number): number => (count(last!) - count(first!)) / seconds;
    const costRate = per((reading) => reading.costTokens);
    const left = Math.max(0, run.costTokensTotal - run.costTokensDone);
    return {
      requestsPerSecond: per((reading) => reading.requests),
      tokensPerSecond: per((reading) => reading.tokens),
      // A first guess from three seconds of work is worse than none.
      secondsLeft: costRate > 0 && seconds > 3 ? left / costRate : null,
    };
  }
}
