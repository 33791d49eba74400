import { calculate, sum } from "../python/arithmetic.ts";
import { assertHashable, dictHas, dictSet, equals } from "../python/equality.ts";
import { lower } from "../python/letter-case.ts";
import { isOrdered, type OrderOperator } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { iterate, lengthOf } from "../python/sequence.ts";
import { isDict, isList, PythonTuple, type PythonValue, typeName } from "../python/value.ts";
import type { Arguments } from "./arguments.ts";
import { byPath, byPaths } from "./attribute-path.ts";
import { type Filters, plain } from "./filter.ts";
import { DictView, GroupTuple, Lazy, makePairs, Markup, Range } from "./runtime-value.ts";
import { defined, Undefined } from "./undefined.ts";

/** Jinja's filters of lists, dicts and other values with members. */
export const SEQUENCE_FILTERS: Filters = {
  length: plain(lengthOf),
  count: plain(lengthOf),
  list: plain((value) => members(value)),
  first: plain((value) => {
    const next = iterate(value)[Symbol.iterator]().next();
    return next.done === true ? new Undefined("No first item, sequence was empty.") : next.value;
  }),
  last: plain((value) => {
    const [last = new Undefined("No last item, sequence was empty.")] = reversed(value) ?? notReversible(value);
    return last;
  }),
  reverse: plain((value) => {
    if (typeof value === "string") return Array.from(value).reverse().join("");
    const values = reversed(value);
    return values === undefined ? members(value).reverse() : new Lazy(values);
  }),
  items: plain((value) => new Lazy(pairs(value))),
  join: {
    parameters: ["d?", "attribute?"],
    run: (value, given) => {
      const between = given.printed(0, "");
      return Array.from(picked(value, given.value(1)), str).join(between);
    },
  },
  sum: {
    parameters: ["attribute?", "start?"],
    run: (value, given) => {
      const start = given.value(1);
      return sum(picked(value, given.value(0)), start === undefined ? 0 : start);
    },
  },
  min: { parameters: ["case_sensitive?", "attribute?"], run: (value, given) => extreme("<", value, given) },
  max: { parameters: ["case_sensitive?", "attribute?"], run: (value, given) => extreme(">", value, given) },
  sort: {
    parameters: ["reverse?", "case_sensitive?", "attribute?"],
    run: (value, given) => {
      const key = (member: PythonValue) => byPaths(member, given.value(2)).map(caseOf(given, 1));
      return sorted(members(value), key, given.flag(0));
    },
  },
  dictsort: { parameters: ["case_sensitive?", "by?", "reverse?"], run: sortedPairs },
  groupby: { parameters: ["attribute", "default?", "case_sensitive?"], run: grouped },
  unique: { parameters: ["case_sensitive?", "attribute?"], run: (value, given) => new Lazy(distinct(value, given)) },
  batch: { parameters: ["linecount", "fill_with?"], run: (value, given) => new Lazy(batches(value, given)) },
  slice: { parameters: ["slices", "fill_with?"], run: (value, given) => new Lazy(slices(value, given)) },
};

function members(value: PythonValue): PythonValue[] {
  return Array.from(iterate(value));
}

/** Python's `reversed(value)`; undefined where it raises TypeError. */
function reversed(value: PythonValue): PythonValue[] | undefined {
  if (value instanceof Undefined || value instanceof Markup) return members(value);
  const isSequence = typeof value === "string" || isList(value) || value instanceof PythonTuple || isDict(value);
  return isSequence || value instanceof DictView || value instanceof Range ? members(value).reverse() : undefined;
}

function notReversible(value: PythonValue): never {
  throw new PythonError("TypeError", `'${typeName(value)}' object is not reversible`);
}

function* pairs(value: PythonValue): Generator<PythonValue> {
  if (value instanceof Undefined) return;
  if (!isDict(value)) throw new PythonError("TypeError", "Can only get item pairs from a mapping.");
  yield* makePairs(value);
}

function* picked(value: PythonValue, path: PythonValue | undefined): Generator<PythonValue> {
  for (const member of iterate(value)) yield path === undefined || path === null ? member : byPath(member, path);
}

/** Jinja's `ignore_case`, unless the flag says that case counts. */
function caseOf(given: Arguments, flag: number): (key: PythonValue) => PythonValue {
  const isCaseSensitive = given.flag(flag);
  return (key) => {
    if (key instanceof Markup) throw unsupported("ordering what tojson or safe gives");
    return typeof key === "string" && !isCaseSensitive ? lower(key) : key;
  };
}

function extreme(operator: OrderOperator, value: PythonValue, given: Arguments): PythonValue {
  const withCase = caseOf(given, 0);
  let best: { readonly member: PythonValue; readonly key: PythonValue } | undefined;
  for (const member of iterate(value)) {
    const key = withCase(byPath(member, given.value(1) ?? null));
    if (best === undefined || isOrdered(operator, defined(key), defined(best.key))) best = { member, key };
  }
  return best === undefined ? new Undefined("No aggregated item, sequence was empty.") : best.member;
}

function sorted(
  values: readonly PythonValue[],
  keyOf: (member: PythonValue) => PythonValue,
  isReversed: boolean,
): PythonValue[] {
  const keyed = values.map((value) => ({ value, key: keyOf(value) }));
  if (keyed.length > 1 && keyed.some(({ key }) => hasNan(key))) throw unsupported("sorting NaN");
  const sign = isReversed ? -1 : 1;
  const order = (left: PythonValue, right: PythonValue) =>
    isOrdered("<", left, right) ? -sign : isOrdered("<", right, left) ? sign : 0;
  return keyed.sort((left, right) => order(left.key, right.key)).map(({ value }) => value);
}

function hasNan(key: PythonValue): boolean {
  return Number.isNaN(key) || (isList(key) && key.some(hasNan));
}

function sortedPairs(value: PythonValue, given: Arguments): PythonValue {
  if (!isDict(value)) throw new PythonError("AttributeError", `'${typeName(defined(value))}' object has no items`);
  const by = given.value(1) ?? "key";
  if (by !== "key" && by !== "value") {
    throw new PythonError("ValueError", 'You can only sort by either "key" or "value"');
  }
  const withCase = caseOf(given, 0);
  const key = (pair: PythonValue) => withCase((pair as PythonTuple).values[by === "key" ? 0 : 1] as PythonValue);
  return sorted(makePairs(value), key, given.flag(2));
}

function grouped(value: PythonValue, given: Arguments): PythonValue {
  const path = given.value(0) ?? null;
  const fallback = given.value(1) ?? null;
  const withCase = caseOf(given, 2);
  const groups: { readonly key: PythonValue; readonly values: PythonValue[] }[] = [];
  const keyOf = (member: PythonValue) => defined(withCase(byPath(member, path, fallback)));
  for (const member of sorted(members(value), keyOf, false)) {
    const key = keyOf(member);
    const last = groups.at(-1);
    if (last !== undefined && equals(last.key, key)) last.values.push(member);
    else groups.push({ key, values: [member] });
  }
  return groups.map(({ values }) => new GroupTuple([byPath(values[0] as PythonValue, path, fallback), values]));
}

function* distinct(value: PythonValue, given: Arguments): Generator<PythonValue> {
  const seen = new Map<PythonValue, PythonValue>();
  const withCase = caseOf(given, 0);
  for (const member of iterate(value)) {
    const key = defined(withCase(byPath(member, given.value(1) ?? null)));
    if (hasNan(key)) throw unsupported("the filter unique over NaN");
    assertHashable(key);
    if (dictHas(seen, key)) continue;
    dictSet(seen, key, true);
    yield member;
  }
}

function* batches(value: PythonValue, given: Arguments): Generator<PythonValue> {
  const size = given.integer(0, 0);
  const fill = given.value(1);
  let batch: PythonValue[] = [];
  for (const member of iterate(value)) {
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
    batch.push(member);
  }
  if (batch.length === 0) return;
  if (fill !== undefined && fill !== null) while (batch.length < size) batch.push(fill);
  yield batch;
}

function* slices(value: PythonValue, given: Arguments): Generator<PythonValue> {
  const all = members(value);
  const count = given.integer(0, 0);
  const fill = given.value(1);
  const size = calculate("//", all.length, count) as number;
  const larger = all.length - size * count;
  let from = 0;
  for (let index = 0; index < count; index += 1) {
    const isLarger = index < larger;
    const to = from + size + (isLarger ? 1 : 0);
    const part = all.slice(from, to);
    if (fill !== undefined && fill !== null && !isLarger) part.push(fill);
    yield part;
    from = to;
  }
}
