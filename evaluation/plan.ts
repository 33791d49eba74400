/**
 * JSON text as Python's `json.dumps(value, ensure_ascii=False)` prints it. Carried as text because plain JSON numbers
 * cannot tell 1.0 from 1, which prompts and the harness's files do. Read with `harness/python/json-parse.ts`.
 */
export type PythonJson = string;

import type { EvaluationRequest, GenerationSettings, RequestKind } from "./request.ts";

/** A data set file (or hub file) that a task's documents came from. */
export interface PlanDataset {
  /** Harness path and name, for example `openai/gsm8k:main`. */
  readonly dataset: string;
  readonly split: string;
  /** File path or hub URL it was read from. */
  readonly source: string;
  /** Hex SHA-256 of the source's bytes. */
  readonly sha256: string;
  readonly rows: number;
}

/** One task of a plan, with all that a scorer or a report needs and nothing that needs the user's files. */
export interface PlanTask {
  readonly name: string;
  readonly alias: string;
  readonly version: PythonJson;
  readonly outputKind: RequestKind | "multiple_choice";
  readonly numFewshot: number;
  /** Whether the target of the first document is a list: then a response that equals any of a list counts. */
  readonly multipleTargets: boolean;
  /** The harness's TaskConfig after include, override and default rules; what `configs` prints and scorers read. */
  readonly config: PythonJson;
  /** Python code that scoring calls; absent where it calls none. */
  readonly code?: ScoringCode;
  /** Metric name to whether larger is better, as the harness prints it. */
  readonly higherIsBetter: { readonly [metric: string]: boolean };
}

/** Python functions that score a task, with the modules that they need: a coordinator has no task files. */
export interface ScoringCode {
  /** Text of each module by its file; paths begin where all machines agree. */
  readonly modules: { readonly [file: string]: string };
  /** By the place in the configuration that names it, such as `process_results` or `metric_list.0.aggregation`. */
  readonly functions: { readonly [place: string]: { readonly file: string; readonly name: string } };
}

/** A group of tasks whose results are shown together. */
export interface PlanGroup {
  readonly name: string;
  readonly alias: string;
  readonly version: PythonJson;
  /** Direct members (tasks or groups), in the harness's order. */
  readonly members: readonly string[];
  /** `aggregate_metric_list` of the group; empty where it does not aggregate. */
  readonly aggregates: readonly {
    readonly metric: string;
    readonly filters: readonly string[];
    readonly weightBySize: boolean;
  }[];
  readonly config: PythonJson;
}

/** What is known before the first prompt is rendered. Small; JSON. */
export interface PlanHeader {
  /** Whose behaviour is reproduced: `lm-eval 0.4.13`. */
  readonly profile: string;
  /** Tasks in the order the harness reports them. */
  readonly tasks: readonly PlanTask[];
  readonly groups: readonly PlanGroup[];
  /** Distinct generation settings; requests refer to them by position. */
  readonly generations: readonly GenerationSettings[];
  readonly seeds: { readonly python: number; readonly numpy: number; readonly torch: number; readonly fewshot: number };
  /** Documents a task, a fraction below 1, or null for all. */
  readonly limit: number | null;
  readonly numFewshot: number | null;
  readonly bootstrapIterations: number;
  readonly generationOverrides: PythonJson | null;
  /** Whoever made the plan scores: the run ends with its responses (`responses_*.jsonl`) instead of samples and scores. */
  readonly responsesOnly?: boolean;
  /** How prompts were written for a chat model; absent: as plain text. */
  readonly chat?: PlanChat;
  /** Tasks whose files come with other versions of the harness than the profile's; absent: none do. */
  readonly otherVersions?: readonly OtherVersion[];
}

/** Tasks of one other version of the harness. They are run by the profile's rules. */
export interface OtherVersion {
  readonly version: string;
  readonly tasks: readonly string[];
}

/** Chat settings as results files name them. */
export interface PlanChat {
  readonly systemInstruction: string | null;
  readonly isMultiturn: boolean;
  /** Null: turns were joined as plain text; `messages`: the server has the template. */
  readonly template: { readonly kind: "messages" } | { readonly kind: "jinja"; readonly text: string } | null;
}

/** One document × all its requests, with what scoring and the samples file need. Stored as JSON in sample packs. */
export interface PlanSample {
  /** Position in the plan, from 0. */
  readonly index: number;
  /** Position of the task in the header. */
  readonly task: number;
  /** The document's position in its data set's evaluation split. */
  readonly docId: number;
  /** The document after `process_docs`, keys in column order. */
  readonly doc: PythonJson;
  readonly firstRequest: number;
  readonly requestCount: number;
  /** `doc_to_target` as the harness's samples file holds it (before str()). */
  readonly target: PythonJson;
  /** Answer choices of a multiple-choice document. */
  readonly choices?: readonly string[];
  /** Index, or indices, of the right choice. */
  readonly gold?: number | readonly number[];
}

/** Consecutive samples with all their requests: what the plan is stored and sent in. About 256 requests. */
export interface PlanPack {
  readonly samples: readonly PlanSample[];
  readonly requests: readonly EvaluationRequest[];
  /** Predicted tokens a sample, aligned with `samples`. */
  readonly sampleCostTokens: Uint32Array;
}

/** What is known after the last prompt: counts and digests. */
export interface PlanEnd {
  readonly requestCount: number;
  readonly sampleCount: number;
  readonly datasets: readonly PlanDataset[];
  /** Aligned with the header's tasks. */
  readonly taskCounts: readonly { readonly samples: number; readonly originalSamples: number }[];
}

/** A plan arrives as a stream: one header, packs in canonical order, one end. */
export type PlanPiece =
  | { readonly kind: "header"; readonly header: PlanHeader }
  | { readonly kind: "pack"; readonly pack: PlanPack }
  | { readonly kind: "end"; readonly end: PlanEnd };
