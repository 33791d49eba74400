import { randomUUID } from "node:crypto";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import { StorageType } from "@nats-io/jetstream";
import { assert } from "../../../base/assert.ts";
import { MusterError } from "../../../base/muster-error.ts";
import type { LeaderLease, LeaseState } from "../../ports/leader-lease.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { askPatiently, troubleOf } from "./passing-trouble.ts";

const KEY = "leader";
/** A revision that no key has. */
const TOO_LATE = Number.MAX_SAFE_INTEGER;
/** How long it stays written that a lease expired. */
const MARKER_MS = 60_000;

/** A key that vanishes unless it is renewed. */
export class NatsLeaderLease implements LeaderLease {
  readonly durationMs: number;
  holder: string | null = null;
  readonly #connection: NatsConnection;
  readonly #bucket: string;
  readonly #keys: KV;
  /** Tells this holder from another of the same name. */
  readonly #token = randomUUID();
  /** The key's revision while it is ours. */
  #revision: number | null = null;
  #value = "";

  /** A lease that ends `durationMs` (whole seconds: the server counts them) after its last renewal. Throws `unsupported`, `connection`. */
  static async open(connection: NatsConnection, durationMs: number): Promise<NatsLeaderLease> {
    assert(durationMs > 0 && durationMs % 1_000 === 0, "a lease lasts whole seconds");
    const bucket = `${connection.options.cluster}_leader`;
    const keys = await askPatiently(`bucket ${bucket}`, () =>
      new Kvm(connection.jetstream).create(bucket, {
        history: 1,
        storage: StorageType.File,
        replicas: connection.options.replicas,
        markerTTL: MARKER_MS,
        allow_direct: false,
      }),
    );
    const { markerTTL } = await askPatiently(`bucket ${bucket}`, () => keys.status());
    if (markerTTL === 0) {
      throw new MusterError(
        "unsupported",
        `stream KV_${bucket} has allow_msg_ttl false: a leader's lease would not end`,
        {
          wayOut: `Remove it (nats kv del ${bucket}); it is made again.`,
        },
      );
    }
    return new NatsLeaderLease(connection, keys, bucket, durationMs);
  }

  private constructor(connection: NatsConnection, keys: KV, bucket: string, durationMs: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#bucket = bucket;
    this.durationMs = durationMs;
  }

  tryAcquire(self: string): Promise<LeaseState> {
    this.#value = JSON.stringify({ leader: self, token: this.#token });
    return this.#ask(() => this.#keys.create(KEY, this.#value, this.#ttl));
  }

  takeFrom(holder: string, self: string): Promise<LeaseState> {
    this.#value = JSON.stringify({ leader: self, token: this.#token });
    return this.#ask(async () => {
      const entry = await this.#keys.get(KEY);
      // Where it is another's, or nobody's, the write fails as one that comes too late.
      return this.#write(leaderOf(entry) === holder ? entry!.revision : TOO_LATE);
    });
  }

  renew(): Promise<LeaseState> {
    const revision = this.#revision;
    if (revision === null) return Promise.resolve("lost");
    return this.#ask(() => this.#write(revision));
  }

  async release(): Promise<void> {
    const revision = this.#revision;
    this.#revision = null;
    if (revision === null) return;
    try {
      await this.#keys.delete(KEY, { previousSeq: revision });
    } catch (error) {
      if (troubleOf(error) === "lasting") throw error;
    }
  }

  async *watch(signal: AbortSignal): AsyncGenerator<string | null> {
    let shown: string | null | undefined;
    while (!signal.aborted) {
      for await (const entry of this.#entries(signal)) {
        const leader = leaderOf(entry);
        if (leader === shown) continue;
        shown = leader;
        yield leader;
      }
    }
  }

  /** The key as it is, then its changes, until nothing is heard for longer than a leader may be silent. */
  async *#entries(signal: AbortSignal): AsyncGenerator<KvEntry | null> {
    const name = `bucket ${this.#bucket}`;
    const changes = await askPatiently(name, () => this.#keys.watch({ key: KEY }));
    const stop = (): void => changes.stop();
    const silence = setTimeout(stop, 2 * this.durationMs);
    signal.addEventListener("abort", stop);
    try {
      yield await askPatiently(name, () => this.#keys.get(KEY));
      if (signal.aborted) return;
      for await (const entry of changes) {
        silence.refresh();
        yield entry;
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      changes.stop();
    }
  }

  get #ttl(): string {
    return `${this.durationMs / 1_000}s`;
  }

  /** Writes the key where it still has this revision. The client's own update has no way to say how long. */
  async #write(revision: number): Promise<number> {
    const expect = { lastSubjectSequence: revision };
    const options = { expect, ttl: this.#ttl, timeout: this.durationMs / 2 };
    return (await this.#connection.jetstream.publish(`$KV.${this.#bucket}.${KEY}`, this.#value, options)).seq;
  }

  /** Where an answer was lost, the key itself tells whose it is. */
  async #ask(write: () => Promise<number>): Promise<LeaseState> {
    try {
      this.#revision = await write();
      return "held";
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === "passing") return "unknown";
      if (trouble !== "wrongSequence") throw error;
    }
    try {
      const entry = await this.#keys.get(KEY);
      const isOurs = entry !== null && entry.operation === "PUT" && entry.string() === this.#value;
      this.#revision = isOurs ? entry.revision : null;
      this.holder = isOurs ? null : leaderOf(entry);
      return isOurs ? "held" : "lost";
    } catch (error) {
      if (troubleOf(error) !== "passing") throw error;
      return "unknown";
    }
  }
}

/** Null also where somebody else wrote something into the key. */
function leaderOf(entry: KvEntry | null): string | null {
  if (entry === null || entry.operation !== "PUT") return null;
  try {
    const { leader } = entry.json<{ readonly leader?: unknown }>();
    return typeof leader === "string" ? leader : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
