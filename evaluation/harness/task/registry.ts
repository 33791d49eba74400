// Which names there are (`tasks/_index.py`): of each root's files in order of path the first of a name counts, a later
// root's name replaces an earlier root's, and tags collect the tasks that carry them.

/** What a file says of itself, its includes merged. */
export interface TaskFileSummary {
  readonly file: string;
  readonly kind: "task" | "python" | "group";
  readonly name: string;
  readonly tags: readonly string[];
}

/** What a name stands for. */
export interface RegistryEntry {
  readonly name: string;
  /** `python`: a task that is a Python class. */
  readonly kind: "task" | "python" | "group" | "tag";
  /** Null for tags. */
  readonly file: string | null;
  /** Of a tag: its tasks. */
  readonly members: ReadonlySet<string>;
  /** Other files that give the same name and do not count. */
  readonly passedOver: readonly string[];
}

/** All names of the roots, each given as its files' summaries in order of path. */
export function buildRegistry(roots: readonly (readonly TaskFileSummary[])[]): ReadonlyMap<string, RegistryEntry> {
  const registry = new Map<string, RegistryEntry>();
  for (const root of roots) {
    for (const [name, entry] of rootEntries(root)) {
      const earlier = registry.get(name);
      const files = earlier === undefined || earlier.file === null ? [] : [earlier.file, ...earlier.passedOver];
      registry.set(name, files.length === 0 ? entry : { ...entry, passedOver: [...entry.passedOver, ...files] });
    }
  }
  return registry;
}

function rootEntries(root: readonly TaskFileSummary[]): Map<string, RegistryEntry> {
  const entries = new Map<string, RegistryEntry & { readonly members: Set<string>; readonly passedOver: string[] }>();
  for (const { file, kind, name, tags } of root) {
    const known = entries.get(name);
    if (known !== undefined) {
      known.passedOver.push(file);
      continue;
    }
    entries.set(name, { name, kind, file, members: new Set(), passedOver: [] });
    if (kind === "group") continue;
    for (const tag of tags) {
      const entry = entries.get(tag) ?? {
        name: tag,
        kind: "tag",
        file: null,
        members: new Set<string>(),
        passedOver: [],
      };
      entries.set(tag, entry);
      entry.members.add(name);
    }
  }
  return entries;
}
