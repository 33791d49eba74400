import { MusterError } from "../../../base/muster-error.ts";
import type { GenerationSettings } from "../../request.ts";
import { toFloatNumber } from "../python/number-text.ts";
import { str } from "../python/represent.ts";
import { isInt, isList, PythonFloat, type PythonDict, type PythonValue } from "../python/value.ts";

/**
 * What `generation_kwargs` mean for an engine, as the harness's API backends read them: only `max_gen_toks` bounds the
 * length, a missing temperature is 0, `do_sample` is not sent, other keys are sent as they are.
 */
export function readGenerationSettings(task: string, settings: PythonDict): GenerationSettings {
  const refuse = (key: string) =>
    new MusterError("unsupported", `The task ${task} has a generation setting ${key} that no engine can be sent.`, {
      wayOut: "Numbers, texts and true or false can be sent.",
    });
  const extra: { [key: string]: number | string | boolean } = {};
  for (const [key, value] of settings) {
    if (typeof key !== "string") throw refuse(str(key));
    if (["until", "max_gen_toks", "temperature", "do_sample"].includes(key) || value === null) continue;
    extra[key] = scalar(value) ?? fail(refuse(key));
  }
  const maxTokens = settings.get("max_gen_toks") ?? null;
  if (maxTokens !== null && !(isInt(maxTokens) && maxTokens >= 1)) throw refuse("max_gen_toks");
  return {
    until: readUntil(settings.get("until") ?? null) ?? fail(refuse("until")),
    maxTokens: maxTokens === null ? null : Number(maxTokens),
    temperature: toFloatNumber(settings.get("temperature") ?? 0),
    extra,
  };
}

function readUntil(value: PythonValue): string[] | undefined {
  const stops = value === null ? [] : isList(value) ? value : [value];
  return stops.every((stop) => typeof stop === "string") ? [...stops] : undefined;
}

function scalar(value: PythonValue): number | string | boolean | undefined {
  if (value instanceof PythonFloat) return value.value;
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean" ? value : undefined;
}

function fail(error: Error): never {
  throw error;
}
