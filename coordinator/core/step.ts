import { assert } from "../../base/assert.ts";
import { decide, type Decision } from "./decide.ts";
import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { TimedInput } from "./input.ts";
import { observe } from "./observe.ts";
import { recallSamples } from "./recall.ts";
import { reconcile } from "./reconcile.ts";
import { speculate } from "./speculate.ts";
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
  const copies = speculate(state, timed);
  if (copies !== null) apply(copies);
  for (let count = 0; ; count++) {
    assert(count < FOLLOW_UPS_MAX, "reconcile does not come to rest");
    const next = reconcile(state, timed.nowMs);
    if (next === null) break;
    apply(next);
  }
  effects.push(...recallSamples(state, timed));
  return { events, effects };
}

/**
 * The decision with which a coordinator begins, once its epoch is durable: it takes up the open runs, so that an earlier
 * coordinator that still lives can write none of them, and does whatever the folded journals leave to be done. `unlisted`:
 * runs with a journal that the cluster's journal does not list, since a crash came between.
 */
export function start(state: CoordinatorState, nowMs: number, unlisted: readonly string[] = []): Decision {
  const events: Event[] = [];
  const effects: Effect[] = [];
  for (const [runId, { run, phase }] of state.runs) {
    if (unlisted.includes(runId)) events.push({ kind: "RunListed", run });
    if (phase !== "ended") events.push({ kind: "RunTakenUp", runId, epoch: state.epoch });
    else events.push({ kind: "RunClosed", runId });
    if (phase === "scoring") effects.push({ kind: "FinishRun", runId });
  }
  for (const event of events) evolve(state, event, nowMs);
  const followed = step(state, { nowMs, input: { kind: "TimePassed" } });
  return { events: [...events, ...followed.events], effects: [...effects, ...followed.effects] };
}

/** The event with which an epoch begins: the first thing that a coordinator makes durable. */
export function startEpoch(state: CoordinatorState, epoch: number, nowMs: number): Event {
  const event: Event = { kind: "EpochStarted", epoch };
  evolve(state, event, nowMs);
  return event;
}
