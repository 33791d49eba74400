import type { RunState } from "../../coordinator/core/state.ts";

/**
 * All that a fold of the journal must give again of a run, as text to compare. Left out is what is only true now: when
 * leases end, when they may be recalled, and who lags behind.
 */
export function describeRun(run: RunState): string {
  const { leases, leaseList, openLeases, stragglers: _stragglers, ...rest } = run;
  const durable = {
    ...rest,
    leases: [...leases.keys()],
    leaseList: leaseList.map((lease) => ({ ...lease, deadlineMs: null, recallableFromMs: 0 })),
    openLeases: [...openLeases].map((lease) => lease.leaseId),
  };
  return JSON.stringify(durable, plainValue);
}

function plainValue(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) ? [...(value as Uint32Array)] : value;
}
