import { resolve } from "node:path";
import { cacheFolder } from "../../base/node/folders.ts";
import {
  type Coverage,
  countVerdicts,
  type HeadlineCoverage,
  type JudgedTask,
  measureCoverage,
} from "../../frontend/inspection/coverage.ts";
import type { Command } from "../commands.ts";
import { formatCount, formatShare } from "../quantities.ts";
import { clip, terminalWidth } from "../terminal.ts";
import { textTable } from "../text-table.ts";

const SHOWN_REASONS = 15;
const SHOWN_HELPERS = 2;
const KINDS = { native: "native", bridge: "needs the bridge", refused: "refused" } as const;

const tasksCoverage: Command = async ({ options }) => {
  const includePaths = options.includePaths.map((path) => resolve(path));
  const coverage = await measureCoverage({ includePaths, cacheFolder: cacheFolder() });
  process.stdout.write(options.json ? `${JSON.stringify(coverageJson(coverage))}\n` : coverageText(coverage));
  return 0;
};
export default tasksCoverage;

function coverageJson({ tasks, counts, reasons, headline }: Coverage): object {
  const named = headline.map((part) => {
    const { reason = null, helper = null } = firstNotNative(part) ?? {};
    return { name: part.name, tasks: part.tasks.length, ...countVerdicts(part.tasks), reason, helper };
  });
  const notNative = tasks.filter(({ kind }) => kind !== "native");
  return { tasks: tasks.length, counts, reasons, headline: named, notNative };
}

function firstNotNative({ tasks }: HeadlineCoverage): JudgedTask | undefined {
  return tasks.find(({ kind }) => kind !== "native");
}

function coverageText({ tasks, counts, reasons, headline }: Coverage): string {
  const kinds = Object.entries(KINDS).map(([kind, words]) => {
    const count = counts[kind as keyof typeof KINDS];
    return [words, formatCount(count), formatShare(count / tasks.length)];
  });
  const lines = [
    ...textTable(columns("Tasks", "Count>", "Share>"), [...kinds, ["all", formatCount(tasks.length), ""]]),
    "",
    ...textTable(columns("Reason", "Kind", "Tasks>", "Python function", "For example"), reasonRows(reasons)),
    ...(reasons.length > SHOWN_REASONS ? [`and ${reasons.length - SHOWN_REASONS} more reasons (--json)`] : []),
    "",
    ...textTable(columns("Well known", "Native>", "Of>", "Why not"), headline.map(headlineRow)),
  ];
  const width = process.stdout.isTTY ? terminalWidth(process.stdout) : Infinity;
  return lines.map((line) => `${clip(line, width)}\n`).join("");
}

function reasonRows(reasons: Coverage["reasons"]): string[][] {
  return reasons.slice(0, SHOWN_REASONS).map(({ reason, kind, tasks, helpers, example }) => {
    const rest = helpers.length > SHOWN_HELPERS ? ` and ${helpers.length - SHOWN_HELPERS} more` : "";
    return [reason, kind, formatCount(tasks), helpers.slice(0, SHOWN_HELPERS).join(", ") + rest, example];
  });
}

function headlineRow(part: HeadlineCoverage): string[] {
  const first = firstNotNative(part);
  const counts = [part.name, formatCount(countVerdicts(part.tasks).native), formatCount(part.tasks.length)];
  if (first === undefined) return [...counts, ""];
  return [...counts, `${KINDS[first.kind]}: ${first.reason}${first.helper === null ? "" : ` (${first.helper})`}`];
}

function columns(...titles: readonly string[]) {
  return titles.map((title) => ({
    title: title.replace(">", ""),
    align: title.endsWith(">") ? ("right" as const) : ("left" as const),
  }));
}
