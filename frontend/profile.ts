// Which harness a task file belongs to. The native frontend reproduces one version; files of another run by its rules.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { TaskNode } from "../evaluation/harness/task/task-tree.ts";
import type { OtherVersion } from "../evaluation/plan.ts";

/** The harness and version whose behaviour the native frontend reproduces. */
export const PROFILE = { name: "lm-eval", version: "0.4.13" } as const;

const TREE = `${sep}lm_eval${sep}tasks${sep}`;

/** The tasks whose files come with another version of the harness than the profile's, by version. */
export function findOtherVersions(tasks: readonly TaskNode[]): readonly OtherVersion[] {
  const versionOf = new Map<string, string | null>();
  const names = new Map<string, string[]>();
  for (const { name, file } of tasks) {
    const root = file === null ? null : rootOf(file);
    if (root === null) continue;
    let version = versionOf.get(root);
    if (version === undefined) versionOf.set(root, (version = readVersion(root)));
    if (version === null || version === PROFILE.version) continue;
    const known = names.get(version) ?? [];
    names.set(version, known);
    known.push(name);
  }
  return Array.from(names, ([version, members]) => ({ version, tasks: members }));
}

/** What a person is told of such tasks. */
export function describeOtherVersion({ version, tasks }: OtherVersion): string {
  const [first, ...rest] = tasks;
  const which = rest.length === 0 ? `The task ${first} is` : `${tasks.length} tasks (${first}, …) are`;
  const { name, version: own } = PROFILE;
  return `${which} of ${name} ${version}, and this Muster reproduces ${name} ${own}: scores are those of ${own}'s rules.`;
}

/** The folder that holds the `lm_eval` package of a task file, or null for files of one's own. */
function rootOf(file: string): string | null {
  const path = existsSync(file) ? realpathSync.native(file) : file;
  const at = path.lastIndexOf(TREE);
  return at < 0 ? null : path.slice(0, at);
}

/** The version of a package folder: as `muster tasks install`, pip or a checkout wrote it down; null where none did. */
function readVersion(root: string): string | null {
  const installed = join(root, "wheel.json");
  if (existsSync(installed)) return (JSON.parse(readFileSync(installed, "utf8")) as { version: string }).version;
  for (const name of readdirSync(root)) {
    const version = /^lm_eval-(.+)\.(?:dist|egg)-info$/.exec(name)?.[1];
    if (version !== undefined) return version;
  }
  return readProject(join(root, "pyproject.toml")) ?? readProject(join(dirname(root), "pyproject.toml"));
}

function readProject(file: string): string | null {
  if (!existsSync(file)) return null;
  const text = readFileSync(file, "utf8");
  if (!/^name\s*=\s*["']lm[_-]eval["']/m.test(text)) return null;
  return /^version\s*=\s*["']([^"']+)["']/m.exec(text)?.[1] ?? null;
}
