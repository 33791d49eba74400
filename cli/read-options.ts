import { z } from "zod";
import { MusterError } from "../base/muster-error.ts";
import { parseAddress } from "../base/node/address.ts";
import type { OptionRow } from "./option-row.ts";
import { flagName, OPTIONS, type OptionName, type Options, optionsOf } from "./options.ts";
import { parseSettings } from "./settings-text.ts";

/** What the command line gave, by option: texts in the order given, or true for a switch. */
export type GivenOptions = { readonly [name in OptionName]?: readonly string[] | true };

const TEXT_LENGTH_MAX = 65_536;
const LIST_LENGTH_MAX = 1024;
const TRUE_WORDS = ["1", "true", "yes", "on"];
const FALSE_WORDS = ["0", "false", "no", "off"];

/**
 * The options of a command: what was given, else the environment, else the default. Throws `usage` that names the flag
 * or variable, the value and what is allowed.
 */
export function readOptions(command: string, given: GivenOptions, environment: NodeJS.ProcessEnv): Options {
  const taken = new Map(optionsOf(command));
  const values: { [name: string]: unknown } = {};
  for (const [name, row] of Object.entries(OPTIONS) as [OptionName, OptionRow][]) {
    values[name] = taken.has(name) ? readOption(row, given[name], environment) : emptyValue(row);
  }
  return values as Options;
}

function readOption(
  row: OptionRow,
  given: readonly string[] | true | undefined,
  environment: NodeJS.ProcessEnv,
): unknown {
  if (given === true) return true;
  if (given !== undefined) return check(row, given, flagName(row));
  const fromEnvironment = environment[row.env];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return check(row, [fromEnvironment], row.env);
  return emptyValue(row);
}

function emptyValue(row: OptionRow): unknown {
  if (row.default !== undefined) return check(row, [String(row.default)], flagName(row));
  if (row.kind === "switch") return false;
  return isList(row) ? [] : undefined;
}

function isList(row: OptionRow): boolean {
  return row.kind === "texts" || row.kind === "words" || row.kind === "url";
}

function check(row: OptionRow, texts: readonly string[], source: string): unknown {
  const schema = schemaOf(row, source);
  const subject = isList(row) ? splitList(row, texts, source) : row.kind === "settings" ? texts : texts.at(-1);
  const result = schema.safeParse(subject);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const value = isList(row) ? (subject as readonly string[])[Number(issue?.path[0] ?? 0)] : subject;
  throw usageError(source, String(value), allowed(row));
}

function usageError(source: string, value: string, allowedText: string): MusterError {
  return new MusterError("usage", `${source} ${JSON.stringify(value.slice(0, 200))} is not ${allowedText}`, {
    wayOut: "Add --help to the command to see every option.",
  });
}

/** Lists may be given several times; task names and anything from the environment also with commas. */
function splitList(row: OptionRow, texts: readonly string[], source: string): string[] {
  if (row.kind !== "words" && source !== row.env) return [...texts];
  return texts
    .flatMap((text) => text.split(","))
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** What is allowed, as the end of the sentence "… is not …". */
export function allowed(row: OptionRow): string {
  const { minimum, maximum, unit } = row;
  const range = minimum === undefined ? "" : ` from ${minimum} to ${maximum}`;
  switch (row.kind) {
    case "integer":
      return `a whole number${range}${unit === undefined ? "" : ` (${unit})`}`;
    case "number":
      return `a number${range}${unit === undefined ? "" : ` (${unit})`}`;
    case "limit":
      return "a whole number of samples from 1, or a share between 0 and 1";
    case "seeds":
      return "one whole number from 0, or four with commas";
    case "settings":
      return "`key=value,…` or a JSON object";
    case "address":
      return "HOST:PORT";
    case "addresses":
      return "HOST:PORT, or several with commas between";
    case "url":
      return "an http:// or https:// address";
    case "choice":
      return `one of ${row.choices!.join(", ")}`;
    case "switch":
      return `one of ${[...TRUE_WORDS, ...FALSE_WORDS].join(", ")}`;
    case "text":
    case "texts":
    case "words":
      return "a text that is not empty";
  }
}

function schemaOf(row: OptionRow, source: string): z.ZodType {
  const text = z.string().min(1).max(TEXT_LENGTH_MAX);
  const numeral = text.regex(/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/).transform(Number);
  const bounded = z
    .number()
    .min(row.minimum ?? -Infinity)
    .max(row.maximum ?? Infinity);
  switch (row.kind) {
    case "text":
      return text;
    case "texts":
    case "words":
      return z.array(text).max(LIST_LENGTH_MAX);
    case "switch":
      return z.enum([...TRUE_WORDS, ...FALSE_WORDS]).transform((word) => TRUE_WORDS.includes(word));
    case "integer":
      return numeral.pipe(bounded.int());
    case "number":
      return numeral.pipe(bounded);
    case "limit":
      return numeral.pipe(z.number().gt(0)).refine((limit) => limit < 1 || Number.isSafeInteger(limit));
    case "seeds":
      return seedsSchema;
    case "settings":
      return z.array(text).transform((given) => parseSettings(given, source));
    case "address":
      return text.refine((given) => parseAddress(given, source) !== null);
    case "addresses":
      return text.refine((given) => given.split(",").every((part) => parseAddress(part.trim(), source) !== null));
    case "url":
      return z.array(text.refine(isHttpUrl)).max(LIST_LENGTH_MAX);
    case "choice":
      return z.enum(row.choices as [string, ...string[]]);
  }
}

const seedsSchema = z
  .string()
  .regex(/^\d{1,10}(,\d{1,10}){0,3}$/)
  .transform((text) => text.split(",").map(Number))
  .refine((seeds) => (seeds.length === 1 || seeds.length === 4) && seeds.every((seed) => seed < 2 ** 32))
  .transform((seeds) => (seeds.length === 4 ? seeds : [seeds[0], seeds[0], seeds[0], seeds[0]]));

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
