// Which tasks, groups and tags there are on this machine, and what the names on a command line mean.
import { existsSync, globSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { nearMatches } from "../base/near-matches.ts";
import { buildRegistry, type RegistryEntry, type TaskFileSummary } from "../evaluation/harness/task/registry.ts";
import { matchesPattern } from "./match-pattern.ts";
import type { FileNames } from "./scan-task-file.ts";
import { PROFILE } from "./profile.ts";
import { listYamlFiles, ScanCache } from "./scan-cache.ts";
import { besideFile } from "./task-files.ts";

/** Where `muster tasks install` puts the harness's task files, below the cache folder. */
const INSTALLED_TREE = join("tasks", `${PROFILE.name}-${PROFILE.version}`, "lm_eval", "tasks");

/** Where tasks are looked for. */
export interface TaskPlaces {
  /** Folders searched besides the installed harness; what they define wins. */
  readonly includePaths: readonly string[];
  readonly cacheFolder: string;
}

/** One name of the index. */
export interface TaskListing {
  readonly name: string;
  readonly kind: "task" | "group" | "tag";
}

/** What a word of `--tasks` stands for: a name of the index, or a file outside it. */
export type TaskSelection =
  | { readonly kind: "entry"; readonly entry: RegistryEntry }
  | { readonly kind: "file"; readonly file: string };

/** A file that cannot be read, and the names that it gives as far as that is known. */
interface FileProblem {
  readonly names: readonly string[];
  readonly message: string;
}

/** The names of all roots. */
export interface TaskIndex {
  readonly registry: ReadonlyMap<string, RegistryEntry>;
  /** Why files of the include paths could not be read. */
  readonly problems: readonly FileProblem[];
  /** Whether the harness's own tasks are among them. */
  readonly hasHarness: boolean;
}

/** Every task, group and tag, sorted by name. */
export function listTasks(places: TaskPlaces): Promise<readonly TaskListing[]> {
  const { registry } = openTaskIndex(places);
  const listings = Array.from(registry.values(), ({ name, kind }): TaskListing => ({
    name,
    kind: kind === "python" ? "task" : kind,
  }));
  return Promise.resolve(listings.sort((left, right) => (left.name < right.name ? -1 : 1)));
}

/** Scans all roots. Throws MusterError for a folder that does not exist. */
export function openTaskIndex(places: TaskPlaces): TaskIndex {
  const harness = join(places.cacheFolder, INSTALLED_TREE);
  const hasHarness = existsSync(harness);
  const problems: FileProblem[] = [];
  const roots = hasHarness ? [scanRoot(harness, places.cacheFolder, [])] : [];
  for (const folder of places.includePaths) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new MusterError("notFound", `The include path ${folder} is not a folder.`, {
        wayOut: "Give --include-path the folder that holds the task YAML files.",
      });
    }
    roots.push(scanRoot(folder, places.cacheFolder, problems));
  }
  return { registry: buildRegistry(roots), problems, hasHarness };
}

function scanRoot(root: string, cacheFolder: string, problems: FileProblem[]): TaskFileSummary[] {
  const cache = new ScanCache(cacheFolder, root);
  const summaries: TaskFileSummary[] = [];
  for (const file of listYamlFiles(root)) {
    const names = mergeIncludes(file, cache, new Set());
    if (names.problem !== undefined) problems.push({ names: namesIn(file, cache), message: names.problem });
    const summary = summarise(file, names);
    if (summary !== undefined) summaries.push(summary);
  }
  cache.save();
  return summaries;
}

/** What a file that cannot be used would be called; the file's own name where its text does not say. */
function namesIn(file: string, cache: ScanCache): readonly string[] {
  const own = cache.namesOf(file);
  const said = [own?.task, own?.group].filter((name) => typeof name === "string");
  return said.length > 0 ? said : [basename(file, ".yaml")];
}

/** A file's names over those of its includes; the harness skips a file whose includes cannot be read. */
function mergeIncludes(file: string, cache: ScanCache, seen: Set<string>): FileNames {
  const own = cache.namesOf(file);
  if (own === null) return { problem: `There is no file ${file}.` };
  if (own.includes === undefined) return own;
  if (seen.has(file)) return { problem: `${file} is included twice: the harness takes that for a cycle.` };
  seen.add(file);
  let merged: FileNames = {};
  for (const include of own.includes) {
    const included = mergeIncludes(besideFile(file, include), cache, seen);
    if (included.problem !== undefined) return { problem: `${file} cannot be used: ${included.problem}` };
    merged = { ...merged, ...included };
  }
  return { ...merged, ...own };
}

function summarise(file: string, names: FileNames): TaskFileSummary | undefined {
  const { task, group, tags = [] } = names;
  if (names.problem !== undefined) return undefined;
  if (names.isClass === true) return typeof task === "string" ? { file, kind: "python", name: task, tags } : undefined;
  if (group !== undefined) return group === null ? undefined : { file, kind: "group", name: group, tags };
  return typeof task === "string" ? { file, kind: "task", name: task, tags } : undefined;
}

/**
 * What the words of `--tasks` select, in order and without repetition: names and patterns as the harness matches them
 * (the matches of one pattern sorted), and paths of YAML files or of folders with them.
 */
export function selectTasks(index: TaskIndex, words: readonly string[]): readonly TaskSelection[] {
  const selections = new Map<string, TaskSelection>();
  let names: readonly string[] | undefined;
  for (const word of words) {
    const exact = index.registry.get(word);
    const isPattern = /[*?[]/.test(word);
    names ??= [...index.registry.keys()].sort();
    const found =
      exact === undefined
        ? selectUnnamed(index, word, { names: isPattern ? names : [], isAlone: words.length === 1 })
        : [entrySelection(exact)];
    if (found.length === 0) throw unknownTask(index, word, names);
    for (const selection of found) {
      selections.set(selection.kind === "file" ? selection.file : selection.entry.name, selection);
    }
  }
  return [...selections.values()];
}

function entrySelection(entry: RegistryEntry): TaskSelection {
  return { kind: "entry", entry };
}

/** The harness takes a word for a folder only where nothing has that name and no other word is given. */
function selectUnnamed(
  index: TaskIndex,
  word: string,
  { names, isAlone }: { readonly names: readonly string[]; readonly isAlone: boolean },
): readonly TaskSelection[] {
  if (word.endsWith(".yaml")) return globSync(word).sort().map(fileSelection);
  if ((isAlone || word.includes("/")) && isFolder(word)) {
    const files = globSync(join(word, "*.yaml")).sort();
    if (files.length > 0) return files.map(fileSelection);
    throw new MusterError("notFound", `The folder ${word} holds no task file (*.yaml).`, {
      wayOut: "Folders within it are searched with --include-path; name the tasks with --tasks then.",
    });
  }
  return names.filter((name) => matchesPattern(name, word)).map((name) => entrySelection(index.registry.get(name)!));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function fileSelection(file: string): TaskSelection {
  return { kind: "file", file: resolve(file) };
}

function unknownTask(index: TaskIndex, word: string, names: readonly string[]): MusterError {
  if (word.endsWith(".yaml")) {
    return new MusterError("notFound", `There is no task file ${word}.`, { wayOut: "Check the path." });
  }
  const broken = index.problems.find((problem) => problem.names.includes(word));
  if (broken !== undefined) {
    return new MusterError("badData", broken.message, {
      wayOut: "The harness passes over such a file without a word; correct it to use its tasks.",
    });
  }
  const near = nearMatches(word, names);
  const [problem] = index.problems;
  const reason = problem === undefined ? "" : ` (${index.problems.length} file not read: ${problem.message})`;
  if (near.length > 0) {
    return new MusterError("notFound", `There is no task, group or tag ${word}${reason}.`, {
      wayOut: `Did you mean ${near.join(" or ")}?`,
    });
  }
  return new MusterError("notFound", `There is no task, group or tag ${word}${reason}.`, {
    wayOut: index.hasHarness
      ? "List the names with: muster tasks list"
      : "Install the harness's tasks with: muster tasks install lm-eval@0.4.13",
  });
}
