// Parquet with Python's types: what is not plain text, numbers, booleans, lists and structs is refused.
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MusterError } from "../../base/muster-error.ts";
import { makeFloat, makeInt, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";

type Schema = ReturnType<typeof parquetSchema>;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const parsers = { stringFromBytes: (bytes: Uint8Array): string => bytes && decoder.decode(bytes) };

/** The rows of a Parquet file. Throws `badData` for a damaged file, `unsupported` for types that are not read exactly. */
export async function readParquet(path: string, bytes: Buffer): Promise<PythonDict[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = await parquetMetadataAsync(file, { parsers });
    const features = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value ?? "";
    if (/"_type": ?"Json"/.test(features)) throw refused(path, "a column", "JSON");
    const schema = parquetSchema(metadata);
    checkTypes(schema, path);
    const rows = await parquetReadObjects({ file, metadata, compressors, parsers });
    return rows.map((row) => convertFields(row, schema));
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError("badData", `the data file ${path} is no whole Parquet file: ${(error as Error).message}`, {
      wayOut: "Get the file again.",
      cause: error,
    });
  }
}

const PLAIN: ReadonlySet<string> = new Set(["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"]);

function checkTypes(schema: Schema, path: string): void {
  const { element, children } = schema;
  const logical = element.logical_type?.type ?? element.converted_type ?? "";
  if (children.length > 0) {
    if (logical.startsWith("MAP")) throw refused(path, schema.path.join("."), "a map");
    for (const child of children) checkTypes(child, path);
    return;
  }
  // Columns without any value have the logical type NULL.
  const isNumber = /^(?:|NULL|INTEGER|U?INT_(?:8|16|32|64))$/.test(logical) && PLAIN.has(element.type ?? "");
  const isText = (logical === "STRING" || logical === "UTF8") && element.type === "BYTE_ARRAY";
  if (!isNumber && !isText) throw refused(path, schema.path.join("."), `of the type ${logical || element.type}`);
}

function refused(path: string, column: string, what: string): MusterError {
  return new MusterError("unsupported", `${path}: ${column} is ${what}, which Muster does not read exactly`, {
    wayOut: "Convert the file to JSON Lines without this column, and name it in a dataset map (--dataset-map).",
  });
}

function convertFields(row: Readonly<Record<string, unknown>>, schema: Schema): PythonDict {
  return new Map<PythonValue, PythonValue>(
    schema.children.map((child) => [child.element.name, convert(row[child.element.name], child)]),
  );
}

function convert(value: unknown, schema: Schema): PythonValue {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    const member = memberOf(schema);
    return value.map((one) => convert(one, member));
  }
  if (schema.children.length > 0) return convertFields(value as Record<string, unknown>, schema);
  if (typeof value === "bigint") return makeInt(value);
  if (typeof value !== "number") return value as string | boolean;
  const { type } = schema.element;
  return type === "FLOAT" || type === "DOUBLE" ? makeFloat(value) : value;
}

/** The type of a list's members: Parquet wraps it in one or two groups. */
function memberOf(schema: Schema): Schema {
  const [repeated] = schema.children;
  if (repeated === undefined) return schema;
  const isWrapper = repeated.element.repetition_type === "REPEATED" && repeated.children.length === 1;
  return isWrapper ? repeated.children[0]! : repeated;
}
