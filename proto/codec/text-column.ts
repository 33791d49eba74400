import { create } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import { type TextColumn, TextColumnSchema } from "../gen/muster/v1/columns_pb.js";
import { toBytes, uint32Column } from "./typed-columns.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Texts → one UTF-8 blob with offsets. Lone surrogates become U+FFFD, as everywhere on the wire. */
export function encodeTexts(texts: readonly string[]): TextColumn {
  const parts: Uint8Array[] = [];
  const offsets = new Uint32Array(texts.length + 1);
  let length = 0;
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!;
    if (text !== "") {
      const bytes = encoder.encode(text);
      parts.push(bytes);
      length += bytes.length;
    }
    offsets[row + 1] = length;
  }
  const utf8 = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    utf8.set(part, at);
    at += part.length;
  }
  return create(TextColumnSchema, { utf8, offsets: toBytes(offsets) });
}

/** Read access to a text column; rows are decoded when asked for. */
export interface TextRows {
  readonly count: number;
  text(row: number): string;
  bytes(row: number): Uint8Array;
}

/** Checks a text column against the row count that its message claims. Throws `badData` where they disagree. */
export function readTexts(column: TextColumn | undefined, count: number, name: string): TextRows {
  if (column === undefined) throw new MusterError("badData", `message without its text column ${name}`);
  const offsets = uint32Column(column.offsets, count + 1, `${name}.offsets`);
  const { utf8 } = column;
  if (offsets[0] !== 0 || offsets[count] !== utf8.length) {
    throw new MusterError("badData", `column ${name}: offsets do not cover its ${utf8.length} bytes`);
  }
  for (let row = 0; row < count; row++) {
    if (offsets[row]! > offsets[row + 1]!) throw new MusterError("badData", `column ${name}: offset ${row} goes back`);
  }
  const bytes = (row: number): Uint8Array => utf8.subarray(offsets[row], offsets[row + 1]);
  return { count, bytes, text: (row) => (offsets[row] === offsets[row + 1] ? "" : decoder.decode(bytes(row))) };
}

/** The chosen rows of a column, in the order given, without decoding a text. */
export function selectTexts(rows: TextRows, chosen: readonly number[] | Uint32Array): TextColumn {
  const offsets = new Uint32Array(chosen.length + 1);
  let length = 0;
  chosen.forEach((row, position) => {
    length += rows.bytes(row).length;
    offsets[position + 1] = length;
  });
  const utf8 = new Uint8Array(length);
  chosen.forEach((row, position) => utf8.set(rows.bytes(row), offsets[position]));
  return create(TextColumnSchema, { utf8, offsets: toBytes(offsets) });
}
