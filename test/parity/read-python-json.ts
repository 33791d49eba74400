import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { toFloatNumber } from "../../evaluation/harness/python/number-text.ts";
import { isDict, isList, PythonFloat, type PythonValue } from "../../evaluation/harness/python/value.ts";

/** Reads JSON that may hold NaN and Infinity, as Python writes it, to plain values. */
export function readPythonJson(text: string): unknown {
  return /NaN|Infinity/.test(text) ? plain(parsePythonJson(text)) : JSON.parse(text);
}

function plain(value: PythonValue): unknown {
  if (isList(value)) return value.map(plain);
  if (isDict(value)) return Object.fromEntries(Array.from(value, ([key, member]) => [key as string, plain(member)]));
  return value instanceof PythonFloat || typeof value === "bigint" ? toFloatNumber(value) : value;
}
