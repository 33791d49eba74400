import { createHash } from "node:crypto";
import type { CoordinatorState, RunState } from "../../coordinator/core/state.ts";

/**
 * A digest of all that a fold of the journal must give again. Left out is what is only true now: who is connected,
 * who wants work, when leases end. Settings are the reader's own.
 */
export function digestState(state: CoordinatorState): string {
  return createHash("sha256").update(describeState(state)).digest("hex");
}

/** The same as readable JSON, for the message of a failing test. */
export function describeState(state: CoordinatorState): string {
  const { epoch, leaseCounter, runs } = state;
  return JSON.stringify({ epoch, leaseCounter, runs: [...runs.values()].map(durablePart) }, plainValue);
}

function durablePart(run: RunState): unknown {
  const { leases, leaseList, openLeases, ...rest } = run;
  return {
    ...rest,
    leases: [...leases.keys()],
    leaseList: leaseList.map((lease) => ({ ...lease, deadlineMs: null })),
    openLeases: [...openLeases].map((lease) => lease.leaseId),
  };
}

function plainValue(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) ? [...(value as Uint32Array)] : value;
}
