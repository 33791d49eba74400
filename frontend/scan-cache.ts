// What the files of a root say of their names, kept between runs. A file is read again when its size or time changed.
import { makeFolder } from "../base/node/make-folder.ts";
import { MusterError } from "../base/muster-error.ts";
import { createHash } from "node:crypto";
import { readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FileNames, scanTaskFile } from "./scan-task-file.ts";
import { readFileOrNull } from "./task-files.ts";

/** Raise when `FileNames` changes. */
const FORMAT = 1;
const IGNORED_FOLDERS = new Set(["__pycache__", ".ipynb_checkpoints"]);

interface CachedFile {
  readonly size: number;
  readonly mtimeMs: number;
  readonly names: FileNames;
}

/** Scans the files of one root; `save` keeps what was learnt. */
export class ScanCache {
  readonly #cacheFile: string;
  readonly #known: ReadonlyMap<string, CachedFile>;
  readonly #seen = new Map<string, CachedFile | null>();
  #hasNews = false;

  constructor(cacheFolder: string, root: string) {
    const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
    this.#cacheFile = join(cacheFolder, "index", `tasks-${name}.json`);
    this.#known = readCache(this.#cacheFile);
  }

  /** What a file says, or null where there is none. */
  namesOf(file: string): FileNames | null {
    let cached = this.#seen.get(file);
    if (cached === undefined) {
      cached = this.#scan(file);
      this.#seen.set(file, cached);
    }
    return cached?.names ?? null;
  }

  #scan(file: string): CachedFile | null {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile()) return null;
    const { size, mtimeMs } = stats;
    const known = this.#known.get(file);
    if (known !== undefined && known.size === size && known.mtimeMs === mtimeMs) return known;
    const names = readNames(file);
    if (names === null) return null;
    this.#hasNews = true;
    return { size, mtimeMs, names };
  }

  /** Writes what is known now, if it is worth it. A cache that cannot be written costs time, nothing else. */
  save(): void {
    if (!this.#hasNews && this.#seen.size === this.#known.size) return;
    // Files that cannot be read are looked at again each time.
    const files = Array.from(this.#seen).filter(([, cached]) => cached !== null && cached.names.problem === undefined);
    const temporary = `${this.#cacheFile}.${process.pid}`;
    try {
      makeFolder(dirname(this.#cacheFile));
      writeFileSync(temporary, JSON.stringify({ format: FORMAT, files }));
      renameSync(temporary, this.#cacheFile);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
    }
  }
}

function readNames(file: string): FileNames | null {
  try {
    const text = readFileOrNull(file);
    return text === null ? null : scanTaskFile(text, file);
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return { problem: error.message };
  }
}

function readCache(file: string): ReadonlyMap<string, CachedFile> {
  const text = readFileOrNull(file);
  if (text === null) return new Map();
  try {
    const { format, files } = JSON.parse(text) as { format: unknown; files: [string, CachedFile][] };
    return format === FORMAT ? new Map(files) : new Map();
  } catch {
    // A cache cut off by a full disk is made anew.
    return new Map();
  }
}

/** Every `*.yaml` below a folder, in order of path; links to folders are not followed, as in the harness. */
export function listYamlFiles(root: string): readonly string[] {
  const files: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !IGNORED_FOLDERS.has(entry.name)) folders.push(path);
      else if (entry.name.endsWith(".yaml")) files.push(path);
    }
  }
  return files.sort();
}
