/** Aborted on SIGINT, SIGTERM or when the process that started this one is gone. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  if (process.send !== undefined) process.once("disconnect", () => stop.abort());
  return stop.signal;
}

/** Resolves once aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
