import type { ChatTemplate } from "./chat-template.ts";
import type { PythonJson } from "../evaluation/plan.ts";

/** How prompts are written for a chat model. */
export interface ChatWish {
  readonly systemInstruction: string | null;
  /** Null: turns are joined as plain text. */
  readonly template: ChatTemplate | null;
  /** Whether worked examples are turns of their own. */
  readonly isMultiturn: boolean;
}

/** What is to be evaluated, as the command line or a suite file says it. Paths are absolute. Structured-cloneable. */
export interface PlanRequest {
  /** Names, groups, tags, globs, or paths of YAML files, in the order given. */
  readonly tasks: readonly string[];
  /** Folders with task YAML files, searched before the installed harness. */
  readonly includePaths: readonly string[];
  /** JSON file that maps data sets to local files; null: the Hugging Face hub. */
  readonly datasetMap: string | null;
  /** Documents a task, a share below 1, or null for all. */
  readonly limit: number | null;
  readonly numFewshot: number | null;
  /** Examples of single tasks, by name, instead of `numFewshot`. */
  readonly numFewshotOf?: ReadonlyMap<string, number>;
  /** How prompts are written for a chat model; absent: as plain text. */
  readonly chat?: ChatWish;
  readonly seeds: { readonly python: number; readonly numpy: number; readonly torch: number; readonly fewshot: number };
  /** Generation settings over the tasks' own, or null. */
  readonly generationOverrides: PythonJson | null;
  /** Replicates of the bootstrap; the harness's default is 100000. */
  readonly bootstrapIterations: number;
  /** Muster's cache folder: installed task trees (`tasks/lm-eval-0.4.13`), data sets (`datasets`). */
  readonly cacheFolder: string;
}

/** What a plan in the making says of its progress. */
export interface PlanProgress {
  readonly kind: "progress";
  /** `index`, `data`, `prompts`. */
  readonly stage: "index" | "data" | "prompts";
  /** The task or data set at hand. */
  readonly subject: string;
  readonly done: number;
  /** 0 where it is not known. */
  readonly total: number;
}
