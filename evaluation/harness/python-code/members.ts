import { isOrdered, sortValues } from "../python/order.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { iterate } from "../python/sequence.ts";
import { isTruthy } from "../python/truth.ts";
import { DictView } from "../jinja/runtime-value.ts";
import { isDict, isList, PythonSet, PythonTuple, type PythonValue } from "../python/value.ts";
import { callWith } from "./runtime.ts";

/** Members where their order does not matter: also those of a set. */
export function membersOf(value: PythonValue): Iterable<PythonValue> {
  return value instanceof PythonSet ? value.values : iterate(value);
}

/** `sorted(values, key=..., reverse=...)`, stable. */
export function sortBy(values: readonly PythonValue[], named: ReadonlyMap<string, PythonValue>): PythonValue[] {
  const reverse = isTruthy(named.get("reverse") ?? false);
  const key = named.get("key") ?? null;
  for (const name of named.keys()) if (name !== "key" && name !== "reverse") throw unsupported(`sorted(${name}=)`);
  if (key === null) return sortValues(values, reverse);
  const keyed = values.map((value) => ({ value, rank: callWith(key, value) }));
  const compare = (left: PythonValue, right: PythonValue): number =>
    isOrdered("<", left, right) ? -1 : isOrdered("<", right, left) ? 1 : 0;
  const sign = reverse ? -1 : 1;
  return keyed.toSorted((left, right) => sign * compare(left.rank, right.rank)).map(({ value }) => value);
}

/** What iterating over a dict's view gives; a view is taken once, not kept up to date. */
export function pairsOf(value: PythonValue): Iterable<readonly [PythonValue, PythonValue]> {
  if (isDict(value)) return value;
  const members = isList(value) ? value : value instanceof DictView ? [...value.iterate()] : null;
  if (members === null) throw unsupported("a dict of something else than a dict or pairs");
  return members.map((member) => {
    const pair = member instanceof PythonTuple ? member.values : isList(member) ? member : null;
    if (pair?.length !== 2) throw new PythonError("ValueError", "a dict needs pairs");
    return [pair[0]!, pair[1]!] as const;
  });
}
