import type { EngineDescription } from "../../evaluation/engine.ts";
import { SeededRandom } from "../../quickstart/seeded-random.ts";
import { anEngine } from "../support/core-builders.ts";
import type { AgentPlan } from "./agent-host.ts";
import type { EngineWish } from "./engine.ts";
import { pickPlan, type WorldPlan } from "./plans.ts";

/** What goes wrong at a moment. Each kind is drawn as often as it stands here. */
const STRIKES = [
  "cut",
  "cut",
  "partition",
  "oneWayPartition",
  "agentCrash",
  "agentCrash",
  "agentCrashInSpool",
  "agentStall",
  "coordinatorCrash",
  "coordinatorCrash",
  "coordinatorStall",
  "brokenEngine",
  "fullSpool",
  "fullDisk",
  "slowDisk",
  "bitFlip",
  "blobBitFlip",
  "clockJump",
  "rival",
  "liar",
] as const;

export type StrikeKind = (typeof STRIKES)[number];

/** All kinds of faults that are counted: those above, and those that come with them or last all the time. */
export const FAULT_KINDS = [
  ...new Set<StrikeKind>(STRIKES),
  "turn",
  "keptTail",
  "lostTail",
  "tornTail",
  "failedAnswer",
  "rubbishAnswer",
  "drift",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that goes wrong. */
export interface Fault {
  readonly kind: StrikeKind;
  readonly atMs: number;
  readonly durationMs: number;
  /** Which agent, where it is about one. */
  readonly agent: number;
  /** Which slot, where it is about one. */
  readonly slot: number;
}

/** All that is drawn from a seed before the world begins. */
export interface Scenario {
  readonly agents: readonly AgentPlan[];
  /** When each agent starts. */
  readonly agentStartsMs: readonly number[];
  readonly runs: readonly { readonly runId: string; readonly plan: WorldPlan; readonly atMs: number }[];
  /** A run that is cancelled, and when. */
  readonly cancelled: { readonly runId: string; readonly atMs: number } | null;
  /** An agent that is drained, and when. */
  readonly drained: { readonly agent: number; readonly atMs: number } | null;
  /** A run that ends partial is tried again once. */
  readonly retries: boolean;
  readonly engines: EngineWish;
  /** How far monotonic clocks are off at most, as a share. */
  readonly drift: number;
  readonly leaseDurationMs: number;
  readonly faults: readonly Fault[];
  /** Two coordinators take turns by a lease; else one leads, and a rival may come. */
  readonly takesTurns: boolean;
}

/** Nothing goes wrong after this time. */
export const FAULTS_END_MS = 10_000;

/** Draws a world. The same seed draws the same one. */
export function drawScenario(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const agents = Array.from({ length: random.between(2, 5) }, (_, position) => ({
    position,
    slots: drawSlots(random),
  }));
  const runs = Array.from({ length: random.pick([1, 1, 2]) }, (_, position) => ({
    runId: `r${position}`,
    plan: pickPlan(random),
    atMs: random.below(1_500),
  }));
  const pickedRun = random.pick(runs).runId;
  return {
    agents,
    agentStartsMs: agents.map(() => random.pick([0, 0, random.below(5_000)])),
    runs,
    cancelled: random.below(10) === 0 ? { runId: pickedRun, atMs: random.below(FAULTS_END_MS) } : null,
    drained: random.below(6) === 0 ? { agent: random.below(agents.length), atMs: random.below(FAULTS_END_MS) } : null,
    retries: random.below(2) === 0,
    engines: {
      broken: random.below(4) === 0 ? drawBroken(random, runs) : new Set(),
      slowAgents: new Set(agents.map(({ position }) => position).filter(() => random.below(5) === 0)),
      latencyMaxMs: random.pick([100, 400, 1_200]),
      failPercent: random.pick([0, 0, 3, 15]),
      rubbishPercent: random.pick([0, 0, 0, 4]),
      busyPercent: random.pick([0, 0, 5]),
    },
    drift: random.pick([0, 0, 0.02, 0.2]),
    leaseDurationMs: random.between(1_500, 4_000),
    faults: drawFaults(random, agents.length),
    takesTurns: random.below(4) === 0,
  };
}

function drawSlots(random: SeededRandom): EngineDescription[] {
  const engine = anEngine({ concurrency: random.between(1, 4) });
  return Array.from({ length: random.between(1, 3) }, () => engine);
}

/** Contexts that break every engine. */
function drawBroken(random: SeededRandom, runs: Scenario["runs"]): ReadonlySet<string> {
  const broken = new Set<string>();
  for (const { plan } of runs) {
    for (let count = random.between(1, 6); count > 0; count--) broken.add(random.pick(plan.requests).context);
  }
  return broken;
}

function drawFaults(random: SeededRandom, agents: number): Fault[] {
  return Array.from({ length: random.between(4, 14) }, () => ({
    kind: random.pick(STRIKES),
    atMs: 200 + random.below(FAULTS_END_MS - 2_200),
    durationMs: Math.min(random.pick([50, 500, 2_000, 6_000]) + random.below(500), 2_000 + random.below(6_000)),
    agent: random.below(agents),
    slot: random.below(3),
  }));
}
