// The blobs on the coordinators' disk, and how each life of a coordinator reaches them.
import { createHash } from "node:crypto";
import { MusterError } from "../../base/muster-error.ts";
import type { BlobFolder } from "../../coordinator/ports/blob-folder.ts";
import type { BlobStore, Leftovers } from "../../coordinator/ports/blob-store.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import type { CoordinatorDisk } from "./disks.ts";
import { pause, type ProcessLife } from "./process-life.ts";

/** Slowest everyday write of a file, and read, milliseconds. */
export const WRITE_MAX_MS = 20;
const READ_MAX_MS = 4;

/** What lies on the disk under each digest, damaged or not. */
export class StoredBlobs {
  readonly #bytes = new Map<string, Uint8Array>();
  /** What is damaged, as it was. */
  readonly #damaged = new Map<string, Uint8Array>();
  /** Digests of what ever was damaged. */
  readonly #everDamaged = new Set<string>();

  digests(): readonly string[] {
    return [...this.#bytes.keys()];
  }

  get(digest: string): Uint8Array | undefined {
    return this.#bytes.get(digest);
  }

  put(digest: string, bytes: Uint8Array): void {
    this.#damaged.delete(digest);
    this.#bytes.set(digest, bytes);
  }

  remove(digest: string): void {
    this.#damaged.delete(digest);
    this.#bytes.delete(digest);
  }

  /** Flips a bit of a blob; false where there is none. */
  flipBit(random: SeededRandom): boolean {
    const whole = this.digests().filter((digest) => !this.#damaged.has(digest));
    if (whole.length === 0) return false;
    const digest = random.pick(whole);
    const bytes = this.#bytes.get(digest)!;
    const flipped = Uint8Array.from(bytes);
    flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
    this.#bytes.set(digest, flipped);
    this.#damaged.set(digest, bytes);
    this.#everDamaged.add(digest);
    return true;
  }

  /** An operator brings all that is damaged back from a copy. */
  repair(): void {
    for (const [digest, bytes] of this.#damaged) this.#bytes.set(digest, bytes);
    this.#damaged.clear();
  }

  /** Whether a sentence names something that was damaged. */
  isDamageNamed(sentence: string): boolean {
    return (sentence.match(/[0-9a-f]{64}/g) ?? []).some((digest) => this.#everDamaged.has(digest));
  }
}

/** The blobs as one life of a coordinator reaches them. */
export class LifeBlobs implements BlobStore, BlobFolder {
  readonly path = "";
  readonly #disk: CoordinatorDisk;
  readonly #life: ProcessLife;
  readonly #put = new Set<string>();
  #leftovers: Set<string> | null = null;

  constructor(disk: CoordinatorDisk, life: ProcessLife) {
    this.#disk = disk;
    this.#life = life;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const { blobs, random, trouble } = this.#disk;
    const digest = digestOf(bytes);
    this.#put.add(digest);
    this.#leftovers?.delete(digest);
    await pause(this.#life, random.below(WRITE_MAX_MS) + trouble.slowMs);
    if (trouble.full) throw new MusterError("noSpace", "no space to store a blob");
    blobs.put(digest, Uint8Array.from(bytes));
    return digest;
  }

  async get(digest: string): Promise<Uint8Array> {
    await pause(this.#life, this.#disk.random.below(READ_MAX_MS));
    const bytes = this.#disk.blobs.get(digest);
    if (bytes === undefined) throw new MusterError("notFound", `there is no blob ${digest}`);
    if (digestOf(bytes) !== digest) throw new MusterError("badData", `blob ${digest} is damaged`);
    return bytes;
  }

  async hold(): Promise<void> {}

  async leftovers(): Promise<Leftovers> {
    const { blobs, random } = this.#disk;
    await pause(this.#life, random.below(READ_MAX_MS));
    const leftovers = new Set(blobs.digests().filter((digest) => !this.#put.has(digest)));
    this.#leftovers = leftovers;
    const remove = (digest: string): Promise<boolean> => {
      const isGarbage = leftovers.delete(digest);
      if (isGarbage) blobs.remove(digest);
      return Promise.resolve(isGarbage);
    };
    return { digests: [...leftovers], remove };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
