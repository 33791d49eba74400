import { MusterError } from "../../base/muster-error.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import type { Input } from "../core/input.ts";
import type { CoordinatorState } from "../core/state.ts";
import { start, startEpoch, step } from "../core/step.ts";
import type { FrameWriter } from "./frame-writer.ts";

/** What the loop needs from the world. */
export interface LoopSurroundings {
  readonly writer: FrameWriter;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Performs one effect; it must not throw and must not take long. */
  readonly perform: (effect: Effect) => void;
  /** Called with events that just became durable, before their effects are performed. */
  readonly onDurable: (events: readonly Event[]) => void;
  /** Seconds that an append took. */
  readonly onAppended: (seconds: number) => void;
  /** The loop cannot go on: fenced, or a broken journal. */
  readonly onFatal: (error: MusterError) => void;
}

/**
 * Persist, then perform. Inputs are decided at once, one after another; their events gather while the disk is busy
 * with the frame before, and their effects wait until their own frame is durable. A crash in between loses only
 * decisions that nobody has heard of.
 */
export class CoordinatorLoop {
  readonly state: CoordinatorState;
  readonly #surroundings: LoopSurroundings;
  #events: Event[] = [];
  #effects: Effect[] = [];
  #flushing: Promise<void> | null = null;
  #stopped = false;
  #failure: MusterError | null = null;

  constructor(state: CoordinatorState, surroundings: LoopSurroundings) {
    this.state = state;
    this.#surroundings = surroundings;
  }

  /**
   * Begins a new epoch; resolves when it is durable, every open run is taken up and the first effects are performed. Throws
   * `conflict` where another coordinator wrote meanwhile: what was read is out of date.
   */
  async begin(epoch: number, unlisted: readonly string[]): Promise<void> {
    // Alone and first: whoever gets this number leads.
    this.#events.push(startEpoch(this.state, epoch, this.#surroundings.nowMs()));
    await this.settled();
    const decision = start(this.state, this.#surroundings.nowMs(), unlisted);
    this.#events.push(...decision.events);
    this.#effects.push(...decision.effects);
    await this.settled();
  }

  /** Takes an input. Its events become durable and its effects happen soon after. */
  take(input: Input): void {
    if (this.#stopped) return;
    const decision = step(this.state, { nowMs: this.#surroundings.nowMs(), input });
    for (const event of decision.events) this.#events.push(event);
    for (const effect of decision.effects) this.#effects.push(effect);
    this.#flush();
  }

  /** Resolves when all that was taken so far is durable and performed. Throws where it cannot become so any more. */
  async settled(): Promise<void> {
    this.#flush();
    while (this.#flushing !== null) await this.#flushing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** It must not go on. */
  fail(error: MusterError): void {
    if (this.#failure !== null || this.#stopped) return;
    this.#stopped = true;
    this.#failure = error;
    [this.#events, this.#effects] = [[], []];
    this.#surroundings.onFatal(error);
  }

  /** Takes nothing more; whoever waits for something to become durable learns that it does not. */
  stop(): void {
    this.#stopped = true;
    this.#failure ??= new MusterError("connection", "this coordinator leads no more");
  }

  #flush(): void {
    if (this.#flushing !== null || (this.#events.length === 0 && this.#effects.length === 0)) return;
    this.#flushing = this.#drain().finally(() => {
      this.#flushing = null;
    });
  }

  async #drain(): Promise<void> {
    while (this.#events.length > 0 || this.#effects.length > 0) {
      const [events, effects] = [this.#events, this.#effects];
      [this.#events, this.#effects] = [[], []];
      try {
        if (events.length > 0) await this.#append(events);
      } catch (error) {
        return this.fail(MusterError.from(error));
      }
      if (events.length > 0) this.#surroundings.onDurable(events);
      for (const effect of effects) this.#surroundings.perform(effect);
    }
  }

  async #append(events: readonly Event[]): Promise<void> {
    const beganMs = this.#surroundings.nowMs();
    await this.#surroundings.writer.append(events, this.state.epoch);
    this.#surroundings.onAppended((this.#surroundings.nowMs() - beganMs) / 1000);
  }
}
