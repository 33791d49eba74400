import type { RequestKind } from "../../evaluation/request.ts";
import type { AgentAnnouncement, PlanShape } from "../../coordinator/core/input.ts";
import { SeededRandom } from "../../quickstart/seeded-random.ts";
import { anAgent, anEngine, aShape } from "../support/core-builders.ts";

/** The kinds of things that go wrong. */
export const FAULT_KINDS = [
  "cut",
  "partition",
  "agentCrash",
  "coordinatorCrash",
  "agentStall",
  "coordinatorStall",
  "brokenEngine",
  "blockedSpool",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that goes wrong. */
export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly durationMs: number;
  /** Which agent, where it is about one. */
  readonly agent: number;
  /** Which slot, where it is about one. */
  readonly slot: number;
}

/** All that is drawn from a seed before the world begins. */
export interface Scenario {
  readonly agents: readonly AgentAnnouncement[];
  /** When each agent starts. */
  readonly agentStartsMs: readonly number[];
  readonly runs: readonly { readonly runId: string; readonly shape: PlanShape; readonly atMs: number }[];
  /** A run that is cancelled, and when. */
  readonly cancelled: { readonly runId: string; readonly atMs: number } | null;
  /** An agent that is drained, and when. */
  readonly drained: { readonly agent: number; readonly atMs: number } | null;
  /** Requests that no engine can answer, as `RUN/REQUEST`. */
  readonly broken: ReadonlySet<string>;
  readonly slowAgents: ReadonlySet<string>;
  /** Slowest computation of a sample on an engine that is not slow. */
  readonly latencyMaxMs: number;
  readonly failPercent: number;
  readonly busyPercent: number;
  readonly leaseDurationMs: number;
  readonly faults: readonly Fault[];
}

/** Nothing goes wrong after this time. */
export const FAULTS_END_MS = 10_000;

const KINDS: readonly (readonly RequestKind[])[] = [
  ["loglikelihood"],
  ["generate_until"],
  ["generate_until", "loglikelihood"],
];

/** Draws a world. The same seed draws the same one. */
export function drawScenario(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const agents = Array.from({ length: random.between(1, 4) }, (_, position) => {
    const engine = anEngine({ concurrency: random.between(1, 4) });
    return anAgent(
      `a${position}`,
      Array.from({ length: random.between(1, 3) }, () => engine),
    );
  });
  const runs = Array.from({ length: random.between(1, 2) }, (_, position) => ({
    runId: `r${position}`,
    shape: drawShape(random),
    atMs: random.below(1_500),
  }));
  const broken = new Set<string>();
  if (random.below(4) === 0) {
    for (const { runId, shape } of runs) {
      for (let request = 0; request < shape.requestCount; request++) {
        if (random.below(20) === 0) broken.add(`${runId}/${request}`);
      }
    }
  }
  const pickedRun = random.pick(runs).runId;
  return {
    agents,
    agentStartsMs: agents.map(() => random.pick([0, 0, random.below(5_000)])),
    runs,
    cancelled: random.below(10) === 0 ? { runId: pickedRun, atMs: random.below(FAULTS_END_MS) } : null,
    drained:
      agents.length > 1 && random.below(6) === 0
        ? { agent: random.below(agents.length), atMs: random.below(FAULTS_END_MS) }
        : null,
    broken,
    slowAgents: new Set(agents.map(({ agentId }) => agentId).filter(() => random.below(5) === 0)),
    latencyMaxMs: random.pick([100, 400, 1_200]),
    failPercent: random.pick([0, 0, 3, 15]),
    busyPercent: random.pick([0, 0, 5]),
    leaseDurationMs: random.between(1_500, 4_000),
    faults: drawFaults(random, agents.length),
  };
}

function drawShape(random: SeededRandom): PlanShape {
  const costs = random.pick([1, 50]);
  return aShape({
    samples: random.between(1, 80),
    requestsPerSample: random.between(1, 4),
    cost: () => random.between(1, costs),
    kinds: random.pick(KINDS),
  });
}

function drawFaults(random: SeededRandom, agents: number): Fault[] {
  return Array.from({ length: random.below(12) }, () => ({
    kind: random.pick(FAULT_KINDS),
    atMs: random.below(FAULTS_END_MS),
    durationMs: random.pick([50, 500, 2_000, 6_000]) + random.below(500),
    agent: random.below(agents),
    slot: random.below(3),
  }));
}
