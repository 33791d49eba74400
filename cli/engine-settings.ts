import type { Options } from "./options.ts";

/** How a run's own agents ask their engines, as far as it can change an answer; kept in the manifest for a replay. */
export type EngineSettings = Pick<Options, "engineApi" | "thinkEnd" | "thinkingTokens" | "simulation">;

/** Those of the options. */
export function engineSettingsOf({ engineApi, thinkEnd, thinkingTokens, simulation }: Options): EngineSettings {
  return { engineApi, thinkEnd, thinkingTokens, simulation };
}
