// JSON Lines, and JSON files with one list, as `datasets` reads them for the harness (packaged_modules/json).
import { MusterError } from "../../base/muster-error.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { isDict, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";
import { absorb, CastProblem, emptyColumn, type Column, type FieldPath } from "./column-types.ts";
import type { Batch } from "./batch.ts";
import { decodeText } from "./decode-text.ts";
import { findMixedFields, loosen } from "./loose-columns.ts";

const BATCH_BYTES = 10 << 20;
const LINE_FEED = 0x0a;
const LIST = 0x5b;

/**
 * The batches of a file. `looseFields` are those known from the first batch of the data set, or null where this is it.
 * Throws `badData` with file and line.
 */
export function* readJsonFile(bytes: Buffer, file: string, looseFields: readonly FieldPath[] | null): Generator<Batch> {
  const byteOrderMark = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  let [start, line, known] = [byteOrderMark, 1, looseFields];
  if (bytes[start] === LIST) {
    const read = readList(bytes.subarray(start), file);
    yield named(file, () => typed(read, known));
    return;
  }
  while (start < bytes.length) {
    const mark = start === byteOrderMark ? BATCH_BYTES : start + BATCH_BYTES;
    const feed = bytes.indexOf(LINE_FEED, mark);
    const end = feed === -1 || mark >= bytes.length ? bytes.length : feed + 1;
    const read = readLines(bytes.subarray(start, end), file, line);
    if (read.rows.length > 0) yield named(file, () => typed(read, known));
    known ??= [];
    line += read.lineCount;
    start = end;
  }
}

interface ReadRows {
  readonly rows: readonly PythonDict[];
  readonly lineCount: number;
  /** Whether each line is JSON by itself: only then are mixed objects looked for. */
  readonly isRegular: boolean;
}

function readLines(bytes: Buffer, file: string, firstLine: number): ReadRows {
  const lines = decodeText(bytes, file, firstLine).split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  const rows: PythonDict[] = [];
  let isRegular = true;
  for (const [index, text] of lines.entries()) {
    if (/^[ \t]*$/.test(text)) isRegular = false;
    else rows.push(readRow(text, file, { line: firstLine + index, isLast: index === lines.length - 1 }));
  }
  return { rows, lineCount: lines.length, isRegular };
}

function readRow(text: string, file: string, place: { line: number; isLast: boolean }): PythonDict {
  let value: PythonValue;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    const start = text.trimStart()[0];
    if (place.line === 1 && start === "{" && text.trim().length < 3) throw notLines(file);
    const problem = place.isLast ? "it is cut off, or not JSON" : "it is not JSON";
    const wayOut = place.isLast
      ? "Get the file again, or remove its last line if you know that it is not needed."
      : "Each line must be one JSON object.";
    throw new MusterError("badData", `${file}, line ${place.line}: ${problem}: ${(error as Error).message}`, {
      wayOut,
    });
  }
  if (isDict(value)) return value;
  throw new MusterError("badData", `${file}, line ${place.line}: a row must be a JSON object`, {
    wayOut: 'Write each row as one line like {"question": "...", "answer": "..."}.',
  });
}

function notLines(file: string): MusterError {
  return new MusterError("badData", `${file} is one object over several lines, not a list of rows`, {
    wayOut: "Write one object a line (JSON Lines), or one list of objects.",
  });
}

function readList(bytes: Buffer, file: string): ReadRows {
  const text = decodeText(bytes, file);
  let list: PythonValue;
  try {
    list = parsePythonJson(text);
  } catch (error) {
    throw new MusterError("badData", `${file} is cut off, or not JSON: ${(error as Error).message}`, {
      wayOut: "Get the file again.",
    });
  }
  const values = list as readonly PythonValue[];
  const isObjects = text.slice(0, 100).split('"', 1)[0]!.includes("{");
  const rows = values.map((value, index) => {
    // `datasets` writes the list as JSON Lines with pandas' JSON module, and so rounds its floats.
    const row = isObjects ? value : new Map<PythonValue, PythonValue>([["text", value]]);
    if (isDict(row)) return named(file, () => loosen(row, []));
    throw new MusterError("badData", `${file}: element ${index} of its list is not an object, but the first one is`, {
      wayOut: "Make all elements objects with the same keys.",
    });
  });
  return { rows, lineCount: 1, isRegular: true };
}

/** Finds the columns; where rows disagree on a field, the field is made loose and the search begins again. */
function typed(read: ReadRows, known: readonly FieldPath[] | null): Batch {
  let paths = known ?? (read.isRegular ? findMixedFields(read.rows) : []);
  for (;;) {
    const rows = paths.length === 0 ? read.rows : read.rows.map((row) => loosen(row, paths));
    const column: Column = { ...emptyColumn(), kind: "struct", fields: new Map() };
    const conflict = firstConflict(rows, column);
    if (conflict === null) return { rows, column };
    const name = conflict.map((step) => (step === 0 ? "[]" : step)).join(".");
    if (!read.isRegular || known !== null || isWithin(conflict, paths)) {
      throw new CastProblem(`mixes types in the column ${name}`);
    }
    paths = [...paths.filter((path) => !isWithin(path, [conflict])), conflict];
  }
}

function firstConflict(rows: readonly PythonDict[], column: Column): FieldPath | null {
  for (const row of rows) {
    const conflict = absorb(column, row);
    if (conflict !== null) return conflict;
  }
  return null;
}

function isWithin(path: FieldPath, others: readonly FieldPath[]): boolean {
  return others.some((other) => other.every((step, index) => path[index] === step));
}

/** Loose fields of a schema, to be handed to the reading of later files. */
export function looseFieldsOf(column: Column): FieldPath[] {
  if (column.kind === "json") return [[]];
  if (column.item !== undefined) return looseFieldsOf(column.item).map((path) => [0, ...path]);
  return [...(column.fields ?? [])].flatMap(([name, field]) => looseFieldsOf(field).map((path) => [name, ...path]));
}

function named<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CastProblem)) throw error;
    throw new MusterError("badData", `${file} ${error.message}`, {
      wayOut: "Give every row of the file the same columns, each with one type.",
      cause: error,
    });
  }
}
