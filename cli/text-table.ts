import { printable } from "./terminal.ts";

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Lines of a table: the titles, a rule, then the rows; two spaces between columns. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = columns.map(({ title }, position) =>
    cells.reduce((width, row) => Math.max(width, lengthOf(row[position]!)), title.length),
  );
  const line = (parts: readonly string[]): string =>
    parts
      .map((part, position) => {
        const space = " ".repeat(widths[position]! - lengthOf(part));
        return columns[position]!.align === "right" ? space + part : part + space;
      })
      .join("  ")
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => "─".repeat(width)).join("  "),
    ...cells.map(line),
  ];
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
