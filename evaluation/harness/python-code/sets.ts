import { assertHashable, contains, dictGet, dictSet } from "../python/equality.ts";
import { calculate } from "../python/arithmetic.ts";
import { isOrdered } from "../python/order.ts";
import { unsupported } from "../python/python-error.ts";
import { isDict, PythonSet, type PythonValue } from "../python/value.ts";

/** `collections.Counter`: a dict that counts; what it lacks is 0. */
export class CounterDict extends Map<PythonValue, PythonValue> {}

/** `collections.defaultdict`. */
export class DefaultDict extends Map<PythonValue, PythonValue> {
  readonly make: () => PythonValue;

  constructor(make: () => PythonValue) {
    super();
    this.make = make;
  }
}

/** A set of the distinct values. Throws TypeError for one that cannot be hashed. */
export function makeSet(values: Iterable<PythonValue>): PythonSet {
  const known = new Set<PythonValue>();
  const distinct: PythonValue[] = [];
  for (const value of values) {
    assertHashable(value);
    if (known.has(value)) continue;
    known.add(value);
    if (typeof value === "string" || !contains(distinct, value)) distinct.push(value);
  }
  return new PythonSet(distinct);
}

/** A Counter of the values. */
export function countValues(values: Iterable<PythonValue>): CounterDict {
  const counter = new CounterDict();
  for (const value of values) dictSet(counter, value, calculate("+", dictGet(counter, value) ?? 0, 1));
  return counter;
}

/** `left OPERATOR right` of sets, counters and dicts; undefined for others. */
export function combineSets(operator: string, left: PythonValue, right: PythonValue): PythonValue | undefined {
  if (left instanceof CounterDict && right instanceof CounterDict) return combineCounters(operator, left, right);
  if (isDict(left) && isDict(right) && operator === "|") {
    const merged = new Map(left);
    for (const [key, value] of right) dictSet(merged, key, value);
    return merged;
  }
  if (!(left instanceof PythonSet && right instanceof PythonSet)) return undefined;
  const [first, second] = [left.values, right.values];
  switch (operator) {
    case "&":
      return new PythonSet(first.filter((value) => contains(second, value)));
    case "|":
      return makeSet([...first, ...second]);
    case "-":
      return new PythonSet(first.filter((value) => !contains(second, value)));
    case "^":
      return new PythonSet([
        ...first.filter((value) => !contains(second, value)),
        ...second.filter((value) => !contains(first, value)),
      ]);
    default:
      return undefined;
  }
}

function combineCounters(operator: string, left: CounterDict, right: CounterDict): CounterDict {
  const result = new CounterDict();
  const put = (key: PythonValue, count: PythonValue): void => {
    if (isOrdered(">", count, 0)) dictSet(result, key, count);
  };
  for (const [key, count] of left) {
    const other = dictGet(right, key) ?? 0;
    if (operator === "&") put(key, isOrdered("<", count, other) ? count : other);
    else if (operator === "+" || operator === "-") put(key, calculate(operator, count, other));
    else throw unsupported(`the operator ${operator} of Counters`);
  }
  if (operator === "+") for (const [key, count] of right) if (dictGet(left, key) === undefined) put(key, count);
  if (operator === "-") {
    for (const [key, count] of right) if (dictGet(left, key) === undefined) put(key, calculate("-", 0, count));
  }
  return result;
}
