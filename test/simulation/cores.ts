import { evolve } from "../../coordinator/core/evolve.ts";
import * as coordinator from "../../coordinator/core/step.ts";
import { beginState } from "../../agent/core/state.ts";
import * as agent from "../../agent/core/step.ts";

/** What the simulation exercises. A test that must see it fail puts a broken part in. */
export interface Cores {
  readonly coordinator: {
    readonly start: typeof coordinator.start;
    readonly step: typeof coordinator.step;
    readonly evolve: typeof evolve;
    /** Effects are performed once their events are durable. */
    readonly persistsFirst: boolean;
  };
  readonly agent: { readonly step: typeof agent.step; readonly beginState: typeof beginState };
}

/** The cores of the product. */
export const TRUE_CORES: Cores = {
  coordinator: { start: coordinator.start, step: coordinator.step, evolve, persistsFirst: true },
  agent: { step: agent.step, beginState },
};
