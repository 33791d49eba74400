import { createHash } from "node:crypto";
import { assert } from "../../../base/assert.ts";

/** The puts of a blob store: the same content is written once at a time, and a digest that was put is no leftover. */
export class BlobWrites {
  readonly #write: (digest: string, bytes: Uint8Array) => Promise<void>;
  readonly #writing = new Map<string, Promise<void>>();
  /** What was put until it was asked for leftovers. */
  readonly #put = new Set<string>();
  /** What may be garbage: a digest leaves it, for good, in the moment that its content is put again. */
  #leftovers: Set<string> | null = null;

  /** `write` resolves when the bytes are durable. */
  constructor(write: (digest: string, bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves to the bytes' digest once they are durable. */
  async put(bytes: Uint8Array): Promise<string> {
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (this.#leftovers === null) this.#put.add(digest);
    else this.#leftovers.delete(digest);
    let writing = this.#writing.get(digest);
    if (writing === undefined) {
      writing = this.#write(digest, bytes).finally(() => this.#writing.delete(digest));
      this.#writing.set(digest, writing);
    }
    await writing;
    return digest;
  }

  /** Those of `listed` that were not put here: the set loses what is put from now on. Asked for once. */
  async leftoversOf(listed: Promise<Iterable<string>>): Promise<Set<string>> {
    assert(this.#leftovers === null, "leftovers are what an earlier life left");
    // What was put while it was listed is in the set of what was put.
    const leftovers = new Set(Array.from(await listed).filter((digest) => !this.#put.has(digest)));
    this.#leftovers = leftovers;
    this.#put.clear();
    return leftovers;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }
}
