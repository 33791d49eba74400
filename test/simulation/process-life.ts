import type { VirtualClock } from "./virtual-clock.ts";

/**
 * One life of a process: what it scheduled does not happen after its death, and nothing happens while it is stalled
 * (a pause for garbage collection, a stopped virtual machine); what arrives meanwhile waits, in order.
 */
export class ProcessLife {
  alive = true;
  readonly #clock: VirtualClock;
  #stalledUntilMs = 0;
  #backlog: (() => void)[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  end(): void {
    this.alive = false;
    this.#backlog = [];
  }

  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#clock.nowMs + durationMs);
    this.#clock.after(durationMs, () => this.#wake());
  }

  /** Schedules something that this process does. */
  after(delayMs: number, action: () => void): void {
    this.#clock.after(delayMs, () => this.now(action));
  }

  every(periodMs: number, action: () => void): void {
    this.after(periodMs, () => {
      action();
      this.every(periodMs, action);
    });
  }

  /** Does something as soon as the process runs: at once, unless it is stalled. */
  now(action: () => void): void {
    if (!this.alive) return;
    if (this.#clock.nowMs < this.#stalledUntilMs || this.#backlog.length > 0) this.#backlog.push(action);
    else action();
  }

  #wake(): void {
    if (this.#clock.nowMs < this.#stalledUntilMs) return;
    while (this.alive && this.#backlog.length > 0) this.#backlog.shift()!();
  }
}
