import type { Journal, JournalStore } from "../../ports/journal.ts";
import { checkJournalName } from "../journals/frame-hash.ts";
import { makeKeepingStream } from "./made-stream.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { NatsJournal } from "./nats-journal.ts";
import { askPatiently, isNoStream } from "./passing-trouble.ts";

/** Journals as JetStream streams, one each. Closing it leaves the connection open. */
export class NatsJournalStore implements JournalStore {
  readonly #connection: NatsConnection;
  readonly #bytesMax: number;
  readonly #closing = new AbortController();

  /** `bytesMax`: how large a journal may become (default: what the servers hold). */
  constructor(connection: NatsConnection, { bytesMax = -1 }: { readonly bytesMax?: number } = {}) {
    this.#connection = connection;
    this.#bytesMax = bytesMax;
  }

  /** Throws `unsupported` where the stream is there with settings that could lose a frame. */
  async open(name: string): Promise<Journal> {
    checkJournalName(name);
    const [stream, subject] = [this.#streamOf(name), this.#subjectOf(name)];
    await makeKeepingStream(this.#connection, stream, subject, this.#bytesMax);
    return new NatsJournal({ connection: this.#connection, name: stream }, subject, this.#closing.signal);
  }

  async list(): Promise<readonly string[]> {
    const first = this.#streamOf("");
    return askPatiently("the list of streams", async () => {
      const names: string[] = [];
      for await (const name of this.#connection.manager.streams.names(this.#subjectOf("*"))) {
        if (name.startsWith(first)) names.push(name.slice(first.length));
      }
      return names.toSorted();
    });
  }

  async remove(name: string): Promise<void> {
    checkJournalName(name);
    const stream = this.#streamOf(name);
    await askPatiently(`stream ${stream}`, async () => {
      try {
        await this.#connection.manager.streams.delete(stream);
      } catch (error) {
        if (!isNoStream(error)) throw error;
      }
    });
  }

  /** Ends what is watched. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  #streamOf(name: string): string {
    return `${this.#connection.options.cluster}_journal_${name}`;
  }

  #subjectOf(name: string): string {
    return `${this.#connection.options.cluster}.journal.${name}`;
  }
}
