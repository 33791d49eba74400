// Objects of NATS's object store, as its clients read them: chunks under a name of their own, then a message that makes
// them the object. The client's own `put` takes the chunks back when the answer to that message is lost, though it may
// have arrived; here it is asked until it is known. Its `delete` removes what another process has just put again; here
// both compare the message's revision.
import { createHash } from "node:crypto";
import { JsHeaders } from "@nats-io/jetstream";
import { Base64UrlPaddedCodec, Objm } from "@nats-io/obj";
import { headers, nuid } from "@nats-io/transport-node";
import { MusterError } from "../../../base/muster-error.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { askPatiently, Patience, silent, troubleOf } from "./passing-trouble.ts";
import { lastSequence } from "./stream-messages.ts";

const CHUNK_BYTES = 128 << 10;

interface Meta {
  readonly name: string;
  readonly bucket: string;
  /** Names its chunks. */
  readonly nuid: string;
  readonly size: number;
  readonly chunks: number;
  readonly digest: string;
  readonly deleted?: boolean;
}

interface FoundMeta {
  readonly meta: Meta;
  readonly revision: number;
}

/** The objects of one bucket. */
export class NatsObjects {
  readonly #connection: NatsConnection;
  readonly #bucket: string;
  readonly #stream: string;

  constructor(connection: NatsConnection, bucket: string) {
    this.#connection = connection;
    this.#bucket = bucket;
    this.#stream = `OBJ_${bucket}`;
  }

  /** The names of all objects, and the number of the stream's last message before they were listed. */
  async list(): Promise<{ readonly names: readonly string[]; readonly sequence: number }> {
    const sequence = await lastSequence({ connection: this.#connection, name: this.#stream });
    const objects = await askPatiently(this.#stream, async () =>
      (await new Objm(this.#connection.jetstream).open(this.#bucket, false)).list(),
    );
    return { names: objects.map(({ name }) => name), sequence };
  }

  /** An object's bytes; null where there is none. Throws `badData` where a part of it is not there. */
  async read(name: string): Promise<Uint8Array | null> {
    const found = await this.#find(name);
    if (found === null || found.meta.deleted === true) return null;
    const chunks: Uint8Array[] = [];
    const subject = this.#chunkSubject(found.meta.nuid);
    for (let next = 1; chunks.length < found.meta.chunks;) {
      const query = { seq: next, next_by_subj: subject };
      const chunk = await askPatiently(this.#stream, () =>
        this.#connection.manager.streams.getMessage(this.#stream, query),
      );
      if (chunk === null) {
        const what = `${chunks.length} of ${found.meta.chunks} chunks are there`;
        throw new MusterError("badData", `object ${name} in bucket ${this.#bucket} is damaged: ${what}`);
      }
      chunks.push(chunk.data);
      next = chunk.seq + 1;
    }
    return Buffer.concat(chunks);
  }

  /** Gives an object a new revision, so that nobody who looked before removes it; false where there is none. */
  async touch(name: string): Promise<boolean> {
    for (const patience = new Patience(); ;) {
      const found = await this.#find(name);
      if (found === null || found.meta.deleted === true) return false;
      if ((await this.#publishMeta(found.meta, found.revision)) === "done") return true;
      if (!(await patience.wait())) throw silent(this.#stream, "it cannot be touched");
    }
  }

  /** Writes an object where there is none. Throws `noSpace`, `connection`. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const id = nuid.next();
    const chunks = await this.#writeChunks(id, bytes);
    const digest = `SHA-256=${createHash("sha256").update(bytes).digest("base64url")}=`;
    const meta = { name, bucket: this.#bucket, nuid: id, size: bytes.length, chunks, digest };
    for (const patience = new Patience(); ;) {
      const found = await this.#find(name);
      if (found?.meta.nuid === id) return;
      if (found !== null && found.meta.deleted !== true) {
        // Somebody else put the same, and it may be that he did so before it was listed as garbage.
        if (!(await this.touch(name))) continue;
        await this.#purge(id);
        return;
      }
      if ((await this.#publishMeta(meta, found?.revision ?? 0)) === "done") return;
      if (!(await patience.wait())) throw silent(this.#stream, `object ${name} may be there or not`);
    }
  }

  /** Removes an object that was not touched since the stream ended at `sequence`; false where it was. */
  async removeUnchanged(name: string, sequence: number): Promise<boolean> {
    for (const patience = new Patience(); ;) {
      const found = await this.#find(name);
      if (found === null || found.meta.deleted === true || found.revision > sequence) return false;
      const marker = { ...found.meta, size: 0, chunks: 0, digest: "", deleted: true };
      if ((await this.#publishMeta(marker, found.revision)) === "done") {
        await this.#purge(found.meta.nuid);
        return true;
      }
      if (!(await patience.wait())) return false;
    }
  }

  async #find(name: string): Promise<FoundMeta | null> {
    const query = { last_by_subj: this.#metaSubject(name) };
    const message = await askPatiently(this.#stream, () =>
      this.#connection.manager.streams.getMessage(this.#stream, query),
    );
    return message === null ? null : { meta: message.json<Meta>(), revision: message.seq };
  }

  /** Writes a message about an object in the place of that with the revision; else, or where no answer came, `again`. */
  async #publishMeta(meta: Meta, revision: number): Promise<"done" | "again"> {
    const made = headers();
    made.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
    const content = JSON.stringify({ ...meta, mtime: new Date().toISOString() });
    try {
      const options = { headers: made, expect: { lastSubjectSequence: revision } };
      await this.#connection.jetstream.publish(this.#metaSubject(meta.name), content, options);
      return "done";
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === "noSpace") throw this.#noSpace(meta.size, error);
      if (trouble === "lasting") throw error;
      return "again";
    }
  }

  /** Writes the chunks, each once, in order; returns how many they are. */
  async #writeChunks(id: string, bytes: Uint8Array): Promise<number> {
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
    for (let at = 0; at < chunks; at++) {
      const chunk = bytes.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES);
      try {
        // The server drops what it has: another try cannot write a chunk twice.
        const options = { msgID: `${id}-${at}` };
        await askPatiently(this.#stream, () =>
          this.#connection.jetstream.publish(this.#chunkSubject(id), chunk, options),
        );
      } catch (error) {
        if (troubleOf(error) !== "noSpace") throw error;
        await this.#purge(id);
        throw this.#noSpace(bytes.length, error);
      }
    }
    return chunks;
  }

  /** Chunks that no object has. Where this fails they stay, and do no harm. */
  async #purge(id: string): Promise<void> {
    const filter = this.#chunkSubject(id);
    await this.#connection.manager.streams.purge(this.#stream, { filter }).catch((error: unknown) => {
      if (troubleOf(error) === "lasting") throw error;
    });
  }

  #noSpace(bytes: number, cause: unknown): MusterError {
    return new MusterError("noSpace", `no space to store ${bytes} bytes in bucket ${this.#bucket}`, {
      wayOut: "Give the NATS servers more room (max_file_store, the disk); what was acknowledged is safe.",
      cause,
    });
  }

  #chunkSubject(id: string): string {
    return `$O.${this.#bucket}.C.${id}`;
  }

  #metaSubject(name: string): string {
    return `$O.${this.#bucket}.M.${Base64UrlPaddedCodec.encode(name)}`;
  }
}
