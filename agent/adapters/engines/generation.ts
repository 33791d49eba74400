/** Most tokens to generate where the task does not say: the harness's default. */
export const DEFAULT_MAX_TOKENS = 256;

/** Seed of a generation whose task does not name one: what the harness sends. */
export const DEFAULT_SEED = 1234;

/** Cuts generated text as the harness does: at the first occurrence of each stop string, one after the other. */
export function cutAtStops(text: string, stops: readonly string[]): string {
  let cut = text;
  for (const stop of stops) {
    const position = stop === "" ? -1 : cut.indexOf(stop);
    if (position >= 0) cut = cut.slice(0, position);
  }
  return cut;
}
