// What rendering needs of a task's configuration, with everything refused by name that cannot be done exactly.
import { MusterError } from "../../../base/muster-error.ts";
import type { PlanTask } from "../../plan.ts";
import { repr, str } from "../python/represent.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, isInt, isList, type PythonDict, type PythonValue } from "../python/value.ts";
import { PythonError } from "../python/python-error.ts";
import { PythonFunction, PythonHelper } from "./python-function.ts";

/** Where a prompt's parts come from: for the document itself, or for its worked examples. */
export interface PromptFields {
  readonly docToText: string | number | PythonHelper;
  readonly docToTarget: string | number | readonly PythonValue[] | PythonHelper;
  readonly docToChoice: string | readonly PythonValue[] | PythonHelper | null;
  readonly genPrefix: string | null;
  readonly targetDelimiter: string;
}

/** How worked examples are chosen and written. */
export interface FewshotDefinition extends PromptFields {
  readonly sampler: "default" | "first_n";
  readonly split: string | null;
  /** Examples in the YAML itself, used where no split is named. */
  readonly samples: readonly PythonDict[] | PythonHelper | null;
  /** What makes the split's documents of its rows. */
  readonly processDocs: PythonHelper | null;
  readonly fewshotDelimiter: string;
}

/** A task, ready to be rendered. */
export interface TaskDefinition extends PromptFields {
  readonly name: string;
  readonly config: PythonDict;
  readonly outputKind: PlanTask["outputKind"];
  readonly dataset: { readonly path: string; readonly name: string | null; readonly kwargs: PythonDict | null };
  readonly splits: {
    readonly training: string | null;
    readonly validation: string | null;
    readonly test: string | null;
  };
  /** What makes the split's documents of its rows. */
  readonly processDocs: PythonHelper | null;
  readonly description: string;
  readonly numFewshot: number;
  /** Between a system instruction and the description. */
  readonly fewshotDelimiter: string;
  readonly fewshot: FewshotDefinition;
  readonly generation: PythonDict | null;
  readonly repeats: number;
  /** Whether each choice is also scored without its context (acc_mutual_info). */
  readonly needsUnconditional: boolean;
}

/** Settings whose Python functions are called here, or never. */
const CALLED_SETTINGS = new Set<PythonValue>([
  "process_docs",
  "doc_to_text",
  "doc_to_target",
  "doc_to_choice",
  "doc_to_decontamination_query",
  "process_results",
]);

const TEXT_ONLY = "Leave the task out: the models of Muster read text, also where the harness asks them.";

const OUTPUT_KINDS: readonly PythonValue[] = [
  "loglikelihood",
  "multiple_choice",
  "loglikelihood_rolling",
  "generate_until",
];

/** Reads a complete configuration. Throws `unsupported` (needs Python or a construct that is not there) or `badData`. */
export function defineTask(config: PythonDict): TaskDefinition {
  const reader = new ConfigReader(config);
  reader.refusePython();
  const outputKind = config.get("output_type") ?? null;
  if (!OUTPUT_KINDS.includes(outputKind)) throw reader.invalid("output_type", "one of the harness's four kinds");
  const numFewshot = reader.count("num_fewshot");
  const generation = config.get("generation_kwargs") ?? null;
  return {
    name: reader.name,
    config,
    outputKind: outputKind as PlanTask["outputKind"],
    dataset: {
      path: reader.requiredText("dataset_path"),
      name: reader.optionalText("dataset_name"),
      kwargs: reader.optionalDict("dataset_kwargs"),
    },
    splits: {
      training: reader.optionalText("training_split"),
      validation: reader.optionalText("validation_split"),
      test: reader.optionalText("test_split"),
    },
    processDocs: reader.helper("process_docs"),
    description: reader.optionalText("description") ?? "",
    numFewshot,
    fewshotDelimiter: reader.requiredText("fewshot_delimiter"),
    ...reader.promptFields(reader),
    fewshot: reader.fewshot(),
    generation: isDict(generation) ? generation : null,
    repeats: reader.repeats(),
    needsUnconditional: reader.hasMetric("acc_mutual_info"),
  };
}

class ConfigReader {
  readonly name: string;
  readonly #config: PythonDict;
  /** `fewshot_config.` within the few-shot settings. */
  readonly #prefix: string;

  constructor(config: PythonDict, name?: string) {
    this.#config = config;
    this.name = name ?? str(config.get("task") ?? null);
    this.#prefix = name === undefined ? "" : "fewshot_config.";
  }

  refusePython(): void {
    const refused: readonly (readonly [string, string, string?])[] = [
      ["doc_to_image", "it shows images to the model (doc_to_image)", TEXT_ONLY],
      ["doc_to_audio", "it plays audio to the model (doc_to_audio)", TEXT_ONLY],
      ["use_prompt", "its prompt comes from promptsource (use_prompt)"],
    ];
    for (const [key, reason, wayOut] of refused) {
      const value = this.#config.get(key) ?? null;
      if (value instanceof PythonFunction || isTruthy(value)) throw this.refusal(reason, wayOut);
    }
    for (const [key, value] of this.#config) {
      if (value instanceof PythonFunction && !CALLED_SETTINGS.has(key)) throw this.#needsPython(str(key), value);
    }
    if ((this.#config.get("unsafe_code") ?? false) !== false) {
      throw this.refusal("it runs code that the model writes (unsafe_code)");
    }
  }

  #needsPython(key: string, value: PythonFunction, reason = ""): MusterError {
    const why = reason === "" ? "" : `: ${reason}`;
    return this.refusal(`it needs the Python function ${value.name} in ${value.module} (${this.#prefix}${key})${why}`);
  }

  /** A setting's Python function, or null where it has none. */
  helper(key: string): PythonHelper | null {
    const value = this.#config.get(key) ?? null;
    if (!(value instanceof PythonFunction)) return null;
    try {
      return value.resolve();
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      throw this.#needsPython(key, value, error.message);
    }
  }

  refusal(reason: string, wayOut = "Leave the task out, or run it with the harness itself."): MusterError {
    return new MusterError("unsupported", `The task ${this.name} cannot be run exactly: ${reason}.`, { wayOut });
  }

  invalid(key: string, expected: string): MusterError {
    const value = this.#config.get(key) ?? null;
    const shown = repr(value).slice(0, 80);
    return new MusterError(
      "badData",
      `The task ${this.name} has ${this.#prefix}${key} ${shown} where ${expected} belongs.`,
      { wayOut: "Correct the task's YAML." },
    );
  }

  optionalText(key: string): string | null {
    const value = this.#config.get(key) ?? null;
    if (value === null || typeof value === "string") return value;
    throw this.invalid(key, "a text");
  }

  requiredText(key: string): string {
    const value = this.optionalText(key);
    if (value === null) throw this.invalid(key, "a text");
    return value;
  }

  optionalDict(key: string): PythonDict | null {
    const value = this.#config.get(key) ?? null;
    if (value === null || isDict(value)) return value;
    throw this.invalid(key, "a mapping");
  }

  count(key: string): number {
    const value = this.#config.get(key) ?? null;
    if (typeof value === "number" && isInt(value) && value >= 0) return value;
    throw this.invalid(key, "a count from 0");
  }

  repeats(): number {
    const repeats = this.count("repeats");
    if (repeats < 1) throw this.invalid("repeats", "a count from 1");
    return repeats;
  }

  hasMetric(metric: string): boolean {
    const metrics = this.#config.get("metric_list") ?? null;
    return isList(metrics) && metrics.some((entry) => isDict(entry) && entry.get("metric") === metric);
  }

  fewshot(): FewshotDefinition {
    const settings = this.#config.get("fewshot_config");
    const reader = new ConfigReader(isDict(settings) ? settings : new Map(), this.name);
    const sampler = reader.#config.get("sampler") ?? null;
    if (sampler !== "default" && sampler !== "first_n") throw reader.invalid("sampler", "default or first_n");
    const samples = reader.helper("samples") ?? reader.#config.get("samples") ?? null;
    if (samples !== null && !(samples instanceof PythonHelper) && !(isList(samples) && samples.every(isDict))) {
      throw reader.invalid("samples", "a list of mappings");
    }
    return {
      sampler,
      split: reader.optionalText("split"),
      samples,
      processDocs: reader.helper("process_docs"),
      fewshotDelimiter: reader.requiredText("fewshot_delimiter"),
      ...reader.promptFields(this),
    };
  }

  /** The fields of a prompt; a few-shot setting that is unset falls back to the task's own when it is used. */
  promptFields(task: ConfigReader): PromptFields {
    return {
      docToText: this.#docToText(task),
      docToTarget: this.#docToTarget(task),
      docToChoice: this.#docToChoice(),
      genPrefix: this.optionalText("gen_prefix"),
      targetDelimiter: this.requiredText("target_delimiter"),
    };
  }

  #docToText(task: ConfigReader): PromptFields["docToText"] {
    const helper = this.helper("doc_to_text");
    if (helper !== null) return helper;
    const value = this.#config.get("doc_to_text") ?? task.#config.get("doc_to_text") ?? null;
    if (typeof value === "string" || (typeof value === "number" && isInt(value))) return value;
    throw this.invalid("doc_to_text", "a template or a column's name");
  }

  #docToTarget(task: ConfigReader): PromptFields["docToTarget"] {
    const helper = this.helper("doc_to_target");
    if (helper !== null) return helper;
    const value = this.#config.get("doc_to_target") ?? task.#config.get("doc_to_target") ?? null;
    if (typeof value === "string" || isList(value) || (typeof value === "number" && isInt(value))) return value;
    throw this.invalid("doc_to_target", "a template, a column's name or a number");
  }

  #docToChoice(): PromptFields["docToChoice"] {
    const helper = this.helper("doc_to_choice");
    if (helper !== null) return helper;
    const value = this.#config.get("doc_to_choice") ?? null;
    if (value === null || typeof value === "string" || isList(value)) return value;
    if (isDict(value)) return [...value.values()];
    throw this.invalid("doc_to_choice", "a list, a template or a column's name");
  }
}
