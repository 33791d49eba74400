import { isUtf8 } from "node:buffer";
import { MusterError } from "../../base/muster-error.ts";

const LINE_FEED = 0x0a;

/**
 * The text of a file or of a part of it that begins on `firstLine`; a byte-order mark at its start is no text. Throws
 * `badData` with file and line where the bytes are not UTF-8.
 */
export function decodeText(bytes: Buffer, file: string, firstLine = 1): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const start = firstLine === 1 && bytes.length > 1 ? bytes.readUInt16BE(0) : 0;
    const isWide = start === 0xfeff || start === 0xfffe;
    const place = isWide
      ? `${file} is UTF-16`
      : `${file}, line ${firstLine + linesBeforeBreach(bytes)}: this is not UTF-8`;
    throw new MusterError("badData", `${place} text`, { wayOut: "Convert the file to UTF-8.", cause: error });
  }
}

/** Whole lines that are UTF-8 before the first that is not. */
function linesBeforeBreach(bytes: Buffer): number {
  let [lines, start] = [0, 0];
  for (;;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (feed === -1 || !isUtf8(bytes.subarray(start, end))) return lines;
    lines += 1;
    start = end;
  }
}
