import { setTimeout as delay } from "node:timers/promises";
import { MusterError } from "../base/muster-error.ts";
import type { Run } from "../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { hasEnded } from "./run-state.ts";

/** How long a coordinator that is away is waited for, and how long one that answers with errors. */
const PATIENCE_MS = 10 * 60_000;
const PATIENCE_WITH_ERRORS_MS = 30_000;
const RETRY_MS = 500;
/** Ways in which a call ends when the other side dies or restarts. */
const PASSING = new Set(["connection", "timeout", "interrupted", "internal"]);

/** How a run is followed. */
export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Called with a sentence while the coordinator is away, and with null when it is back. */
  onTrouble(sentence: string | null): void;
}

/** The run now and whenever it changes, until it has ended or the signal aborts. Outlives a restart of the coordinator. */
export async function* followRun(
  client: CoordinatorClient,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<Run> {
  const { signal } = options;
  let seenMs = performance.now();
  while (!signal.aborted) {
    try {
      for await (const run of client.watchRun(runId, signal)) {
        seenMs = performance.now();
        options.onTrouble(null);
        yield run;
        if (hasEnded(run)) return;
      }
    } catch (thrown) {
      const error = MusterError.from(thrown);
      const patienceMs = error.kind === "connection" ? PATIENCE_MS : PATIENCE_WITH_ERRORS_MS;
      if (!PASSING.has(error.kind) || performance.now() - seenMs > patienceMs) throw error;
      options.onTrouble(`${error.message}; trying again`);
    }
    await pause(signal);
  }
}

/** Does a call again while the coordinator is away, as `followRun` does. */
export async function persist<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const beganMs = performance.now();
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      const { kind } = MusterError.from(thrown);
      if (kind !== "connection" || signal.aborted || performance.now() - beganMs > PATIENCE_MS) throw thrown;
      await pause(signal);
    }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(RETRY_MS, undefined, { signal }).catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
}
