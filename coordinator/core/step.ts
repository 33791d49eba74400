import { assert } from "../../base/assert.ts";
import { decide, type Decision } from "./decide.ts";
import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { TimedInput } from "./input.ts";
import { observe } from "./observe.ts";
import { recallSamples } from "./recall.ts";
import { reconcile } from "./reconcile.ts";
import type { CoordinatorState } from "./state.ts";

/** More follow-ups to one input than any real state can have. */
const FOLLOW_UPS_MAX = 1_000_000;

/**
 * One turn of the loop: note, decide, apply, then apply all that follows from the state. The caller makes the events
 * durable, in order, before it performs the effects.
 */
export function step(state: CoordinatorState, timed: TimedInput): Decision {
  const events: Event[] = [];
  const effects: Effect[] = [];
  const apply = (decision: Decision): void => {
    for (const event of decision.events) {
      evolve(state, event, timed.nowMs);
      events.push(event);
    }
    effects.push(...decision.effects);
  };
  observe(state, timed);
  apply(decide(state, timed));
  for (let count = 0; ; count++) {
    assert(count < FOLLOW_UPS_MAX, "reconcile does not come to rest");
    const next = reconcile(state, timed.nowMs);
    if (next === null) break;
    apply(next);
  }
  effects.push(...recallSamples(state, timed.nowMs));
  return { events, effects };
}

/** The decision with which a coordinator begins: a new epoch, then whatever the folded journals leave to be done. */
export function start(state: CoordinatorState, epoch: number, nowMs: number): Decision {
  const event: Event = { kind: "EpochStarted", epoch };
  evolve(state, event, nowMs);
  const unfinished: Effect[] = [];
  for (const run of state.runs.values()) {
    if (run.phase === "scoring") unfinished.push({ kind: "FinishRun", runId: run.run.runId });
  }
  const followed = step(state, { nowMs, input: { kind: "TimePassed" } });
  return { events: [event, ...followed.events], effects: [...unfinished, ...followed.effects] };
}
