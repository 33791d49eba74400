import { randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { evolve } from "../../coordinator/core/evolve.ts";
import { start, step } from "../../coordinator/core/step.ts";
import { beginState } from "../../agent/core/state.ts";
import { step as agentStep } from "../../agent/core/step.ts";
import { type Cores, TRUE_CORES } from "./cores.ts";
import { FAULT_KINDS } from "./scenario.ts";
import { liveThrough, type WorldReport } from "./world.ts";

const FIXED_WORLDS = 160;
const FRESH_WORLDS = 50;

/** Lives through worlds; a failure names the seed and the command that replays it. */
function liveThroughAll(first: number, count: number): WorldReport[] {
  return Array.from({ length: count }, (_, offset) => {
    const seed = first + offset;
    try {
      return liveThrough(seed);
    } catch (error) {
      throw new Error(`seed ${seed} breaks a rule; replay it with: npm run simulate -- --seed ${seed} --steps`, {
        cause: error,
      });
    }
  });
}

test(`${FIXED_WORLDS} known worlds keep all rules, and every kind of fault strikes while work is under way`, () => {
  const reports = liveThroughAll(1, FIXED_WORLDS);
  for (const kind of FAULT_KINDS) {
    const struck = reports.reduce((sum, report) => sum + (report.faults[kind] ?? 0), 0);
    expect(struck, kind).toBeGreaterThan(20);
  }
});

test(`${FRESH_WORLDS} worlds that nobody has seen keep all rules`, () => {
  const first = randomInt(2 ** 30);
  console.log(`simulated worlds from seed ${first}; one of them again: npm run simulate -- --seed ${first}`);
  liveThroughAll(first, FRESH_WORLDS);
});

test("the same seed gives the same world", () => {
  expect(liveThrough(3)).toEqual(liveThrough(3));
});

/** What the checkers say to a product with a mistake, over the first worlds that show it; null where none does. */
function firstViolation(cores: Cores): string | null {
  for (let seed = 1; seed <= 100; seed++) {
    try {
      liveThrough(seed, { cores });
    } catch (error) {
      return (error as Error).message;
    }
  }
  return null;
}

const { coordinator, agent } = TRUE_CORES;

describe("the checkers notice", () => {
  test("a coordinator that counts a response twice", () => {
    const counting: typeof step = (state, timed) => {
      if (timed.input.kind === "ResponsesArrived") {
        const { batch } = timed.input;
        const run = state.runs.get(batch.runId);
        for (const request of batch.requestIndexes) if (run !== undefined) run.fingerprints[request] = 0;
      }
      return step(state, timed);
    };
    expect(firstViolation({ ...TRUE_CORES, coordinator: { ...coordinator, step: counting } })).toMatch(/counted/);
  });

  test("a coordinator that acknowledges before its journal has it", () => {
    expect(firstViolation({ ...TRUE_CORES, coordinator: { ...coordinator, persistsFirst: false } })).toMatch(
      /acknowledged to .* and is on no disk|not open|not the fold/,
    );
  });

  test("a coordinator that forgets after a restart who holds what", () => {
    const forgetful: typeof evolve = (state, event, nowMs) => {
      if (event.kind !== "LeaseEnded") evolve(state, event, nowMs);
    };
    expect(firstViolation({ ...TRUE_CORES, coordinator: { ...coordinator, evolve: forgetful } })).not.toBeNull();
  });

  test("a coordinator that begins the same epoch again", () => {
    const stuck: typeof start = (state, _epoch, nowMs) => start(state, 1, nowMs);
    expect(firstViolation({ ...TRUE_CORES, coordinator: { ...coordinator, start: stuck } })).toMatch(
      /granted twice|epoch 1 began/,
    );
  });

  test("a coordinator that grants what is leased already", () => {
    const generous: typeof step = (state, timed) => {
      const decision = step(state, timed);
      for (const event of decision.events) {
        if (event.kind !== "LeaseGranted") continue;
        const run = state.runs.get(event.runId)!;
        const [sample] = event.samples;
        run.holder[sample!] = 0;
        run.queues.values().next().value!.returned.push(sample!);
      }
      return decision;
    };
    expect(firstViolation({ ...TRUE_CORES, coordinator: { ...coordinator, step: generous } })).not.toBeNull();
  });

  test("an agent that forgets its spool when it is started again", () => {
    const forgetful: typeof beginState = (beginning) => beginState({ ...beginning, spooledBatches: [] });
    expect(firstViolation({ ...TRUE_CORES, agent: { ...agent, beginState: forgetful } })).toMatch(
      /does not come to rest/,
    );
  });

  test("an agent that does not send again what was on its way when the connection broke", () => {
    const careless: typeof agentStep = (state, timed) => {
      const sent = [...state.batches.values()].filter((batch) => batch.sent);
      const effects = agentStep(state, timed);
      if (timed.input.kind !== "Connected") return effects;
      for (const batch of sent) batch.sent = true;
      const numbers = new Set(sent.map((batch) => batch.batchNumber));
      return effects.filter((effect) => effect.kind !== "SendBatch" || !numbers.has(effect.batchNumber));
    };
    expect(firstViolation({ ...TRUE_CORES, agent: { ...agent, step: careless } })).toMatch(/does not come to rest/);
  });
});
