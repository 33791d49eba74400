// Parquet with Python's values.
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MusterError } from "../../base/muster-error.ts";
import { makeFloat, makeInt, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import type { Batch } from "./batch.ts";
import {
  arrayBufferOf,
  damaged,
  memberOf,
  type ParquetFooter,
  type ParquetSchema,
  readParquetFooter,
} from "./parquet-schema.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const parsers = { stringFromBytes: (bytes: Uint8Array): string => bytes && decoder.decode(bytes) };

/** The rows of a Parquet file. Throws `badData` for a damaged file, `unsupported` for types that are not read exactly. */
export async function readParquet(path: string, bytes: Buffer): Promise<Batch> {
  const footer = readParquetFooter(path, bytes);
  const file = arrayBufferOf(bytes);
  const rows = await readColumns(path, file, footer);
  const expected = Number(footer.metadata.num_rows);
  if (rows.length !== expected) throw damaged(path, new Error(`it has ${rows.length} rows of ${expected}`));
  return { rows: rows.map((row) => convertFields(row, footer.schema)), column: footer.column };
}

async function readColumns(path: string, file: ArrayBuffer, footer: ParquetFooter): Promise<Record<string, unknown>[]> {
  const read = (columns?: string[]): Promise<Record<string, unknown>[]> =>
    parquetReadObjects({
      file,
      metadata: footer.metadata,
      compressors,
      parsers,
      ...(columns === undefined ? {} : { columns }),
    });
  try {
    return await read();
  } catch (error) {
    // One by one, so that the message can name the column.
    for (const { element } of footer.schema.children) {
      try {
        await read([element.name]);
      } catch (cause) {
        throw damagedColumn(path, element.name, cause);
      }
    }
    throw damaged(path, error);
  }
}

function damagedColumn(path: string, column: string, cause: unknown): MusterError {
  if ((cause as NodeJS.ErrnoException).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") {
    return damaged(path, new Error(`its column ${column} cannot be read: ${(cause as Error).message}`, { cause }));
  }
  return new MusterError(
    "badData",
    `the data file ${path} holds bytes in the column ${column} that are not UTF-8 text`,
    {
      wayOut: "Convert the column to UTF-8.",
      cause,
    },
  );
}

function convertFields(row: Readonly<Record<string, unknown>>, schema: ParquetSchema): PythonDict {
  return new Map<PythonValue, PythonValue>(
    schema.children.map((child) => [child.element.name, convert(row[child.element.name], child)]),
  );
}

function convert(value: unknown, schema: ParquetSchema): PythonValue {
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
