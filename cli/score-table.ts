import { type ScoreTableRow, scoreTable } from "../evaluation/report/score-table.ts";
import { formatCount } from "./quantities.ts";
import { type Column, textTable } from "./text-table.ts";

const COLUMNS: readonly Column[] = [
  { title: "Task", align: "left" },
  { title: "Metric", align: "left" },
  { title: "Filter", align: "left" },
  { title: "Value", align: "right" },
  { title: "± Error", align: "right" },
  { title: "Shots", align: "right" },
  { title: "Samples", align: "right" },
];

/** The rows of a run's results; empty where it has none. */
export function readScores(resultsJson: Uint8Array): readonly ScoreTableRow[] {
  return resultsJson.length === 0 ? [] : scoreTable(new TextDecoder().decode(resultsJson));
}

/** The score table's lines: groups with their members below, each with its standard error. */
export function formatScores(rows: readonly ScoreTableRow[]): string[] {
  let before = "";
  const cells = rows.map((row) => {
    const isSame = row.task === before;
    before = row.task;
    const name = "  ".repeat(row.depth) + row.alias.replace(/^\s*-\s*/, "");
    return [
      isSame ? "" : name,
      // An arrow says which way is better.
      row.metric + (row.isHigherBetter === null ? "" : row.isHigherBetter ? " ↑" : " ↓"),
      row.filter,
      formatScore(row.value),
      row.standardError === null ? "" : formatScore(row.standardError),
      isSame || row.shots === null ? "" : String(row.shots),
      isSame || row.samples === 0 ? "" : formatCount(row.samples),
    ];
  });
  // A column that says nothing is left out: most tasks have no named filter.
  const shown = COLUMNS.map((_, position) => position !== 2 || rows.some((row) => row.filter !== "none"));
  const keep = <T>(parts: readonly T[]): T[] => parts.filter((_, position) => shown[position]);
  return textTable(keep(COLUMNS), cells.map(keep));
}

/** Four digits after the point, as the harness prints them. */
export function formatScore(value: number): string {
  return value.toFixed(4);
}
