import { createHash, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { isDiskFull } from "../../../base/node/disk-full.ts";
import { ZSTD_OPTIONS } from "../../../base/node/zstd-options.ts";
import { MusterError } from "../../../base/muster-error.ts";
import type { BlobFolder } from "../../ports/blob-folder.ts";
import type { BlobStore, Leftovers } from "../../ports/blob-store.ts";
import { BlobWrites } from "./blob-writes.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const DIGEST = /^[0-9a-f]{64}$/;

/** Where a blob lies: two levels, so that no folder grows without bound. */
export function blobPath(folder: string, digest: string): string {
  if (!DIGEST.test(digest)) throw new MusterError("badData", `${JSON.stringify(digest.slice(0, 80))} is not a digest`);
  return join(folder, digest.slice(0, 2), `${digest}.zst`);
}

/** Reads one blob. Throws `notFound` where there is none and `badData` where its bytes do not have its digest. */
export async function readBlob(folder: string, digest: string): Promise<Uint8Array> {
  const path = blobPath(folder, digest);
  let stored: Buffer;
  try {
    stored = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new MusterError("notFound", `blob ${digest} is not in ${folder}`);
  }
  const bytes = await decompress(stored).catch((error: unknown) => {
    throw damaged(path, error);
  });
  if (createHash("sha256").update(bytes).digest("hex") !== digest) throw damaged(path, null);
  return bytes;
}

function damaged(path: string, cause: unknown): MusterError {
  return new MusterError("badData", `blob ${path} is damaged: its bytes are not those that were stored`, { cause });
}

/** Content-addressed files, compressed with zstd, durable before `put` resolves. */
export class FolderBlobStore implements BlobStore, BlobFolder {
  readonly path: string;
  /** In the names of its unfinished files; of a digest there is one at a time. */
  readonly #life = randomUUID();
  readonly #writes = new BlobWrites((digest, bytes) => this.#write(digest, bytes));
  readonly #folders = new Map<string, Promise<void>>();

  constructor(path: string) {
    this.path = path;
  }

  put(bytes: Uint8Array): Promise<string> {
    return this.#writes.put(bytes);
  }

  get(digest: string): Promise<Uint8Array> {
    return readBlob(this.path, digest);
  }

  /** Nothing else has any. */
  async hold(): Promise<void> {}

  async leftovers(): Promise<Leftovers> {
    const leftovers = await this.#writes.leftoversOf(this.#listBlobs());
    return {
      digests: [...leftovers],
      remove: async (digest) => {
        // Without a pause: between the question and the removal nobody can put it.
        if (!leftovers.delete(digest)) return false;
        rmSync(blobPath(this.path, digest), { force: true });
        return true;
      },
    };
  }

  close(): Promise<void> {
    return this.#writes.settled();
  }

  /** The digests of all files, without those that a crash left unfinished: they have no name that anybody knows. */
  async #listBlobs(): Promise<readonly string[]> {
    const digests: string[] = [];
    for (const name of await listFiles(this.path)) {
      const digest = /^..[/\\]([0-9a-f]{64})\.zst$/.exec(name)?.[1];
      if (digest !== undefined) digests.push(digest);
      else if (name.endsWith(".partial") && !name.includes(this.#life)) rmSync(join(this.path, name), { force: true });
    }
    return digests;
  }

  async #write(digest: string, bytes: Uint8Array): Promise<void> {
    const path = blobPath(this.path, digest);
    const parent = join(this.path, digest.slice(0, 2));
    await this.#makeFolder(parent);
    const partial = `${path}.${this.#life}.partial`;
    try {
      const file = await open(partial, "wx");
      try {
        await file.writeFile(await compress(bytes, ZSTD_OPTIONS));
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
      await syncFolder(parent);
    } catch (error) {
      await rm(partial, { force: true });
      if (!isDiskFull(error)) throw error;
      throw new MusterError("noSpace", `no space to store ${bytes.length} bytes in ${this.path}`, {
        wayOut: "Free some space on its disk; what was acknowledged is safe.",
        cause: error,
      });
    }
  }

  #makeFolder(path: string): Promise<void> {
    let made = this.#folders.get(path);
    if (made === undefined) {
      made = mkdir(path, { recursive: true }).then(() => syncFolder(this.path));
      this.#folders.set(path, made);
      made.catch(() => this.#folders.delete(path));
    }
    return made;
  }
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
