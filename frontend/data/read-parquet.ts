import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MusterError } from "../../base/muster-error.ts";
import { makeFloat, makeInt, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";

type Schema = ReturnType<typeof parquetSchema>;

/** The rows of a Parquet file with Python's types. Throws `badData` for a damaged file, `unsupported` for other types. */
export async function readParquet(path: string, bytes: Buffer): Promise<PythonDict[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const schema = parquetSchema(await parquetMetadataAsync(file));
    const rows = await parquetReadObjects({ file, compressors });
    return rows.map((row) => convertFields(row, schema, path));
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError("badData", `the data file ${path} is no whole Parquet file: ${(error as Error).message}`, {
      wayOut: "Fetch it again.",
      cause: error,
    });
  }
}

function convertFields(row: Readonly<Record<string, unknown>>, schema: Schema, path: string): PythonDict {
  return new Map<PythonValue, PythonValue>(
    schema.children.map((child) => [child.element.name, convert(row[child.element.name], child, path)]),
  );
}

function convert(value: unknown, schema: Schema, path: string): PythonValue {
  if (value === null || value === undefined) return null;
  const { element, children } = schema;
  if (Array.isArray(value)) {
    const member = listMember(schema);
    return value.map((one) => convert(one, member, path));
  }
  if (children.length > 0) return convertFields(value as Record<string, unknown>, schema, path);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (element.logical_type?.type === undefined || element.logical_type.type === "INTEGER") {
    if (typeof value === "bigint") return makeInt(value);
    if (typeof value === "number") {
      return element.type === "FLOAT" || element.type === "DOUBLE" ? makeFloat(value) : makeInt(BigInt(value));
    }
  }
  throw new MusterError(
    "unsupported",
    `${path}: the column ${schema.path.join(".")} has the type ${element.logical_type?.type ?? element.type}, which is not read exactly yet`,
  );
}

/** The type of a list's members: Parquet wraps it in one or two groups. */
function listMember(schema: Schema): Schema {
  const [repeated] = schema.children;
  if (repeated === undefined) return schema;
  const isWrapper = repeated.element.repetition_type === "REPEATED" && repeated.children.length === 1;
  return isWrapper ? repeated.children[0]! : repeated;
}
