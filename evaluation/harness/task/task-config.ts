// The harness's `TaskConfig` and `FewshotConfig` (`config/task.py`): which keys a task may set, their defaults, and how
// a configuration is printed in `configs`.
import { MusterError } from "../../../base/muster-error.ts";
import type { PythonJson } from "../../plan.ts";
import { formatPythonJson } from "../python/json-format.ts";
import { toFloat } from "../python/number-text.ts";
import { str } from "../python/represent.ts";
import { isDict, isList, PythonObject, type PythonDict, type PythonValue } from "../python/value.ts";

type MutableDict = Map<PythonValue, PythonValue>;

/** Settings in the order of the harness's dataclass, with its defaults. */
const TASK_DEFAULTS: readonly (readonly [string, PythonValue])[] = [
  ["task", null],
  ["task_alias", null],
  ["tag", null],
  ["custom_dataset", null],
  ["dataset_path", null],
  ["dataset_name", null],
  ["dataset_kwargs", null],
  ["training_split", null],
  ["validation_split", null],
  ["test_split", null],
  ["fewshot_split", null],
  ["process_docs", null],
  ["doc_to_text", null],
  ["doc_to_target", null],
  ["doc_to_image", null],
  ["doc_to_audio", null],
  ["unsafe_code", false],
  ["doc_to_choice", null],
  ["process_results", null],
  ["use_prompt", null],
  ["description", ""],
  ["target_delimiter", " "],
  ["fewshot_delimiter", "\n\n"],
  ["fewshot_config", null],
  ["num_fewshot", null],
  ["metric_list", null],
  ["output_type", "generate_until"],
  ["generation_kwargs", null],
  ["repeats", 1],
  ["filter_list", null],
  ["should_decontaminate", false],
  ["doc_to_decontamination_query", null],
  ["gen_prefix", null],
  ["metadata", null],
];

/** Few-shot settings in the dataclass's order, each with the task setting it is inherited from. */
const FEWSHOT_SOURCES: readonly (readonly [string, string | null])[] = [
  ["sampler", null],
  ["split", "fewshot_split"],
  ["process_docs", "process_docs"],
  ["fewshot_indices", null],
  ["samples", null],
  ["doc_to_text", "doc_to_text"],
  ["doc_to_choice", "doc_to_choice"],
  ["doc_to_target", "doc_to_target"],
  ["gen_prefix", "gen_prefix"],
  ["fewshot_delimiter", "fewshot_delimiter"],
  ["target_delimiter", "target_delimiter"],
];

const STRUCTURE_KEYS = new Set<PythonValue>(["tag", "group", "task_list"]);

/** Settings of a whole run that change a task's own. */
export interface ConfigOverrides {
  readonly numFewshot: number | null;
  readonly generation: PythonDict | null;
}

/**
 * Every setting of a task after defaults and overrides, in the harness's order; a few-shot configuration is always
 * there. Throws MusterError for keys and values that stop the harness.
 */
export function completeConfig(raw: PythonDict, overrides: ConfigOverrides): PythonDict {
  const config = new Map<PythonValue, PythonValue>(TASK_DEFAULTS);
  for (const [key, value] of raw) {
    if (STRUCTURE_KEYS.has(key)) continue;
    if (!config.has(key)) throw badSetting(raw, `has the unknown setting ${str(key)}`);
    config.set(key, value);
  }
  completeGeneration(config, raw, overrides);
  config.set("fewshot_config", completeFewshot(config, raw));
  const kwargs = config.get("dataset_kwargs");
  if (isDict(kwargs)) config.set("dataset_kwargs", withoutKey(kwargs, "trust_remote_code"));
  // A zero in the YAML cannot be overridden: the harness takes it for a property of the task.
  if (overrides.numFewshot !== null && config.get("num_fewshot") !== 0) config.set("num_fewshot", overrides.numFewshot);
  config.set("num_fewshot", config.get("num_fewshot") ?? 0);
  return config;
}

function completeGeneration(config: MutableDict, raw: PythonDict, overrides: ConfigOverrides): void {
  const own = config.get("generation_kwargs") ?? null;
  const delimiter = config.get("fewshot_delimiter") ?? null;
  const isGeneration = config.get("output_type") === "generate_until";
  if (own === null && !isGeneration) return;
  let settings: MutableDict;
  if (own === null) {
    settings = new Map<PythonValue, PythonValue>([
      ["temperature", toFloat(0)],
      ["do_sample", false],
      ["max_gen_toks", 256],
      ["until", delimiter === null ? [] : isList(delimiter) ? delimiter : [delimiter]],
    ]);
  } else {
    if (!isDict(own)) throw badSetting(raw, "has generation_kwargs that are not a mapping");
    settings = new Map(own);
    const temperature = settings.get("temperature");
    if (temperature !== undefined) settings.set("temperature", toFloat(temperature));
    if (!settings.has("until")) settings.set("until", [delimiter]);
  }
  if (isGeneration) for (const [key, value] of overrides.generation ?? []) settings.set(key, value);
  config.set("generation_kwargs", settings);
}

function completeFewshot(config: PythonDict, raw: PythonDict): PythonDict {
  const own = config.get("fewshot_config") ?? null;
  if (own !== null && !isDict(own)) throw badSetting(raw, "has a fewshot_config that is not a mapping");
  const fewshot = new Map<PythonValue, PythonValue>();
  for (const [key, source] of FEWSHOT_SOURCES) {
    fewshot.set(key, source === null ? null : (config.get(source) ?? null));
  }
  fewshot.set("sampler", "default");
  for (const [key, value] of own ?? []) {
    if (!fewshot.has(key)) throw badSetting(raw, `has the unknown setting ${str(key)} in fewshot_config`);
    fewshot.set(key, value);
  }
  return fewshot;
}

function withoutKey(dict: PythonDict, key: string): PythonDict {
  const copy = new Map(dict);
  copy.delete(key);
  return copy;
}

function badSetting(raw: PythonDict, problem: string): MusterError {
  const metadata = raw.get("metadata");
  const source = isDict(metadata) ? metadata.get("config_source") : undefined;
  const place = typeof source === "string" ? ` (${source})` : "";
  return new MusterError("badData", `The task ${str(raw.get("task") ?? null)}${place} ${problem}.`, {
    wayOut: "Correct the task's YAML; the harness would stop at it too.",
  });
}

/** A configuration as the harness's `configs` print it: unset settings left out, functions as their source text. */
export function printConfig(config: PythonDict): PythonJson {
  const printed = new Map<PythonValue, PythonValue>();
  for (const [key, value] of config) if (value !== null) printed.set(key, printable(value));
  return formatPythonJson(printed, { ensureAscii: false });
}

/** Any value for JSON: objects that JSON has not print as Python's `str` does. */
export function printable(value: PythonValue): PythonValue {
  if (value instanceof PythonObject) return value.str();
  if (isList(value)) return value.map(printable);
  if (isDict(value)) return new Map(Array.from(value, ([key, member]) => [key, printable(member)]));
  return value;
}
