// CSV as the harness's data library reads it (pandas' reader): a head line, quotes doubled, and columns of one type.
import { MusterError } from "../../base/muster-error.ts";
import { makeFloat, makeInt, type PythonDict, type PythonValue } from "../../evaluation/harness/python/value.ts";

/** Cells that pandas takes for missing. */
const MISSING = new Set(
  ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"].concat([
    "<NA>",
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
const INTEGER = /^\s*[+-]?[0-9]{1,18}\s*$/;
const FLOAT = /^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$|^\s*[+-]?(?:inf|infinity)\s*$/i;
const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ...["True", "TRUE", "true"].map((word) => [word, true] as const),
  ...["False", "FALSE", "false"].map((word) => [word, false] as const),
]);

/** The rows of a CSV text. Throws `badData` naming the file and the line. */
export function readCsv(text: string, file: string): PythonDict[] {
  const records = parseRecords(text.replace(/^\ufeff/, ""), file);
  const head = records.shift();
  if (head === undefined) return [];
  const names = head.cells;
  for (const { cells, line } of records) {
    if (cells.length > names.length) {
      throw new MusterError(
        "badData",
        `${file}, line ${line}: ${cells.length} cells under ${names.length} column names`,
      );
    }
  }
  const columns = names.map((_, column) => typeColumn(records.map(({ cells }) => cells[column] ?? "")));
  return records.map(
    (_, row) => new Map<PythonValue, PythonValue>(names.map((name, column) => [name, columns[column]![row]!])),
  );
}

interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

function parseRecords(text: string, file: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let [cells, cell, line, startLine]: [string[], string, number, number] = [[], "", 1, 1];
  let isQuoted = false;
  const endRecord = (): void => {
    cells.push(cell);
    // pandas skips lines without anything in them.
    if (cells.length > 1 || cells[0] !== "") records.push({ cells, line: startLine });
    [cells, cell] = [[], ""];
  };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === "\n") line += 1;
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[++at]!;
      else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === ",") {
      cells.push(cell);
      cell = "";
    } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[at + 1] === "\n") line += Number(text[++at] === "\n");
      endRecord();
      startLine = line;
    } else cell += letter;
  }
  if (isQuoted) throw new MusterError("badData", `${file}, line ${startLine}: a quote is opened and never closed`);
  if (cell !== "" || cells.length > 0) endRecord();
  return records;
}

function typeColumn(cells: readonly string[]): PythonValue[] {
  const present = cells.filter((cell) => !MISSING.has(cell));
  const isMissing = present.length < cells.length;
  const read = (convert: (cell: string) => PythonValue): PythonValue[] =>
    cells.map((cell) => (MISSING.has(cell) ? null : convert(cell)));
  if (present.length === 0) return read(() => null);
  if (present.every((cell) => INTEGER.test(cell))) {
    // pandas has no missing integers: such a column holds floats.
    return read(isMissing ? (cell) => makeFloat(Number(cell)) : (cell) => makeInt(BigInt(cell.trim())));
  }
  if (present.every((cell) => FLOAT.test(cell))) return read((cell) => makeFloat(toNumber(cell)));
  if (present.every((cell) => TRUTH.has(cell))) return read((cell) => TRUTH.get(cell)!);
  return read((cell) => cell);
}

function toNumber(cell: string): number {
  const text = cell.trim().toLowerCase();
  return /inf/.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}
