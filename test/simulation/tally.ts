import type { SimulationReply } from "./worker.ts";

/** What many worlds were like. */
export interface Tally {
  worlds: number;
  actions: number;
  computed: number;
  requests: number;
  readonly violations: { readonly seed: number; readonly message: string }[];
  /** How often each kind of fault struck while work was under way. */
  readonly faults: Map<string, number>;
  /** One entry a world. */
  readonly agentCounts: number[];
  readonly requestCounts: number[];
  readonly faultCounts: number[];
  readonly kindCounts: number[];
  readonly restartCounts: number[];
}

export function emptyTally(): Tally {
  return {
    ...{ worlds: 0, actions: 0, computed: 0, requests: 0, violations: [], faults: new Map() },
    ...{ agentCounts: [], requestCounts: [], faultCounts: [], kindCounts: [], restartCounts: [] },
  };
}

/** Adds one world. */
export function addReport(tally: Tally, reply: SimulationReply): void {
  tally.worlds += 1;
  if (reply.kind === "violated") {
    tally.violations.push(reply);
    return;
  }
  const { report } = reply;
  tally.actions += report.actions;
  tally.computed += report.computed;
  tally.requests += report.requests;
  const entries = Object.entries(report.faults);
  for (const [kind, times] of entries) tally.faults.set(kind, (tally.faults.get(kind) ?? 0) + times);
  tally.agentCounts.push(report.agents);
  tally.requestCounts.push(report.requests);
  tally.faultCounts.push(entries.reduce((sum, [, times]) => sum + times, 0));
  tally.kindCounts.push(entries.length);
  tally.restartCounts.push(report.restarts);
}

/** The tally in words. */
export function sayTally(tally: Tally, seconds: number): string {
  const struck = [...tally.faults].toSorted((left, right) => right[1] - left[1]);
  return [
    `${tally.worlds} worlds, ${tally.actions} events in ${seconds.toFixed(1)} s: ${Math.round(tally.actions / seconds)} events/s`,
    `the median world: ${median(tally.agentCounts)} agents, ${median(tally.requestCounts)} requests, ` +
      `${median(tally.faultCounts)} faults of ${median(tally.kindCounts)} kinds, ${median(tally.restartCounts)} restarts of a coordinator`,
    `requests computed: ${((100 * tally.computed) / Math.max(1, tally.requests)).toFixed(1)} % of those asked`,
    `faults that struck while work was under way: ${struck.map(([kind, times]) => `${kind} ${times}`).join(", ")}`,
  ].join("\n");
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? 0;
}
