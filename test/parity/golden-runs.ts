import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readPythonJson } from "./read-python-json.ts";

/** Bootstrap iterations of the golden runs; the harness's own default is 100,000. */
export const GOLDEN_ITERATIONS = 1000;

/** What a run reported, in the form of the golden files. */
export interface RunReport {
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Absent where no group aggregates. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly "n-samples": Readonly<Record<string, unknown>>;
  readonly "n-shot": Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, unknown>>;
  readonly higher_is_better: Readonly<Record<string, unknown>>;
  /** Filter after filter, documents in order, as the harness orders them. */
  readonly samples: Readonly<Record<string, readonly GoldenSample[]>>;
}

/** One golden file: what the reference harness reported on the hash model. */
export interface GoldenRun extends RunReport {
  readonly settings: {
    readonly tasks: readonly string[];
    readonly limit: number | null;
    readonly num_fewshot: number | null;
    /** Relative to the folder of the dataset map. */
    readonly include_path?: string | null;
    /** A Jinja file, relative to the folder of the dataset map. */
    readonly chat_template?: string;
    readonly system_instruction?: string;
    readonly fewshot_as_multiturn?: boolean;
  };
}

/** One document under one filter. */
export interface GoldenSample {
  readonly doc_id: number;
  readonly filter: string;
  /** Digest of its prompts. */
  readonly prompts: string;
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** A golden file, with its name. */
export interface GoldenFile {
  readonly name: string;
  readonly golden: GoldenRun;
}

/** Reads the golden files of a folder, by name. */
export function readGoldenFolder(folder: string): readonly GoldenFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.toSorted().map((name) => ({
    name: basename(name, ".json"),
    golden: readPythonJson(readFileSync(join(folder, name), "utf8")) as GoldenRun,
  }));
}

/** Folders of task files that a golden run was made with. */
export function includePathsOf({ settings }: GoldenRun, datasetMap: string): readonly string[] {
  const path = settings.include_path ?? null;
  return path === null ? [] : [resolve(dirname(datasetMap), path)];
}

/** The chat template's file that a golden run was made with; null where prompts are plain text. */
export function chatTemplateOf({ settings }: GoldenRun, datasetMap: string): string | null {
  const file = settings.chat_template;
  return file === undefined ? null : resolve(dirname(datasetMap), file);
}

interface SampleLine extends Readonly<Record<string, unknown>> {
  readonly doc_id: number;
  readonly filter: string;
  readonly metrics: readonly string[];
  readonly arguments: Readonly<Record<string, { readonly arg_0: string }>>;
}

/** A line of a samples file in the golden files' form. */
export function readSampleLine(line: string): GoldenSample {
  const row = readPythonJson(line) as SampleLine;
  // Of a request that is repeated, one stands here.
  const prompts = Object.values(row.arguments).map(({ arg_0: context }) => `[${JSON.stringify(context)}]`);
  const digest = createHash("sha256")
    .update(`[${prompts.join(", ")}]`)
    .digest("hex");
  const metrics = Object.fromEntries(row.metrics.map((metric) => [metric, row[metric]]));
  return { doc_id: row.doc_id, filter: row.filter, prompts: digest.slice(0, 16), metrics };
}
