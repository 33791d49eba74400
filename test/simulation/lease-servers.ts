import type { LeaderLease, LeaseState } from "../../coordinator/ports/leader-lease.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import type { ProcessLife } from "./process-life.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const DURATION_MS = 2_000;
/** One way, milliseconds. */
const WAY_MAX_MS = 40;
/** After which an answer that is lost is waited for no more. */
const PATIENCE_MS = 500;
/** Out of 100 questions, how many get no answer. */
const LOST_PERCENT = 5;
/** Out of 100 questions, before how many the servers forget who has it, as one that lost a server may. */
const FORGOTTEN_PERCENT = 3;

interface Holding {
  readonly by: ProcessLife;
  readonly self: string;
  untilMs: number;
}

/** Servers that keep one lease on the world's clock. Questions and answers take their time, or get lost. */
export class LeaseServers {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  #holding: Holding | null = null;

  constructor(clock: VirtualClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The lease as one life of a coordinator asks for it. */
  leaseOf(life: ProcessLife): LeaderLease {
    const lease: LeaderLease & { holder: string | null } = {
      durationMs: DURATION_MS,
      holder: null,
      tryAcquire: (self) => ask(() => this.#current() === null || this.#isOf(life), self),
      takeFrom: (holder, self) => ask(() => this.#current()?.self === holder, self),
      renew: () => ask(() => this.#isOf(life), this.#holding?.self ?? ""),
      release: async () => {
        if (this.#isOf(life)) this.#holding = null;
      },
      watch: () => {
        throw new Error("nobody watches here");
      },
    };
    const ask = (isFree: () => boolean, self: string): Promise<LeaseState> =>
      this.#ask(life, () => {
        if (this.#random.below(100) < FORGOTTEN_PERCENT) this.#holding = null;
        if (isFree()) this.#holding = { by: life, self, untilMs: this.#clock.nowMs + DURATION_MS };
        const isHeld = this.#isOf(life);
        lease.holder = isHeld ? null : (this.#current()?.self ?? null);
        return isHeld ? "held" : "lost";
      });
    return lease;
  }

  #current(): Holding | null {
    return this.#holding !== null && this.#holding.untilMs > this.#clock.nowMs ? this.#holding : null;
  }

  #isOf(life: ProcessLife): boolean {
    return this.#current()?.by === life;
  }

  #ask(life: ProcessLife, answer: () => LeaseState): Promise<LeaseState> {
    const lost = this.#random.below(100) < LOST_PERCENT ? this.#random.pick(["question", "answer"] as const) : null;
    return new Promise((resolve) => {
      life.outside(this.#random.below(WAY_MAX_MS), () => {
        const state = lost === "question" ? "unknown" : answer();
        if (lost !== null) life.later(PATIENCE_MS, () => resolve("unknown"));
        else life.later(this.#random.below(WAY_MAX_MS), () => resolve(state));
      });
    });
  }
}
