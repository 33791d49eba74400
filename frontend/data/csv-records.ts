import { MusterError } from "../../base/muster-error.ts";
import { decodeText } from "./decode-text.ts";

/** One record: its fields, and the line it begins on. */
export interface CsvRecord {
  readonly fields: string[];
  readonly line: number;
}

/**
 * Splits CSV into records as pandas' C parser does: a quote opens a quoted field only at its start, "" in it is one
 * quote, text after the closing quote belongs to the field, blank lines are skipped. Throws `badData`.
 */
export function* splitCsv(bytes: Buffer, file: string, separator: string): Generator<CsvRecord> {
  const text = decodeText(bytes, file);
  let [position, line] = [0, 1];
  while (position < text.length) {
    const start = line;
    const fields: string[] = [];
    let isBlank = true;
    for (;;) {
      const field = readField(text, position, separator);
      if (field === null) throw unclosed(file, start);
      if (field.wasQuoted || field.text.trim() !== "") isBlank = false;
      fields.push(field.text);
      line += field.breaks;
      position = field.end;
      if (text[position] !== separator) break;
      isBlank = false;
      position += 1;
    }
    if (text[position] === "\r" && text[position + 1] === "\n") position += 1;
    position += 1;
    line += 1;
    if (!isBlank) yield { fields, line: start };
  }
}

interface Field {
  readonly text: string;
  readonly wasQuoted: boolean;
  /** Position of the separator or line break after it. */
  readonly end: number;
  /** Line breaks within it. */
  readonly breaks: number;
}

function readField(text: string, start: number, separator: string): Field | null {
  let position = start;
  let quoted = "";
  const wasQuoted = text[start] === '"';
  if (wasQuoted) {
    position += 1;
    for (;;) {
      const quote = text.indexOf('"', position);
      if (quote === -1) return null;
      quoted += text.slice(position, quote);
      position = quote + 1;
      if (text[position] !== '"') break;
      quoted += '"';
      position += 1;
    }
  }
  let end = position;
  while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end += 1;
  const breaks = quoted.length === 0 ? 0 : quoted.split("\n").length - 1;
  return { text: quoted + text.slice(position, end), wasQuoted, end, breaks };
}

function unclosed(file: string, line: number): MusterError {
  return new MusterError("badData", `${file}, line ${line}: a quoted field does not end, so the file may be cut off`, {
    wayOut: "Get the file again, or close the quote.",
  });
}
