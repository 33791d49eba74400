/** Hears what happens in a simulated world, for a person who replays a seed. */
export type Trace = (who: string, what: string | object, ...more: readonly string[]) => void;
