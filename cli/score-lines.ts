import { scoreTable } from "../evaluation/report/score-table.ts";
import { columns, count } from "./format.ts";
import { painter, printable } from "./terminal.ts";

/** The score table of a run as lines for a stream. */
export function scoreLines(resultsJson: string, stream: NodeJS.WriteStream): string[] {
  const paint = painter(stream);
  const rows = scoreTable(resultsJson).map((row) => [
    `${"  ".repeat(row.depth)}${printable(row.alias)}`,
    row.shots === null ? "" : String(row.shots),
    printable(row.filter),
    printable(row.metric),
    row.value.toFixed(4),
    row.standardError === null ? "" : `± ${row.standardError.toFixed(4)}`,
    count(row.samples),
  ]);
  const [head, ...lines] = columns(
    [["task", "shots", "filter", "metric", "value", "stderr", "samples"], ...rows],
    new Set([1, 4, 6]),
  );
  return [paint("bold", head!), ...lines];
}
