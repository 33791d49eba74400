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

  /** Tries until `attempt` gives something else than the sentence of a full disk. */
  async retry<Result>(attempt: () => Promise<Result | NoSpace>): Promise<Result> {
    let result = await attempt();
    if (!(result instanceof NoSpace)) return result;
    this.#waiting += 1;
    try {
      while (result instanceof NoSpace) {
        this.#onChange(result.message);
        await sleep(this.#clock, RETRY_MS);
        result = await attempt();
      }
      return result;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#onChange(null);
    }
  }
}

/** There is no room, in a sentence. */
export class NoSpace {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What `work` resolves to, or `NoSpace` where it threw that. */
export async function orNoSpace<Result>(work: Promise<Result>): Promise<Result | NoSpace> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MusterError) || error.kind !== "noSpace") throw error;
    return new NoSpace(error.message);
  }
}
