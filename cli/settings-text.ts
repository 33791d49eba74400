// `key=value` settings as the harness's command line reads them (lm_eval/_cli/utils.py: MergeDictAction,
// key_val_to_dict, handle_cli_value_string), so that an integer stays an integer and `1.0` a float in its files.
import { MusterError } from "../base/muster-error.ts";
import { formatPythonJson } from "../evaluation/harness/python/json-format.ts";
import { parsePythonJson } from "../evaluation/harness/python/json-parse.ts";
import { literalEval } from "../evaluation/harness/python/literal.ts";
import { parseInteger, toFloat } from "../evaluation/harness/python/number-text.ts";
import { PythonError } from "../evaluation/harness/python/python-error.ts";
import { isDict, type PythonValue } from "../evaluation/harness/python/value.ts";
import type { PythonJson } from "../evaluation/plan.ts";

/** Reads a JSON object, or `key=value` pairs with commas, into the JSON of an object. Throws `usage` naming the source. */
export function parseSettings(texts: readonly string[], source: string): PythonJson {
  const settings = new Map<PythonValue, PythonValue>();
  for (const text of texts) {
    try {
      for (const [key, value] of text.trimStart().startsWith("{") ? readJson(text) : readPairs(text)) {
        settings.set(key, value);
      }
    } catch (error) {
      throw refuse(source, text, error);
    }
  }
  return formatPythonJson(settings, { ensureAscii: false });
}

function readJson(text: string): ReadonlyMap<PythonValue, PythonValue> {
  const value = parsePythonJson(text);
  if (!isDict(value)) throw new PythonError("ValueError", "it is not an object");
  return value;
}

function readPairs(text: string): Map<PythonValue, PythonValue> {
  const pairs = new Map<PythonValue, PythonValue>();
  for (const pair of splitTopLevel(text)) {
    const equals = pair.indexOf("=");
    if (equals <= 0) throw new PythonError("ValueError", "a pair has the form key=value");
    pairs.set(pair.slice(0, equals), readValue(pair.slice(equals + 1)));
  }
  return pairs;
}

/** Parts between the commas that are outside of brackets, braces and quotes. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let [part, depth, quote] = ["", 0, ""];
  for (const letter of text) {
    if (quote !== "") {
      if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") quote = letter;
    else if ("[({".includes(letter)) depth += 1;
    else if ("])}".includes(letter)) depth = Math.max(0, depth - 1);
    else if (letter === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    part += letter;
  }
  parts.push(part);
  return parts.filter((piece) => piece !== "");
}

function readValue(text: string): PythonValue {
  if (text.toLowerCase() === "true") return true;
  if (text.toLowerCase() === "false") return false;
  if (/^[0-9]+$/.test(text)) return parseInteger(text);
  return orElse(() => toFloat(text)) ?? orElse(() => literalEval(text)) ?? (text === "None" ? null : text);
}

/** What Python's `try: … except (ValueError, SyntaxError)` makes of a value; undefined where it raised. */
function orElse(read: () => PythonValue): PythonValue | undefined {
  try {
    return read() ?? undefined;
  } catch (error) {
    if (error instanceof PythonError && /^(?:Value|Syntax)Error$/.test(error.type)) return undefined;
    throw error;
  }
}

function refuse(source: string, text: string, cause: unknown): MusterError {
  if (!(cause instanceof PythonError)) throw cause;
  return new MusterError("usage", `${source} ${JSON.stringify(text.slice(0, 200))} cannot be read: ${cause.message}`, {
    wayOut: "Write `temperature=0,max_gen_toks=64` or a JSON object in quotes.",
  });
}
