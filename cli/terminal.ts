import { stripVTControlCharacters, styleText } from "node:util";

/** How much a terminal is assumed to show where it does not say. */
const WIDTH_DEFAULT = 80;

/** Text of models, tasks and servers as it may go to a terminal: without escape sequences and control characters. */
export function printable(text: string): string {
  // Bidirectional overrides can make a line read as something else, so they go too.
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, " ");
}

/** Columns of a stream's terminal. */
export function terminalWidth(stream: NodeJS.WriteStream): number {
  return stream.isTTY && stream.columns > 20 ? stream.columns : WIDTH_DEFAULT;
}

/** A style by what it means. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** Paints text for one stream; leaves it plain where the stream is no terminal or NO_COLOR is set. */
export function painter(stream: NodeJS.WriteStream): (style: Style, text: string) => string {
  const plain = !stream.isTTY || (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return plain ? (_style, text) => text : (style, text) => styleText(style, text, { validateStream: false });
}

/** Cuts text to a width, with an ellipsis where something is lost. */
export function clip(text: string, width: number): string {
  const letters = Array.from(text);
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
