import { z } from "zod";
import type { JsonObject, JsonValue } from "../base/json.ts";
import { MusterError } from "../base/muster-error.ts";

const object = z.record(z.string(), z.json());

/**
 * Reads settings as the harness does (lm_eval/utils.py, `simple_parse_args_string`): a JSON object, or `key=value` pairs
 * with commas, where true and false are truth values and numerals are numbers. Throws `usage` naming the source.
 */
export function parseSettings(text: string, source: string): JsonObject {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return parseJsonSettings(trimmed, source);
  const settings: { [key: string]: JsonValue } = {};
  for (const pair of trimmed.split(",")) {
    if (pair.trim() === "") continue;
    const equals = pair.indexOf("=");
    if (equals <= 0) throw refuse(source, pair, "a pair has the form key=value");
    settings[pair.slice(0, equals).trim()] = parseValue(pair.slice(equals + 1).trim());
  }
  return settings;
}

function parseJsonSettings(text: string, source: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(source, text, (error as Error).message);
  }
  return object.parse(value) as JsonObject;
}

function parseValue(text: string): JsonValue {
  if (text.toLowerCase() === "true") return true;
  if (text.toLowerCase() === "false") return false;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
}

function refuse(source: string, text: string, reason: string): MusterError {
  return new MusterError("usage", `${source} ${JSON.stringify(text.slice(0, 200))} cannot be read: ${reason}`, {
    wayOut: "Write `temperature=0,max_gen_toks=64` or a JSON object in quotes.",
  });
}
