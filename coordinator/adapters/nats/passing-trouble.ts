import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../../base/muster-error.ts";

/** Longer than electing a new leader takes (4 to 9 s), and than noticing that a server is gone. */
export const PATIENCE_MS = 30_000;
const PAUSE_FIRST_MS = 25;
const PAUSE_LAST_MS = 500;

const WRONG_LAST_SEQUENCE: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];
const OUT_OF_ROOM: readonly number[] = [10_002, 10_023, 10_028, 10_047];
const STORE_FAILED = 10_077;

/**
 * What an error of JetStream means for a request. `passing`: it may or may not have been done, and another try may go
 * better. `noSpace`: refused for want of room. `wrongSequence`: the stream ends elsewhere than was expected.
 */
export type Trouble = "passing" | "noSpace" | "wrongSequence" | "lasting";

/** Sorts what was thrown. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof JetStreamApiError) {
    if (error.code === JetStreamApiCodes.JetStreamNotEnabledForAccount) return "lasting";
    if (WRONG_LAST_SEQUENCE.includes(error.code)) return "wrongSequence";
    if (OUT_OF_ROOM.includes(error.code)) return "noSpace";
    if (error.code === STORE_FAILED)
      return /maximum|no space|insufficient/i.test(error.message) ? "noSpace" : "passing";
    return error.status === 503 ? "passing" : "lasting";
  }
  const isPassing =
    error instanceof errors.TimeoutError ||
    error instanceof errors.RequestError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.ConnectionError ||
    error instanceof JetStreamError ||
    // Nobody listens for the stream while its servers elect a leader.
    (error instanceof Error && error.cause instanceof errors.RequestError);
  return isPassing ? "passing" : "lasting";
}

/** Whether there is no such stream. */
export function isNoStream(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

/** Pauses between tries, ever longer, until `PATIENCE_MS` have passed: then `wait` resolves to false. */
export class Patience {
  readonly #endMs = performance.now() + PATIENCE_MS;
  #pauseMs = PAUSE_FIRST_MS;

  async wait(): Promise<boolean> {
    if (performance.now() > this.#endMs) return false;
    await sleep(this.#pauseMs);
    this.#pauseMs = Math.min(PAUSE_LAST_MS, this.#pauseMs * 2);
    return true;
  }
}

/** Asks until there is an answer. Throws `connection` when patience is at its end, at once what will not pass. */
export async function askPatiently<Value>(subject: string, ask: () => Promise<Value>): Promise<Value> {
  for (const patience = new Patience(); ;) {
    try {
      return await ask();
    } catch (error) {
      if (troubleOf(error) !== "passing") throw error;
      if (!(await patience.wait())) throw silent(subject, error);
    }
  }
}

/** NATS did not answer for long. */
export function silent(subject: string, cause: unknown): MusterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MusterError("connection", `${subject}: NATS did not answer for ${PATIENCE_MS / 1000} s (${reason})`, {
    wayOut: "More than half of the servers that hold it must run. What was acknowledged is safe; start again.",
    cause,
  });
}
