import type { Clock } from "../clock.ts";

/** This machine's time. */
export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, action) {
    const timer = setInterval(action, periodMs);
    return () => clearInterval(timer);
  },
  soon(action) {
    setImmediate(action);
  },
};
