import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The golden files: what the reference harness reported on the hash model, with 1000 bootstrap iterations. */
export const GOLDEN_FILES = [
  "core",
  "commonsense_qa_5shot",
  "gsm8k_2shot_limit100",
  "bbh_cot_fewshot",
  "bbh_zeroshot",
  "leaderboard_bbh",
] as const;

/** One golden file. */
export interface GoldenRun {
  readonly settings: {
    readonly tasks: readonly string[];
    readonly limit: number | null;
    readonly num_fewshot: number | null;
  };
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly "n-samples": Readonly<Record<string, unknown>>;
  readonly "n-shot": Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, unknown>>;
  readonly higher_is_better: Readonly<Record<string, unknown>>;
  readonly samples: Readonly<Record<string, readonly GoldenSample[]>>;
}

/** One document under one filter. */
export interface GoldenSample {
  readonly doc_id: number;
  readonly filter: string;
  /** Digest of its prompts. */
  readonly prompts: string;
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Reads a golden file of the shared folder. */
export function readGolden(sharedFolder: string, name: string): GoldenRun {
  return JSON.parse(readFileSync(join(sharedFolder, "parity", "golden", `${name}.json`), "utf8")) as GoldenRun;
}
