/** Ends what was scheduled, if it has not happened. */
export type Cancel = () => void;

/**
 * Time as a process has it: what it reads, and what it schedules. Shells take it from outside, so that a simulation can
 * let hours pass in seconds, drift, jump and stop.
 */
export interface Clock {
  /** Monotonic, milliseconds from any zero. */
  nowMs(): number;
  /** The calendar's time, Unix milliseconds; it may jump, also backwards. For display and records only. */
  unixMs(): number;
  /** Calls once, after a while. A process does not end by itself while something is scheduled. */
  after(delayMs: number, action: () => void): Cancel;
  /** Calls again and again. */
  every(periodMs: number, action: () => void): Cancel;
  /** Calls in a later turn of the event loop, when what has arrived by now was taken. */
  soon(action: () => void): void;
}

/** Resolves after a while. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
