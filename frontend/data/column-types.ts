// The types that Arrow infers for JSON and CSV columns, which is how the harness's data sets come to their values: a
// column that holds 1 and 2.5 is all floats, a key that a row lacks is None, columns keep the order in which they are
// first seen. A value outside these types is refused, never approximated.
import {
  isDict,
  isInt,
  isList,
  makeFloat,
  PythonFloat,
  PythonObject,
  type PythonDict,
  type PythonValue,
} from "../../evaluation/harness/python/value.ts";

/** What a column holds so far; grows as values are absorbed. `json`: anything, each value as it was written. */
export interface Column {
  kind: "null" | "bool" | "int" | "float" | "text" | "time" | "json" | "list" | "struct";
  /** Of floats: 32 bits each. */
  isNarrow?: boolean;
  /** Of lists. */
  item?: Column;
  /** Of structs, in the order first seen. */
  fields?: Map<string, Column>;
}

/** Where a value lies in a row: names of fields, and 0 for "each element of the list". */
export type FieldPath = readonly (string | 0)[];

/** A value of a column whose rows do not agree on a type: kept as the JSON value it was. */
export class LooseValue extends PythonObject {
  readonly typeName = "str";
  readonly value: PythonValue;

  constructor(value: PythonValue) {
    super();
    this.value = value;
  }
}

/** A column of which nothing is known. */
export function emptyColumn(): Column {
  return { kind: "null" };
}

/** Widens the column to hold the value; the path of the first disagreement, or null where there is none. */
export function absorb(column: Column, value: PythonValue): FieldPath | null {
  if (value === null) return null;
  const kind = kindOf(value);
  const joined = join(column.kind, kind);
  if (joined === null) return [];
  column.kind = joined;
  if (isList(value)) {
    column.item ??= emptyColumn();
    for (const element of value) {
      const conflict = absorb(column.item, element);
      if (conflict !== null) return [0, ...conflict];
    }
  } else if (isDict(value)) {
    column.fields ??= new Map();
    for (const [key, element] of value) {
      const name = key as string;
      const field = column.fields.get(name) ?? emptyColumn();
      column.fields.set(name, field);
      const conflict = absorb(field, element);
      if (conflict !== null) return [name, ...conflict];
    }
  }
  return null;
}

function kindOf(value: PythonValue): Column["kind"] {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return isTime(value) ? "time" : "text";
  if (isList(value)) return "list";
  if (isDict(value)) return "struct";
  if (value instanceof LooseValue) return "json";
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? "int" : "float";
  return isInt(value) ? "int" : "float";
}

function join(first: Column["kind"], second: Column["kind"]): Column["kind"] | null {
  if (first === "null" || first === second) return second;
  const pair = new Set([first, second]);
  if (pair.has("int") && pair.has("float")) return "float";
  return pair.has("time") && pair.has("text") ? "text" : null;
}

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d)?)?(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/;

/** True for what Arrow reads as a point in time (`arrow/util/value_parsing.h`, whole seconds). */
function isTime(text: string): boolean {
  if (text.length < 10 || text[4] !== "-") return false;
  const match = TIME.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}

/** Why a value cannot be had in a column's type. */
export class CastProblem extends Error {}

/** The first time column of a schema, as a path for people; null where there is none. */
export function findTimes(column: Column, path: string): string | null {
  if (column.kind === "time") return path;
  if (column.item !== undefined) return findTimes(column.item, `${path}[]`);
  for (const [name, field] of column.fields ?? []) {
    const found = findTimes(field, path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** The row in the schema's columns. `from` is the schema of the batch that the row comes from. */
export function castRow(row: PythonDict, from: Column, to: Column): PythonDict {
  return castStruct(row, from, to, "");
}

function castStruct(row: PythonDict, from: Column, to: Column, path: string): PythonDict {
  const fields = to.fields ?? new Map<string, Column>();
  const keys = row.keys();
  let isSame = row.size === fields.size;
  const values: PythonValue[] = [];
  for (const [name, field] of fields) {
    const value = row.get(name);
    const own = from.fields?.get(name);
    const isNull = value === undefined || value === null || own === undefined;
    const cast = isNull ? null : castValue(value, own, field, `${path}${name}`);
    isSame &&= keys.next().value === name && Object.is(cast, value);
    values.push(cast);
  }
  // Most rows are in the schema's columns as they are: large data sets are then held once.
  return isSame ? row : new Map(Array.from(fields.keys(), (name, position) => [name, values[position]!]));
}

/** True where rows of the one are rows of the other as they are. */
export function isSameColumn(first: Column, second: Column): boolean {
  if (first.kind !== second.kind || first.isNarrow !== second.isNarrow) return false;
  if (first.item !== undefined && second.item !== undefined) return isSameColumn(first.item, second.item);
  const [fields, others] = [[...(first.fields ?? [])], [...(second.fields ?? [])]];
  return (
    fields.length === others.length &&
    fields.every(([name, field], index) => name === others[index]![0] && isSameColumn(field, others[index]![1]))
  );
}

/** Refuses a batch with columns that the schema lacks, as `datasets` does. */
export function checkColumns(from: Column, to: Column, path = ""): void {
  for (const [name, field] of from.fields ?? []) {
    const own = to.fields?.get(name);
    if (own === undefined) throw new CastProblem(`has the column ${path}${name}, which the first rows do not have`);
    if (field.kind === "struct" && own.kind === "struct") checkColumns(field, own, `${path}${name}.`);
  }
}

function castValue(value: PythonValue, from: Column, to: Column, path: string): PythonValue {
  if (value === null) return null;
  if (to.kind === "float" && (from.kind === "int" || from.kind === "float")) return toFloat(value, to);
  if (to.kind === "int" && from.kind === "float") {
    const number = toNumber(value);
    if (Number.isSafeInteger(number)) return number;
  } else if (to.kind === "int" && from.kind === "bool") return Number(value);
  else if (to.kind === "text" && from.kind === "bool") return value === true ? "true" : "false";
  else if (to.kind === "text" && from.kind === "int") return `${value as number | bigint}`;
  else if (from.kind === to.kind) {
    if (to.kind === "list" && isList(value)) {
      const elements = value.map((element) => castValue(element, from.item!, to.item!, `${path}[]`));
      return elements.every((element, index) => Object.is(element, value[index])) ? value : elements;
    }
    if (to.kind === "struct" && isDict(value)) return castStruct(value, from, to, `${path}.`);
    return value instanceof LooseValue ? value.value : value;
  }
  throw new CastProblem(`holds ${NAMES[from.kind]} in the column ${path}, where the first rows hold ${NAMES[to.kind]}`);
}

const NAMES: { readonly [kind in Column["kind"]]: string } = {
  null: "nothing",
  bool: "true or false",
  int: "whole numbers",
  float: "numbers",
  text: "text",
  time: "points in time",
  json: "values of several types",
  list: "lists",
  struct: "objects",
};

function toFloat(value: PythonValue, { isNarrow }: Column): PythonValue {
  if (isNarrow === true) return makeFloat(Math.fround(toNumber(value)));
  return typeof value === "number" && !Number.isSafeInteger(value) ? value : makeFloat(toNumber(value));
}

function toNumber(value: PythonValue): number {
  return value instanceof PythonFloat ? value.value : Number(value);
}
