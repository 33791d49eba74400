import { readFileSync } from "node:fs";
import { MusterError } from "../../base/muster-error.ts";
import { parsePythonJson } from "../../evaluation/harness/python/json-parse.ts";
import { isDict, isList, type PythonDict } from "../../evaluation/harness/python/value.ts";
import { conformRows } from "./column-types.ts";
import { readCsv } from "./read-csv.ts";
import { readParquet } from "./read-parquet.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** A file's bytes. Throws `badData` naming the file where it is not there. */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new MusterError(
      "badData",
      `the data file ${file} cannot be read: ${code === "ENOENT" ? "it is not there" : message}`,
      {
        wayOut: "Check the path in the dataset map, or in the task's data_files.",
        cause: error,
      },
    );
  }
}

/** The rows of a data file, by the ending of its name: JSON lines, JSON, CSV or Parquet. Throws `badData` naming file and line. */
export async function readRows(file: string, bytes: Buffer): Promise<PythonDict[]> {
  if (file.endsWith(".parquet")) return readParquet(file, bytes);
  const text = decode(file, bytes);
  if (file.endsWith(".csv")) return conformRows(readCsv(text, file), file);
  const start = text.trimStart();
  return conformRows(start.startsWith("[") ? readJsonArray(text, file) : readJsonLines(text, file), file);
}

function decode(file: string, bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new MusterError("badData", `the data file ${file} is not UTF-8 text`, { wayOut: "Convert it to UTF-8." });
  }
}

function readJsonLines(text: string, file: string): PythonDict[] {
  const rows: PythonDict[] = [];
  text.split("\n").forEach((line, position) => {
    if (line.trim() === "") return;
    const value = parse(line, `${file}, line ${position + 1}`);
    if (!isDict(value)) throw new MusterError("badData", `${file}, line ${position + 1}: a row must be a JSON object`);
    rows.push(value);
  });
  return rows;
}

function readJsonArray(text: string, file: string): PythonDict[] {
  const value = parse(text, file);
  if (!isList(value)) throw new MusterError("badData", `${file}: a list of JSON objects is expected`);
  return value.map((row, position) => {
    if (!isDict(row)) throw new MusterError("badData", `${file}, row ${position + 1}: a row must be a JSON object`);
    return row;
  });
}

function parse(text: string, place: string): ReturnType<typeof parsePythonJson> {
  try {
    return parsePythonJson(text);
  } catch (error) {
    throw new MusterError("badData", `${place}: ${(error as Error).message}`, {
      wayOut: "Is the file whole? A torn last line means that its copying broke off.",
      cause: error,
    });
  }
}
