// Columns have one type: what Arrow would store otherwise than it was given is refused.
import { unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { isDict, isFloat, isInt, isList, PythonTuple, type PythonDict, type PythonValue } from "../python/value.ts";

/** How many rows Arrow looks at before it decides a column's type. */
const BATCH_ROWS = 1000;

/** A value as a column gives it back: tuples become lists. */
export function storedValue(value: PythonValue): PythonValue {
  if (value instanceof PythonTuple) return value.values.map(storedValue);
  if (isList(value)) return value.map(storedValue);
  if (isDict(value)) return new Map(Array.from(value, ([key, member]) => [key, storedValue(member)]));
  return value;
}

/** Checks that rows can be columns that give back what was put in. `before`: the rows that they were made of. */
export function asColumns(rows: readonly PythonDict[], before: readonly PythonDict[]): readonly PythonDict[] {
  const [first] = rows;
  if (first === undefined) return rows;
  // A column that was there before keeps its place, and a later row finds the order that the first one made.
  const names = [...(before[0]?.keys() ?? [])].filter((name) => first.has(name));
  for (const name of first.keys()) if (before[0]?.has(name) !== true) names.push(name);
  for (const row of rows) {
    if (row.size !== names.length || names.some((name) => !row.has(name))) {
      throw unsupported("rows of a Dataset that have different columns");
    }
  }
  for (const name of names) {
    const kind = kindOf(rows.map((row) => row.get(name)!));
    if (kind === "none" || before[0]?.has(name) !== true) continue;
    const old = kindOf(before.map((row) => row.get(name)!));
    // An int column that becomes one of floats may stay one of ints, and the other way round.
    if (old !== kind && old !== "none" && isNumeric(old) && isNumeric(kind)) {
      throw unsupported(`a Dataset's column ${str(name)} that changes from ${old} to ${kind}`);
    }
  }
  return rows.map((row) => new Map(names.map((name) => [name, row.get(name)!])));
}

function isNumeric(kind: string): boolean {
  return /int|float|bool/.test(kind);
}

/** One word for the type of all values; "none" where there are none. */
function kindOf(values: readonly PythonValue[]): string {
  let kind = "none";
  values.forEach((value, index) => {
    const own = kindOfValue(value);
    if (own === "none" || own === kind) return;
    if (kind !== "none" && !(own.includes("none") || kind.includes("none"))) {
      throw unsupported(`a Dataset's column with values of several types (${kind} and ${own})`);
    }
    if (kind === "none" && index >= BATCH_ROWS) throw unsupported("a Dataset's column that begins with 1,000 None");
    if (kind === "none" || kind.includes("none")) kind = own;
  });
  return kind;
}

function kindOfValue(value: PythonValue): string {
  if (value === null) return "none";
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "bool";
  if (isInt(value)) {
    if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) throw unsupported("an int beyond 64 bits in a Dataset");
    return "int";
  }
  if (isFloat(value)) return "float";
  if (isList(value)) return `list of ${kindOf(value)}`;
  if (isDict(value))
    return `dict of ${Array.from(value, ([key, member]) => `${str(key)}: ${kindOfValue(member)}`).join(", ")}`;
  throw unsupported("a value in a Dataset that Arrow cannot hold");
}
