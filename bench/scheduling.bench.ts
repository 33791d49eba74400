import type { Benchmark, Gate } from "./benchmark.ts";
import { type ClusterWish, type Outcome, runMuster, type SlotEvent } from "./scheduling/cluster-model.ts";
import { runLighteval, runLmEval, runNemo, runOpenCompass, runPullQueue } from "./scheduling/peer-policies.ts";
import type { SlotSpeed } from "./scheduling/slot-model.ts";
import { choiceSuite, mixedSuite, reasoningSuite, type SuiteModel } from "./scheduling/suites.ts";

/** Sixteen slots of three sorts. A sequence alone is as much slower as the slot. */
const SLOTS: readonly SlotSpeed[] = [
  ...Array.from({ length: 8 }, () => speedOf(1)),
  ...Array.from({ length: 4 }, () => speedOf(0.5)),
  ...Array.from({ length: 4 }, () => speedOf(0.25)),
];
/** About 1.3 times as many sequences as fill a slot. */
const CONCURRENCY = 80;
const ROUND_TRIP_MS = 10;
const FAR_ROUND_TRIP_MS = 250;
/** When one of the fastest slots becomes ten times slower, as a share of the bound. */
const SLOW_AT_SHARE = 0.4;
/** Sizes of a piece that are tried; the best one counts. */
const PIECE_TOKENS = [50_000, 100_000, 200_000, 400_000, 800_000];
const SEEDS = [1, 2, 3, 4, 5];

const benchmark: Benchmark = {
  title: "the scheduler against the bound and other tools' policies, on 16 simulated slots; medians of 5 seeds",
  async run({ tiny }) {
    const [share, seeds] = tiny ? [0.02, [1]] : [1, SEEDS];
    const measured = seeds.map((seed) => measure(seed, share));
    const median = (of: (one: Measured) => number): number => {
      const sorted = measured.map(of).sort((left, right) => left - right);
      return sorted[Math.floor(sorted.length / 2)]!;
    };
    for (const key of Object.keys(measured[0]!) as (keyof Measured)[]) {
      const values = measured.map((one) => one[key]).sort((left, right) => left - right);
      console.log(`${key}: ${values.map((value) => value.toPrecision(3)).join(", ")}`);
    }
    const gates: Gate[] = [
      { name: "mixed, makespan ÷ bound", value: median(({ mixed }) => mixed), unit: "", atMost: 1.05 },
      { name: "one slot becomes 10 × slower", value: median(({ slow }) => slow), unit: "", atMost: 1.2 },
      { name: "reasoning, makespan ÷ bound", value: median(({ reasoning }) => reasoning), unit: "", atMost: 1.7 },
      {
        name: "faster than the best static or barrier policy, mixed",
        value: median(({ peers }) => peers),
        unit: "×",
        atLeast: 1.3,
      },
      { name: "the same with a slow slot", value: median(({ slowPeers }) => slowPeers), unit: "×", atLeast: 2 },
      { name: "÷ an ideal pull queue without latency", value: median(({ pull }) => pull), unit: "", atMost: 1.02 },
      {
        name: "messages about work ÷ the pull queue's",
        value: median(({ messages }) => messages),
        unit: "",
        atMost: 0.01,
      },
      {
        name: "faster than a pull queue at 250 ms, multiple choice",
        value: median(({ far }) => far),
        unit: "×",
        atLeast: 1.3,
      },
      { name: "extra tokens from speculation", value: 100 * median(({ extra }) => extra), unit: "%", atMost: 1 },
    ];
    return gates;
  },
};
export default benchmark;

interface Measured {
  readonly mixed: number;
  readonly slow: number;
  readonly reasoning: number;
  /** The best of the static and barrier policies ÷ Muster. */
  readonly peers: number;
  readonly slowPeers: number;
  /** Muster ÷ the pull queue. */
  readonly pull: number;
  readonly messages: number;
  readonly far: number;
  readonly extra: number;
}

function measure(seed: number, share: number): Measured {
  const suite = mixedSuite(seed, share);
  const wish = wishOf(suite);
  const mixed = runMuster(wish);
  const slowed: SlotEvent[] = [{ atMs: SLOW_AT_SHARE * boundMs(suite), slot: 0, kind: "slow" }];
  const slow = runMuster({ ...wish, events: slowed });
  const reasoning = reasoningSuite(seed, share);
  const thought = runMuster(wishOf(reasoning));
  const pull = runPullQueue({ ...wish, roundTripMs: 0 });
  const choices = { ...wishOf(choiceSuite(seed, share)), roundTripMs: FAR_ROUND_TRIP_MS };
  const [near, far] = [runMuster(choices), runPullQueue(choices)];
  console.log(`seed ${seed}: ${suite.name}, bound ${seconds(boundMs(suite))}`);
  console.log(
    `  Muster ${seconds(mixed.makespanMs)}, a slow slot ${seconds(slow.makespanMs)}, pull ${seconds(pull.makespanMs)}`,
  );
  console.log(`  ${reasoning.name}: bound ${seconds(boundMs(reasoning))}, Muster ${seconds(thought.makespanMs)}`);
  console.log(`  ${choices.suite.name} at 250 ms: Muster ${seconds(near.makespanMs)}, pull ${seconds(far.makespanMs)}`);
  return {
    mixed: mixed.makespanMs / boundMs(suite),
    slow: slow.makespanMs / boundMs(suite),
    reasoning: thought.makespanMs / boundMs(reasoning),
    peers: bestPeerMs(wish) / mixed.makespanMs,
    slowPeers: bestPeerMs({ ...wish, events: slowed }) / slow.makespanMs,
    pull: mixed.makespanMs / pull.makespanMs,
    messages: mixed.messages / pull.messages,
    far: far.makespanMs / near.makespanMs,
    extra: Math.max(mixed.extraTokens, slow.extraTokens, thought.extraTokens),
  };
}

function bestPeerMs(wish: ClusterWish): number {
  const pieces = PIECE_TOKENS.map((tokens): [string, Outcome] => ["OpenCompass", runOpenCompass(wish, tokens)]);
  const outcomes: [string, Outcome][] = [
    ["lm-eval", runLmEval(wish)],
    ["lighteval", runLighteval(wish)],
    ["NeMo", runNemo(wish)],
    pieces.reduce((best, one) => (one[1].makespanMs < best[1].makespanMs ? one : best)),
  ];
  console.log(`  ${outcomes.map(([name, { makespanMs }]) => `${name} ${seconds(makespanMs)}`).join(", ")}`);
  return Math.min(...outcomes.map(([, { makespanMs }]) => makespanMs));
}

function wishOf(suite: SuiteModel): ClusterWish {
  return { suite, slots: SLOTS, concurrency: CONCURRENCY, roundTripMs: ROUND_TRIP_MS };
}

/** The least time that any schedule takes: all work on all slots, or the longest sample alone on the fastest. */
function boundMs({ tokens }: SuiteModel): number {
  const capacity = SLOTS.reduce((sum, { tokensPerSecond }) => sum + tokensPerSecond, 0);
  const fastest = Math.max(...SLOTS.map(({ sequenceTokensPerSecond }) => sequenceTokensPerSecond));
  let [work, longest] = [0, 0];
  for (const count of tokens) [work, longest] = [work + count, Math.max(longest, count)];
  return 1_000 * Math.max(work / capacity, longest / fastest);
}

function speedOf(share: number): SlotSpeed {
  return { tokensPerSecond: 5_000 * share, sequenceTokensPerSecond: 80 * share };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
