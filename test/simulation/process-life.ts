import type { Cancel, Clock } from "../../base/clock.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** How a process's own clocks differ from the world's. */
export interface ClockFault {
  /** Its monotonic zero. */
  readonly offsetMs: number;
  /** How fast its monotonic clock runs; 1 is right. */
  readonly rate: number;
  /** How wrong its calendar is. */
  readonly wallOffsetMs: number;
}

/**
 * One life of a process: what it scheduled does not happen after its death, and nothing happens while it is stalled
 * (a pause for garbage collection, a stopped virtual machine); what arrives meanwhile waits, in order.
 */
export class ProcessLife implements Clock {
  readonly name: string;
  alive = true;
  readonly #clock: VirtualClock;
  #fault: ClockFault;
  #stalledUntilMs = 0;
  #backlog: (() => void)[] = [];

  constructor(name: string, clock: VirtualClock, fault: ClockFault) {
    this.name = name;
    this.#clock = clock;
    this.#fault = fault;
  }

  /** The process dies. */
  end(): void {
    this.alive = false;
    this.#backlog = [];
  }

  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#clock.nowMs + durationMs);
    this.#clock.after(durationMs, () => this.#wake());
  }

  /** Its calendar is set to another time. */
  jump(wallOffsetMs: number): void {
    this.#fault = { ...this.#fault, wallOffsetMs };
  }

  /** The world's time. */
  get worldMs(): number {
    return this.#clock.nowMs;
  }

  nowMs(): number {
    return this.#fault.offsetMs + this.#clock.nowMs * this.#fault.rate;
  }

  unixMs(): number {
    return Math.round(1_700_000_000_000 + this.#clock.nowMs + this.#fault.wallOffsetMs);
  }

  after(delayMs: number, action: () => void): Cancel {
    let isDue = true;
    this.#clock.after(delayMs / this.#fault.rate, () =>
      this.now(() => {
        if (isDue) action();
      }),
    );
    return () => {
      isDue = false;
    };
  }

  every(periodMs: number, action: () => void): Cancel {
    let cancel: Cancel = () => {};
    const again = (): void => {
      cancel = this.after(periodMs, () => {
        again();
        action();
      });
    };
    again();
    return () => cancel();
  }

  soon(action: () => void): void {
    this.after(0, action);
  }

  /** Something outside is done after a while of the world's time: a disk, a network, an engine. */
  later(delayMs: number, action: () => void): void {
    this.#clock.after(delayMs, () => this.now(action));
  }

  /** Something happens outside, whether the process stands still or not. */
  outside(delayMs: number, action: () => void): void {
    this.#clock.after(delayMs, action);
  }

  /** Does something as soon as the process runs: at once, unless it is stalled. */
  now(action: () => void): void {
    if (!this.alive) return;
    if (this.#clock.nowMs < this.#stalledUntilMs || this.#backlog.length > 0) this.#backlog.push(action);
    else action();
  }

  #wake(): void {
    if (this.#clock.nowMs < this.#stalledUntilMs || !this.alive) return;
    const action = this.#backlog.shift();
    if (action === undefined) return;
    action();
    // One turn of the loop for each, as in a process that wakes up.
    this.#clock.after(0, () => this.#wake());
  }
}

/** Resolves after a while of the world's time, once the process runs. */
export function pause(life: ProcessLife, delayMs: number): Promise<void> {
  return new Promise((resolve) => life.later(delayMs, resolve));
}
