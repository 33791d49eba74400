// CSV as `datasets` reads it for the harness: `pandas.read_csv` in chunks of 10,000 rows (packaged_modules/csv). Each
// chunk's columns are whole numbers, else floats, else true and false, else text; words such as NA and an empty field
// are None; a column of whole numbers that lacks one is floats.
import { MusterError } from "../../base/muster-error.ts";
import { makeFloat, makeInt, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import type { Batch } from "./batch.ts";
import type { Column } from "./column-types.ts";
import type { CsvOptions } from "./csv-options.ts";
import { splitCsv, type CsvRecord } from "./csv-records.ts";

const CHUNK_ROWS = 10_000;

/** `pandas.io.parsers`: STR_NA_VALUES. */
const MISSING = new Set(
  ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"].concat([
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
  ]),
);

/** The chunks of a file. Throws `badData` with file and line. */
export function* readCsvFile(bytes: Buffer, file: string, options: CsvOptions): Generator<Batch> {
  const records = splitCsv(bytes, file, options.separator);
  const header = options.hasHeader ? records.next() : null;
  let names = options.names;
  let chunk: string[][] = [];
  for (const record of records) {
    names ??= columnNames(
      header?.done === false ? header.value.fields : record.fields.map((_, index) => String(index)),
    );
    chunk.push(fit(record, names, file));
    if (chunk.length < CHUNK_ROWS) continue;
    yield typeChunk(chunk, names, file);
    chunk = [];
  }
  if (chunk.length > 0) yield typeChunk(chunk, names!, file);
}

/** Empty and repeated names as pandas renames them. */
function columnNames(fields: readonly string[]): string[] {
  const names = fields.map((field, index) => (field === "" ? `Unnamed: ${index}` : field));
  const seen = new Map<string, number>();
  const taken = new Set(names);
  return names.map((name) => {
    let count = seen.get(name) ?? 0;
    let unique = name;
    while (count > 0) {
      unique = `${name}.${count}`;
      if (!taken.has(unique)) break;
      count += 1;
    }
    taken.add(unique);
    seen.set(name, count + 1);
    return unique;
  });
}

function fit(record: CsvRecord, names: readonly string[], file: string): string[] {
  const { fields, line } = record;
  if (fields.length > names.length) {
    const problem = `${fields.length} fields where there are ${names.length} columns`;
    throw new MusterError("badData", `${file}, line ${line}: ${problem}`, {
      wayOut: 'Put fields that hold a separator in quotes: "one, two".',
    });
  }
  while (fields.length < names.length) fields.push("");
  return fields;
}

function typeChunk(chunk: readonly string[][], names: readonly string[], file: string): Batch {
  const columns = names.map((name, index) => {
    return readColumn(
      chunk.map((fields) => fields[index]!),
      `${file}, column ${name}`,
    );
  });
  const rows = chunk.map(
    (_, row): PythonDict => new Map(names.map((name, index) => [name, columns[index]!.values[row]!])),
  );
  const fields = new Map(names.map((name, index): [string, Column] => [name, { kind: columns[index]!.kind }]));
  return { rows, column: { kind: "struct", fields } };
}

const WHOLE = /^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/;
const NUMBER = /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\v\f\r]*$/;
const ENDLESS = /^[+-]?inf(?:inity)?$/i;

function readColumn(texts: readonly string[], place: string): { kind: Column["kind"]; values: PythonValue[] } {
  const present = texts.filter((text) => !MISSING.has(text));
  const read = (value: (text: string) => PythonValue): PythonValue[] =>
    texts.map((text) => (MISSING.has(text) ? null : value(text)));
  if (present.every((text) => WHOLE.test(text)) && present.length === texts.length) {
    const whole = read((text) => makeInt(BigInt(text.trim().replace("+", ""))));
    if (whole.every((value) => typeof value !== "bigint" || BigInt.asIntN(64, value) === value)) {
      return { kind: "int", values: whole };
    }
    throw new MusterError("unsupported", `${place}, holds whole numbers of more than 64 bits`, {
      wayOut: "Leave the task out, or write them as text in JSON Lines.",
    });
  }
  // A column without any value is a column of floats.
  if (present.every((text) => NUMBER.test(text) || ENDLESS.test(text)))
    return { kind: "float", values: read(readFloat) };
  if (present.every((text) => /^(?:true|false)$/i.test(text))) {
    return { kind: "bool", values: read((text) => text.toLowerCase() === "true") };
  }
  return { kind: "text", values: read((text) => text) };
}

function readFloat(text: string): PythonValue {
  if (NUMBER.test(text)) return makeFloat(Number(text));
  return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
