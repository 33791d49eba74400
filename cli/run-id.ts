import { randomBytes } from "node:crypto";

/** A new run's name: sorts by time, is unique, and its beginning is short to type: `20261125-105900-3f9a`. */
export function makeRunId(now: Date): string {
  const digits = now.toISOString().replace(/\D/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomBytes(2).toString("hex")}`;
}
