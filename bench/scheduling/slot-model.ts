import type { VirtualClock } from "../../test/simulation/virtual-clock.ts";

/** How fast a slot is. */
export interface SlotSpeed {
  /** Of all sequences together, tokens a second. */
  readonly tokensPerSecond: number;
  /** Of one sequence, tokens a second at most. */
  readonly sequenceTokensPerSecond: number;
}

interface Sequence {
  /** How much each sequence must have been served since the beginning until this one is done. */
  readonly doneAt: number;
  readonly onDone: () => void;
}

/**
 * A GPU as the scheduler sees it: processor sharing with a cap. All running sequences progress at the same rate, which is
 * the total rate shared evenly, and never more than one sequence can do.
 */
export class SlotModel {
  readonly #clock: VirtualClock;
  readonly #speed: SlotSpeed;
  /** Last to finish first. */
  readonly #running: Sequence[] = [];
  #factor = 1;
  /** Tokens that a sequence which always ran would have got. */
  #served = 0;
  #servedAtMs = 0;
  /** What is scheduled for an earlier state is void. */
  #version = 0;
  /** Tokens computed. */
  tokens = 0;

  constructor(clock: VirtualClock, speed: SlotSpeed) {
    this.#clock = clock;
    this.#speed = speed;
  }

  get running(): number {
    return this.#running.length;
  }

  /** Begins a sequence; returns how to abandon it. */
  start(tokens: number, onDone: () => void): () => void {
    this.#serve();
    const sequence = { doneAt: this.#served + tokens, onDone };
    let position = this.#running.length;
    while (position > 0 && this.#running[position - 1]!.doneAt < sequence.doneAt) position -= 1;
    this.#running.splice(position, 0, sequence);
    this.#schedule();
    return () => {
      this.#serve();
      const found = this.#running.indexOf(sequence);
      if (found >= 0) this.#running.splice(found, 1);
      this.#schedule();
    };
  }

  /** From now on it does everything at so many times its speed. */
  slowDown(factor: number): void {
    this.#serve();
    this.#factor = factor;
    this.#schedule();
  }

  /** All that runs is lost. */
  clear(): void {
    this.#serve();
    this.#running.length = 0;
    this.#schedule();
  }

  #rate(): number {
    const { tokensPerSecond, sequenceTokensPerSecond } = this.#speed;
    return (Math.min(sequenceTokensPerSecond, tokensPerSecond / this.#running.length) * this.#factor) / 1000;
  }

  #serve(): void {
    const { nowMs } = this.#clock;
    if (this.#running.length > 0) {
      const served = this.#rate() * (nowMs - this.#servedAtMs);
      this.#served += served;
      this.tokens += served * this.#running.length;
    }
    this.#servedAtMs = nowMs;
  }

  #schedule(): void {
    const version = ++this.#version;
    const next = this.#running.at(-1);
    if (next === undefined) return;
    this.#clock.after(Math.max(0, next.doneAt - this.#served) / this.#rate(), () => {
      if (version !== this.#version) return;
      this.#serve();
      this.#running.pop();
      this.#schedule();
      next.onDone();
    });
  }
}
