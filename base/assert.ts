/** Stops the process's current work because a bug was found. Operating errors are values, never assertions. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
