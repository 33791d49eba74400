// Jinja's filters (`jinja2/filters.py`) and the harness's own `regex_replace`, with Python's results.
import { absolute, round, sum } from "../python/arithmetic.ts";
import { memberEquals } from "../python/equality.ts";
import { capitalize, lower, upper } from "../python/letter-case.ts";
import { toFloat, toInt } from "../python/number-text.ts";
import { sortValues } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { compilePythonRegex } from "../python/regex.ts";
import { str } from "../python/represent.ts";
import { replace } from "../python/search-text.ts";
import { iterate, lengthOf } from "../python/sequence.ts";
import { split } from "../python/split.ts";
import { strip } from "../python/strip.ts";
import { isTruthy } from "../python/truth.ts";
import { isDict, makeFloat, type PythonValue } from "../python/value.ts";
import { Arguments } from "./arguments.ts";
import { subscript } from "./members.ts";
import { type CallValues, defined, Lazy, makePairs, Undefined } from "./runtime-value.ts";
import { applyTest, hasTest } from "./tests.ts";

interface Filter {
  readonly parameters: readonly string[];
  /** The value may be undefined: `default` is what it is for. */
  readonly run: (value: PythonValue, given: Arguments) => PythonValue;
}

const simple = (run: (value: PythonValue) => PythonValue): Filter => ({
  parameters: [],
  run: (value) => run(defined(value)),
});
/** Jinja's map and select take any false value, None too, for an empty sequence. */
const membersOrNone = (value: PythonValue): PythonValue[] => (isTruthy(value) ? members(value) : []);
const members = (value: PythonValue): PythonValue[] => Array.from(iterate(defined(value)));

const FILTERS: { readonly [name: string]: Filter } = {
  string: simple(str),
  length: simple(lengthOf),
  count: simple(lengthOf),
  list: simple((value) => members(value)),
  abs: simple(absolute),
  lower: simple((value) => lower(str(value))),
  upper: simple((value) => upper(str(value))),
  capitalize: simple((value) => capitalize(str(value))),
  wordcount: simple((value) => wordCount(str(value))),
  items: simple((value) => {
    if (!isDict(value)) throw new PythonError("TypeError", "Can only get item pairs from a mapping.");
    return new Lazy(makePairs(value));
  }),
  first: simple((value) => members(value)[0] ?? new Undefined("No first item, sequence was empty.")),
  last: simple((value) => members(value).at(-1) ?? new Undefined("No last item, sequence was empty.")),
  reverse: simple((value) =>
    typeof value === "string" ? Array.from(value).reverse().join("") : new Lazy(members(value).reverse()),
  ),
  trim: { parameters: ["chars?"], run: (value, given) => strip(str(defined(value)), given.optionalText(0)) },
  join: {
    parameters: ["d?", "attribute?"],
    run: (value, given) =>
      picked(value, given.raw(1))
        .map((member) => str(defined(member)))
        .join(given.printed(0, "")),
  },
  replace: {
    parameters: ["old", "new", "count?"],
    run: (value, given) =>
      replace(str(defined(value)), given.printed(0, ""), given.printed(1, ""), given.optionalInteger(2) ?? -1),
  },
  default: { parameters: ["default_value?", "boolean?"], run: orDefault },
  d: { parameters: ["default_value?", "boolean?"], run: orDefault },
  int: { parameters: ["default?", "base?"], run: (value, given) => asInt(defined(value), given) },
  float: { parameters: ["default?"], run: (value, given) => asFloat(defined(value), given) },
  round: { parameters: ["precision?", "method?"], run: rounded },
  sum: {
    parameters: ["attribute?", "start?"],
    run: (value, given) => sum(picked(value, given.raw(0)), given.value(1) ?? 0),
  },
  min: { parameters: [], run: (value) => sortValues(members(value))[0] ?? emptySequence("minimum") },
  max: { parameters: [], run: (value) => largest(members(value)) ?? emptySequence("maximum") },
  sort: {
    parameters: ["reverse?", "case_sensitive?", "attribute?"],
    run: (value, given) => {
      if (given.value(2) !== undefined) throw unsupported("the filter sort with an attribute");
      const values = members(value);
      const caseless =
        !given.flag(1) && values.some((member) => typeof member === "string" && lower(member) !== member);
      if (caseless) throw unsupported("the filter sort over texts with capitals without case_sensitive");
      return sortValues(values, given.flag(0));
    },
  },
  unique: {
    parameters: ["case_sensitive?"],
    run: (value, given) => new Lazy(distinct(members(value), given.flag(0))),
  },
  batch: { parameters: ["linecount", "fill_with?"], run: batches },
};

/** Filters that take other filters or tests by name; they read their arguments themselves. */
const HIGHER_FILTERS: { readonly [name: string]: (value: PythonValue, call: CallValues) => PythonValue } = {
  map: mapped,
  select: (value, call) => new Lazy(selected(value, call, true)),
  reject: (value, call) => new Lazy(selected(value, call, false)),
  selectattr: (value, call) => new Lazy(selectedByAttribute(value, call, true)),
  rejectattr: (value, call) => new Lazy(selectedByAttribute(value, call, false)),
  regex_replace: regexReplaced,
};

/** Whether there is a filter of this name. */
export function hasFilter(name: string): boolean {
  return Object.hasOwn(HIGHER_FILTERS, name) || Object.hasOwn(FILTERS, name);
}

/** Applies a filter. */
export function applyFilter(name: string, value: PythonValue, call: CallValues): PythonValue {
  const higher = Object.hasOwn(HIGHER_FILTERS, name) ? HIGHER_FILTERS[name] : undefined;
  if (higher !== undefined) return higher(value, call);
  const { parameters, run } = FILTERS[name]!;
  return run(value, new Arguments({ name, parameters, byName: true }, call));
}

function orDefault(value: PythonValue, given: Arguments): PythonValue {
  const isMissing = value instanceof Undefined || (given.flag(1) && !isTruthy(value));
  return isMissing ? (given.raw(0) ?? "") : value;
}

function asInt(value: PythonValue, given: Arguments): PythonValue {
  const base = given.integer(1, 10);
  if (base !== 10) throw unsupported("the filter int with a base");
  try {
    return toInt(value);
  } catch (error) {
    if (!isConversion(error)) throw error;
  }
  try {
    return toInt(toFloat(value));
  } catch (error) {
    if (!isConversion(error)) throw error;
    return given.value(0) ?? 0;
  }
}

function asFloat(value: PythonValue, given: Arguments): PythonValue {
  try {
    return toFloat(value);
  } catch (error) {
    if (!isConversion(error)) throw error;
    return given.value(0) ?? makeFloat(0);
  }
}

function isConversion(error: unknown): boolean {
  return error instanceof PythonError && ["TypeError", "ValueError", "OverflowError"].includes(error.type);
}

function rounded(value: PythonValue, given: Arguments): PythonValue {
  if ((given.value(1) ?? "common") !== "common") throw unsupported("the filter round with a method");
  return round(defined(value), given.integer(0, 0));
}

function wordCount(text: string): number {
  const words = compilePythonRegex("\\w+").findall(text);
  return words.length;
}

function largest(values: readonly PythonValue[]): PythonValue | undefined {
  // The first of equal largest ones, as Python's max gives it; a stable sort downwards keeps it in front.
  return sortValues(values, true)[0];
}

function emptySequence(what: string): Undefined {
  return new Undefined(`No aggregated item, sequence was empty (${what}).`);
}

function* distinct(values: readonly PythonValue[], isCaseSensitive: boolean): Generator<PythonValue> {
  const seen: PythonValue[] = [];
  for (const value of values) {
    const key = typeof value === "string" && !isCaseSensitive ? lower(value) : value;
    if (seen.some((known) => memberEquals(known, key))) continue;
    seen.push(key);
    yield value;
  }
}

function batches(value: PythonValue, given: Arguments): PythonValue {
  const size = given.integer(0, 1);
  const fill = given.value(1);
  const all = members(value);
  const lines: PythonValue[][] = [];
  for (let from = 0; from < all.length; from += size) lines.push(all.slice(from, from + size));
  const last = lines.at(-1);
  if (last !== undefined && fill !== undefined && fill !== null) while (last.length < size) last.push(fill);
  return new Lazy(lines);
}

function picked(value: PythonValue, name: PythonValue | undefined): PythonValue[] {
  const all = members(value);
  return (name ?? null) === null ? all : all.map((member) => byPath(member, name!));
}

/** `a.b.0`: members by name or position, one after another. */
function byPath(value: PythonValue, path: PythonValue): PythonValue {
  if (typeof path !== "string") return subscript(value, path);
  return split(path, ".").reduce<PythonValue>(
    (owner, part) => subscript(owner, /^[0-9]+$/.test(part) ? Number(part) : part),
    value,
  );
}

function mapped(value: PythonValue, { positional, named }: CallValues): PythonValue {
  const path = named.get("attribute");
  if (path !== undefined) {
    const fallback = named.get("default");
    return new Lazy(
      membersOrNone(value).map((member) => {
        const found = byPath(member, path);
        return found instanceof Undefined && fallback !== undefined ? fallback : found;
      }),
    );
  }
  const [name, ...rest] = positional;
  if (typeof name !== "string") throw new PythonError("TypeError", "map requires a filter argument");
  if (!hasFilter(name)) throw unsupported(`the filter ${name}`);
  return new Lazy(membersOrNone(value).map((member) => applyFilter(name, member, { positional: rest, named })));
}

function selected(value: PythonValue, { positional, named }: CallValues, wanted: boolean): PythonValue[] {
  const [name, ...rest] = positional;
  return membersOrNone(value).filter((member) => holds(member, name, { positional: rest, named }) === wanted);
}

function selectedByAttribute(value: PythonValue, { positional, named }: CallValues, wanted: boolean): PythonValue[] {
  const [path, name, ...rest] = positional;
  if (path === undefined) throw new PythonError("TypeError", "missing the attribute's name");
  return membersOrNone(value).filter(
    (member) => holds(byPath(member, path), name, { positional: rest, named }) === wanted,
  );
}

function holds(value: PythonValue, name: PythonValue | undefined, call: CallValues): boolean {
  if (name === undefined) return isTruthy(value);
  if (typeof name !== "string" || !hasTest(name)) throw unsupported(`the test ${str(name)}`);
  return applyTest(name, value, call);
}

/** The harness's own filter (`lm_eval/utils.py`): `re.sub`, every occurrence. */
function regexReplaced(value: PythonValue, call: CallValues): PythonValue {
  const signature = { name: "regex_replace", parameters: ["pattern", "repl", "count?"], byName: true };
  const given = new Arguments(signature, call);
  return compilePythonRegex(given.text(0)).sub(given.text(1), str(defined(value)), given.integer(2, 0));
}
