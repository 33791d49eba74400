/** How long each stage of a command took, in seconds, in the order in which they were. */
export class StageClock {
  readonly #seconds: { [stage: string]: number } = {};
  #sinceMs = performance.now();

  /** What has passed since the last call counts for this stage. */
  end(stage: string): void {
    const nowMs = performance.now();
    this.#seconds[stage] = (this.#seconds[stage] ?? 0) + (nowMs - this.#sinceMs) / 1000;
    this.#sinceMs = nowMs;
  }

  /** Seconds by stage. */
  get seconds(): Readonly<Record<string, number>> {
    return this.#seconds;
  }
}
