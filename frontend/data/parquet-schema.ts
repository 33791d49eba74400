// The columns of a Parquet file, as Python's types: what is not plain text, numbers, booleans, lists and structs is
// refused.
import { type FileMetaData, parquetMetadata, parquetSchema } from "hyparquet";
import { MusterError } from "../../base/muster-error.ts";
import { findDuration } from "./arrow-schema.ts";
import type { Column } from "./column-types.ts";
import { footerLength, TAIL_BYTES } from "./parquet-footer.ts";

/** A column, or a part of one, in Parquet's own terms. */
export type ParquetSchema = ReturnType<typeof parquetSchema>;

/** What a file's footer says. */
export interface ParquetFooter {
  readonly metadata: FileMetaData;
  readonly schema: ParquetSchema;
  /** A struct of the columns. */
  readonly column: Column;
}

/** Reads the footer at the end of these bytes. Throws `badData`, and `unsupported` for types that are not read exactly. */
export function readParquetFooter(path: string, bytes: Buffer): ParquetFooter {
  const length = footerLength(bytes);
  const footer = length > TAIL_BYTES && length < bytes.length ? bytes.subarray(bytes.length - length) : bytes;
  const metadata = parsed(path, () => parquetMetadata(arrayBufferOf(footer)));
  const said = (key: string): string => metadata.key_value_metadata?.find((entry) => entry.key === key)?.value ?? "";
  const odd = /"_type": ?"(Json|Image|Audio|Video|Pdf)"/.exec(said("huggingface"))?.[1];
  if (odd !== undefined) throw refused(path, "a column", `of the kind ${odd}`);
  const arrow = said("ARROW:schema");
  const duration = arrow === "" ? null : parsed(path, () => findDuration(arrow));
  if (duration !== null) throw refused(path, duration, "a duration");
  const schema = parquetSchema(metadata);
  return { metadata, schema, column: columnOf(schema, path) };
}

/** Hyparquet takes no other. */
export function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function parsed<Value>(path: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw damaged(path, error);
  }
}

/** A file that is cut off or garbled. */
export function damaged(path: string, cause: unknown): MusterError {
  return new MusterError("badData", `the data file ${path} is no whole Parquet file: ${(cause as Error).message}`, {
    wayOut: "Get the file again.",
    cause,
  });
}

const KINDS: { readonly [type: string]: Column } = {
  BOOLEAN: { kind: "bool" },
  INT32: { kind: "int" },
  INT64: { kind: "int" },
  FLOAT: { kind: "float", isNarrow: true },
  DOUBLE: { kind: "float" },
};

function columnOf(schema: ParquetSchema, path: string): Column {
  const { element, children } = schema;
  const logical = element.logical_type?.type ?? element.converted_type ?? "";
  if (logical.startsWith("MAP")) throw refused(path, schema.path.join("."), "a map");
  if (isList(schema)) return { kind: "list", item: columnOf(memberOf(schema), path) };
  if (children.length > 0) {
    return { kind: "struct", fields: new Map(children.map((child) => [child.element.name, columnOf(child, path)])) };
  }
  // Columns without any value have the logical type NULL.
  const plain = KINDS[element.type ?? ""];
  if (logical === "NULL" && plain !== undefined) return { kind: "null" };
  if (plain !== undefined && /^(?:|INTEGER|U?INT_(?:8|16|32|64))$/.test(logical)) return plain;
  if ((logical === "STRING" || logical === "UTF8") && element.type === "BYTE_ARRAY") return { kind: "text" };
  throw refused(path, schema.path.join("."), `of the type ${logical || element.type}`);
}

function isList({ element, children }: ParquetSchema): boolean {
  return children.length === 1 && (element.logical_type?.type ?? element.converted_type) === "LIST";
}

/** The type of a list's members: Parquet wraps it in one or two groups. */
export function memberOf(schema: ParquetSchema): ParquetSchema {
  const [repeated] = schema.children;
  if (repeated === undefined) return schema;
  const isWrapper = repeated.element.repetition_type === "REPEATED" && repeated.children.length === 1;
  return isWrapper ? repeated.children[0]! : repeated;
}

function refused(path: string, column: string, what: string): MusterError {
  return new MusterError("unsupported", `${path}: ${column} is ${what}, which Muster does not read exactly`, {
    wayOut: "Convert the file to JSON Lines without this column, and name it in a dataset map (--dataset-map).",
  });
}
