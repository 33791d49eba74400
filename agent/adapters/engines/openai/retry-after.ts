/** Longest rest that a server may ask for and get, milliseconds. */
const REST_MAX_MS = 10 * 60_000;

/** How long a Retry-After header (seconds, or a date) asks to wait, milliseconds; undefined where it says nothing. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(REST_MAX_MS, Math.max(0, Math.ceil(waitMs)));
}
