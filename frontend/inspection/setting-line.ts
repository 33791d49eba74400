import type { TaskFiles } from "../../evaluation/harness/task/load-config.ts";

/** A line of a file, from 1. */
export interface FileLine {
  readonly file: string;
  readonly line: number;
}

const KEY = /^(\s*)(?:- )?["']?([A-Za-z_]\w*)["']?\s*:/;

/**
 * Where a task file, or what it includes, sets a setting (`metric_list`, `fewshot_config.samples`); null where nothing
 * does. The file itself wins over its includes, as its settings do.
 */
export function findSettingLine(file: string, setting: string, files: TaskFiles): FileLine | null {
  return search(file, setting.split("."), files, new Set());
}

function search(file: string, path: readonly string[], files: TaskFiles, seen: Set<string>): FileLine | null {
  const text = seen.has(file) ? null : files.readText(file);
  if (text === null) return null;
  seen.add(file);
  const lines = text.split("\n");
  const line = findPath(lines, path);
  if (line !== null) return { file, line };
  // Later includes win over earlier ones.
  for (const include of includesOf(lines).toReversed()) {
    const found = search(files.resolveBeside(file, include), path, files, seen);
    if (found !== null) return found;
  }
  return null;
}

/** The line of the innermost key that is there; the outermost must be. */
function findPath(lines: readonly string[], path: readonly string[]): number | null {
  let found: number | null = null;
  let [from, indent] = [0, -1];
  for (const key of path) {
    const at = findKey(lines, key, { from, indent });
    if (at === null) break;
    found = at + 1;
    from = at + 1;
    indent = lines[at]!.length - lines[at]!.trimStart().length;
  }
  return found;
}

function findKey(
  lines: readonly string[],
  key: string,
  { from, indent }: { readonly from: number; readonly indent: number },
): number | null {
  for (let at = from; at < lines.length; at++) {
    const match = KEY.exec(lines[at]!);
    if (match === null) continue;
    const column = match[1]!.length;
    if (column <= indent) return null;
    if (match[2] === key && (indent >= 0 || column === 0)) return at;
  }
  return null;
}

function includesOf(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => /^["']?include["']?\s*:/.test(line));
  if (start < 0) return [];
  const rest = lines[start]!.replace(/^[^:]*:/, "").trim();
  if (rest !== "")
    return rest
      .replaceAll(/^\[|\]$|["']/g, "")
      .split(",")
      .map((part) => part.trim());
  const items = lines.slice(start + 1);
  const end = items.findIndex((line) => !/^\s*- /.test(line));
  return items.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .replace(/^\s*- /, "")
      .replaceAll(/["']/g, "")
      .trim(),
  );
}
