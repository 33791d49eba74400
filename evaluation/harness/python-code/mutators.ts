// Methods of lists, dicts and sets that templates cannot call, most of which change their owner.
import type { CallValues } from "../jinja/runtime-value.ts";
import { contains, dictGet, dictHas, dictSet, memberEquals } from "../python/equality.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { repr } from "../python/represent.ts";
import { iterate, toIndex } from "../python/sequence.ts";
import { PythonSet, PythonTuple, type PythonValue } from "../python/value.ts";
import { membersOf, pairsOf, sortBy } from "./members.ts";
import { combineSets, countValues, CounterDict, makeSet } from "./sets.ts";

/** Methods by name. */
export type Mutators<Owner> = { readonly [name: string]: (owner: Owner, values: CallValues) => PythonValue };

function argument({ positional }: CallValues, index: number): PythonValue {
  const value = positional[index];
  if (value === undefined) throw new PythonError("TypeError", "an argument is missing");
  return value;
}

export const LIST_METHODS: Mutators<PythonValue[]> = {
  append: (list, values) => {
    list.push(argument(values, 0));
    return null;
  },
  extend: (list, values) => {
    list.push(...iterate(argument(values, 0)));
    return null;
  },
  insert: (list, values) => {
    list.splice(toIndex(argument(values, 0)), 0, argument(values, 1));
    return null;
  },
  pop: (list, { positional: [index] }) => {
    const at = index === undefined ? list.length - 1 : toIndex(index) + (toIndex(index) < 0 ? list.length : 0);
    if (at < 0 || at >= list.length) throw new PythonError("IndexError", "pop index out of range");
    return list.splice(at, 1)[0]!;
  },
  remove: (list, values) => {
    const at = list.findIndex((member) => memberEquals(member, argument(values, 0)));
    if (at < 0) throw new PythonError("ValueError", "list.remove(x): x not in list");
    list.splice(at, 1);
    return null;
  },
  clear: (list) => {
    list.length = 0;
    return null;
  },
  reverse: (list) => {
    list.reverse();
    return null;
  },
  sort: (list, { named }) => {
    list.splice(0, list.length, ...sortBy([...list], named));
    return null;
  },
};

export const DICT_METHODS: Mutators<Map<PythonValue, PythonValue>> = {
  update: (dict, { positional: [other], named }) => {
    if (dict instanceof CounterDict) throw unsupported("Counter.update");
    for (const [key, value] of other === undefined ? [] : pairsOf(other)) dictSet(dict, key, value);
    for (const [key, value] of named) dictSet(dict, key, value);
    return null;
  },
  pop: (dict, values) => {
    const key = argument(values, 0);
    const found = dictGet(dict, key);
    if (found === undefined && !dictHas(dict, key)) {
      if (values.positional[1] !== undefined) return values.positional[1];
      throw new PythonError("KeyError", repr(key));
    }
    for (const own of dict.keys()) if (memberEquals(own, key)) dict.delete(own);
    return found!;
  },
  setdefault: (dict, values) => {
    const key = argument(values, 0);
    if (!dictHas(dict, key)) dictSet(dict, key, values.positional[1] ?? null);
    return dictGet(dict, key)!;
  },
  clear: (dict) => {
    dict.clear();
    return null;
  },
};

type SetOwner = PythonSet;

function replace(set: SetOwner, values: readonly PythonValue[]): null {
  (set.values as PythonValue[]).splice(0, set.values.length, ...values);
  return null;
}

function combined(operator: string): (set: SetOwner, values: CallValues) => PythonValue {
  return (set, { positional }) =>
    positional.reduce((left: PythonValue, right) => combineSets(operator, left, makeSet(membersOf(right)))!, set);
}

export const SET_METHODS: Mutators<SetOwner> = {
  add: (set, values) => replace(set, makeSet([...set.values, argument(values, 0)]).values),
  discard: (set, values) =>
    replace(
      set,
      set.values.filter((member) => !memberEquals(member, argument(values, 0))),
    ),
  remove: (set, values) => {
    if (!contains(set.values, argument(values, 0))) throw new PythonError("KeyError", repr(argument(values, 0)));
    return replace(
      set,
      set.values.filter((member) => !memberEquals(member, argument(values, 0))),
    );
  },
  update: (set, values) => replace(set, makeSet([...set.values, ...membersOf(argument(values, 0))]).values),
  union: combined("|"),
  intersection: combined("&"),
  difference: combined("-"),
  symmetric_difference: combined("^"),
  copy: (set) => new PythonSet([...set.values]),
  issubset: (set, values) => {
    const other = makeSet(membersOf(argument(values, 0))).values;
    return set.values.every((member) => contains(other, member));
  },
  issuperset: (set, values) => [...membersOf(argument(values, 0))].every((member) => contains(set.values, member)),
};

/** Python's `Counter(value)`. */
export function makeCounter(value: PythonValue | undefined): CounterDict {
  if (value === undefined) return new CounterDict();
  if (value instanceof Map) return new CounterDict(value);
  if (value instanceof PythonTuple) return countValues(value.values);
  return countValues(iterate(value));
}
