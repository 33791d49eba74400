import { type Clock, sleep } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";

const RETRY_MS = 2_000;

/** Waits for room on a full disk, for all who write to it; nobody is told that there is room while one still waits. */
export class FullDisk {
  readonly #clock: Clock;
  readonly #onChange: (message: string | null) => void;
  #waiting = 0;

  /** `onChange` hears the reason while somebody waits, and null when nobody does any more. */
  constructor(clock: Clock, onChange: (message: string | null) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Tries again for as long as `attempt` throws `noSpace`. */
  async retry<Result>(attempt: () => Promise<Result>): Promise<Result> {
    let isWaiting = false;
    try {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (!(error instanceof MusterError) || error.kind !== "noSpace") throw error;
          if (!isWaiting) this.#waiting += 1;
          isWaiting = true;
          this.#onChange(error.message);
        }
        await sleep(this.#clock, RETRY_MS);
      }
    } finally {
      if (isWaiting) this.#waiting -= 1;
      if (isWaiting && this.#waiting === 0) this.#onChange(null);
    }
  }
}
