import type { GenerationSettings } from "../../../../evaluation/request.ts";
import { DEFAULT_SEED } from "../generation.ts";
import { RequestError } from "../request-error.ts";
import type { Sampling } from "./lane.ts";

/** Settings that this engine has, by the names that tasks give them. */
const KNOWN: { readonly [name: string]: keyof Sampling } = {
  top_k: "topK",
  top_p: "topP",
  min_p: "minP",
  seed: "seed",
};

/** Settings that this engine does not have, with the value that switches each off. */
const SWITCHED_OFF: { readonly [name: string]: number | boolean } = {
  num_beams: 1,
  repetition_penalty: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  n: 1,
  stream: false,
};

/** How a task wants its text to be sampled. A RequestError where it wants what this engine does not do. */
export function readSampling({ temperature, extra }: GenerationSettings): Sampling {
  const sampling: { -readonly [name in keyof Sampling]: number } = {
    temperature,
    topK: 0,
    topP: 1,
    minP: 0,
    seed: DEFAULT_SEED,
  };
  for (const [name, value] of Object.entries(extra)) {
    const known = KNOWN[name];
    if (known !== undefined && typeof value === "number") sampling[known] = Math.max(0, value);
    else if (SWITCHED_OFF[name] !== value) {
      const message = `llama.cpp does not know the generation setting ${name}=${String(value)}`;
      throw new RequestError({ retry: "elsewhere", reason: "unknown_setting", message });
    }
  }
  return sampling;
}
