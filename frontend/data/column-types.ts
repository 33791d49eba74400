// What type a column of JSON or CSV rows has, as the harness's data library (`datasets`, over Arrow) finds it, and its
// values in that type: a column with 1 and 2.5 holds floats, one with objects of unlike keys or of unlike types keeps
// them as they are.
import { MusterError } from "../../base/muster-error.ts";
import { toFloat } from "../../evaluation/harness/python/number-text.ts";
import {
  isDict,
  isFloat,
  isInt,
  isList,
  type PythonDict,
  type PythonValue,
} from "../../evaluation/harness/python/value.ts";

type ColumnType =
  | { readonly kind: "null" | "bool" | "int" | "float" | "string" | "json" }
  | { readonly kind: "list"; readonly member: ColumnType }
  | { readonly kind: "struct"; readonly fields: ReadonlyMap<string, ColumnType> };

const NULL: ColumnType = { kind: "null" };
const JSON_TYPE: ColumnType = { kind: "json" };

/** Texts that Arrow reads as points in time when a whole column holds nothing else. */
const TIME = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}(?::?\d{2}(?::?\d{2})?)?)?Z?$/;

/** Rows with the columns of all of them, in order of appearance, and with each column's values in its one type. */
export function conformRows(rows: readonly PythonDict[], source: string): PythonDict[] {
  const types = new Map<string, ColumnType>();
  for (const row of rows) {
    for (const [key, value] of row) {
      const name = key as string;
      types.set(name, unify(types.get(name) ?? NULL, typeOf(value)));
    }
  }
  refuseTimes(rows, types, source);
  return rows.map((row) => {
    const conformed = new Map<PythonValue, PythonValue>();
    for (const [name, type] of types) conformed.set(name, conform(row.get(name) ?? null, type));
    return conformed;
  });
}

function typeOf(value: PythonValue): ColumnType {
  if (value === null) return NULL;
  if (typeof value === "boolean") return { kind: "bool" };
  if (typeof value === "string") return { kind: "string" };
  // Arrow's integers have 64 bits; a larger one is read as a float.
  if (isInt(value)) return { kind: typeof value === "bigint" && !fitsInt64(value) ? "float" : "int" };
  if (isFloat(value)) return { kind: "float" };
  if (isList(value)) return { kind: "list", member: value.map(typeOf).reduce(unify, NULL) };
  if (isDict(value) && value.size > 0) {
    return { kind: "struct", fields: new Map(Array.from(value, ([key, field]) => [key as string, typeOf(field)])) };
  }
  return JSON_TYPE;
}

function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function unify(left: ColumnType, right: ColumnType): ColumnType {
  if (left.kind === "null") return right;
  if (right.kind === "null") return left;
  if (left.kind === "list" && right.kind === "list") return { kind: "list", member: unify(left.member, right.member) };
  if (left.kind === "struct" && right.kind === "struct") return unifyFields(left.fields, right.fields);
  if (left.kind === right.kind) return left;
  const numbers = new Set(["int", "float"]);
  return numbers.has(left.kind) && numbers.has(right.kind) ? { kind: "float" } : JSON_TYPE;
}

function unifyFields(left: ReadonlyMap<string, ColumnType>, right: ReadonlyMap<string, ColumnType>): ColumnType {
  if (left.size !== right.size) return JSON_TYPE;
  const fields = new Map<string, ColumnType>();
  for (const [name, type] of left) {
    const other = right.get(name);
    if (other === undefined) return JSON_TYPE;
    fields.set(name, unify(type, other));
  }
  return { kind: "struct", fields };
}

function conform(value: PythonValue, type: ColumnType): PythonValue {
  if (value === null || type.kind === "json") return value;
  if (type.kind === "float") return toFloat(value);
  if (type.kind === "list" && isList(value)) return value.map((member) => conform(member, type.member));
  if (type.kind === "struct" && isDict(value)) {
    return new Map<PythonValue, PythonValue>(
      Array.from(type.fields, ([name, field]) => [name, conform(value.get(name) ?? null, field)]),
    );
  }
  return value;
}

/** Python would hold points in time here, which print in their own way. */
function refuseTimes(rows: readonly PythonDict[], types: ReadonlyMap<string, ColumnType>, source: string): void {
  for (const [name, type] of types) {
    if (type.kind !== "string") continue;
    const isTime = rows.every((row) => {
      const value = row.get(name) ?? null;
      return value === null || (typeof value === "string" && TIME.test(value));
    });
    if (!isTime) continue;
    throw new MusterError(
      "unsupported",
      `${source}: the column ${name} holds dates, which the harness reads as points in time`,
      {
        wayOut: "Take the column out, or write the dates in words.",
      },
    );
  }
}
