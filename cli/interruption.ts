import { EXIT_CODES } from "../base/muster-error.ts";

/** Ctrl-C, a kill or a terminal that went away. */
export interface Interruption {
  /** Aborts at the first one. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  close(): void;
}

/**
 * Listens for signals. The first aborts the signal, so that work can end in order; the second leaves at once (local
 * processes end by themselves when this one is gone). A launcher that is gone counts as a first.
 */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
    controller.abort();
  };
  const gone = (): void => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  process.on("disconnect", gone);
  return {
    signal: controller.signal,
    close() {
      for (const signal of signals) process.off(signal, interrupt);
      process.off("disconnect", gone);
    },
  };
}

/** Waits for work, or for the signal if that comes first; the work's later outcome is nobody's concern then. */
export async function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | "interrupted"> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return "interrupted";
  }
  const aborted = Promise.withResolvers<"interrupted">();
  const abort = (): void => aborted.resolve("interrupted");
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    work.catch(() => undefined);
  }
}
