import { emptyState } from "../coordinator/core/state.ts";
import { startEpoch, step } from "../coordinator/core/step.ts";
import { anAgent, anEngine, aRun, aShape } from "../test/support/core-builders.ts";
import type { Benchmark } from "./benchmark.ts";

/** Speed that a slot tells, tokens a second; a sample has 300. */
const SPEED = 5_000;
const SAMPLE_TOKENS = 300;

const benchmark: Benchmark = {
  title: "grants of the coordinator's core: 1,000 slots ask in turn, 1,000,000 requests wait",
  async run({ tiny }) {
    const [slots, samples] = tiny ? [20, 2_000] : [1_000, 1_000_000];
    const state = emptyState();
    startEpoch(state, 1, 0);
    const shape = aShape({ samples, cost: (sample) => SAMPLE_TOKENS / 2 + (sample % SAMPLE_TOKENS) });
    step(state, { nowMs: 0, input: { kind: "RunArrived", run: aRun(), shape } });
    const engine = anEngine({ concurrency: 64 });
    for (let slot = 0; slot < slots; slot++) {
      const agent = anAgent(`a${slot}`, [engine]);
      step(state, { nowMs: 0, input: { kind: "AgentArrived", agent, heldLeaseIds: [] } });
    }
    const durationsUs: number[] = [];
    let leases = 0;
    const speeds = { tokensPerSecond: SPEED, sampleTokensPerSecond: SPEED / 64 };
    // Slots come back until they have as much as they may: what is measured is an input and the grant that follows.
    for (let turn = 0; turn < 5; turn++) {
      for (let slot = 0; slot < slots; slot++) {
        const input = { kind: "WorkWanted", agentId: `a${slot}`, slotId: "s0", ...speeds, queuedSamples: 0 } as const;
        const began = performance.now();
        const { events } = step(state, { nowMs: turn, input });
        const tookUs = 1_000 * (performance.now() - began);
        if (!events.some(({ kind }) => kind === "LeaseGranted")) continue;
        leases += 1;
        durationsUs.push(tookUs);
      }
    }
    durationsUs.sort((left, right) => left - right);
    const total = durationsUs.reduce((sum, us) => sum + us, 0);
    const at = (share: number): number => durationsUs[Math.floor(durationsUs.length * share)]!;
    console.log(`${leases} leases; median ${at(0.5).toFixed(0)} µs, longest ${durationsUs.at(-1)!.toFixed(0)} µs`);
    return [
      { name: "grants", value: leases / (total / 1e6), unit: "leases/s", atLeast: 20_000 },
      { name: "an input and its grant, p99", value: at(0.99), unit: "µs", atMost: 200 },
    ];
  },
};
export default benchmark;
