import {
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  JetStreamApiCodes,
  JetStreamApiError,
} from "@nats-io/jetstream";
import { connect, errors, type NatsConnection as Client } from "@nats-io/transport-node";
import { MusterError } from "../../../base/muster-error.ts";
import { clientOptions, type NatsOptions } from "./nats-options.ts";
import { askPatiently } from "./passing-trouble.ts";
import { serversThatSync } from "./sync-proof.ts";

/** Below it acknowledged records were lost in ways that a setting does not prevent. */
const VERSION_MIN = [2, 12, 3] as const;
/** Longer than any answer takes; a stream without a leader gives none, and is asked again. */
const ASK_TIMEOUT_MS = 1_500;
/** Blobs travel in messages of 128 KiB, frames in parts of what is allowed. */
const PAYLOAD_BYTES_MIN = 256 << 10;

/** A connection to NATS servers that were found able to hold journals. */
export class NatsConnection {
  readonly client: Client;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly options: NatsOptions;
  /** Names of the servers that were seen to write to the disk before they acknowledge; null: nobody looked. */
  readonly #synced: ReadonlySet<string> | null;

  /**
   * Connects and looks whether the servers will do. Throws `connection` where none answers, `permission` where they
   * refuse the credentials, `unsupported` naming the server and the setting where they will not do.
   */
  static async open(options: NatsOptions): Promise<NatsConnection> {
    const settings = clientOptions(options);
    const client = await connect(settings).catch((error: unknown) => {
      throw connectProblem(options.addresses, error);
    });
    try {
      checkServer(client);
      const manager = await askPatiently(`JetStream at ${placeOf(client)}`, () =>
        jetstreamManager(client, { timeout: ASK_TIMEOUT_MS }),
      ).catch((error: unknown) => {
        throw jetstreamProblem(client, error);
      });
      const synced = options.durable === "always" ? await serversThatSync(options.monitors ?? []) : null;
      return new NatsConnection(client, manager, options, synced);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(
    client: Client,
    manager: JetStreamManager,
    options: NatsOptions,
    synced: ReadonlySet<string> | null,
  ) {
    this.client = client;
    this.manager = manager;
    this.jetstream = jetstream(client);
    this.options = options;
    this.#synced = synced;
  }

  /** The most bytes that a message may have, its headers included. */
  get messageBytesMax(): number {
    return this.client.info?.max_payload ?? PAYLOAD_BYTES_MIN;
  }

  /** Throws `unsupported` where one of these servers, which hold a stream, was to be seen syncing and was not. */
  checkDurable(stream: string, servers: readonly string[]): void {
    const unseen = this.#synced === null ? [] : servers.filter((server) => this.#synced?.has(server) !== true);
    if (unseen.length === 0) return;
    throw new MusterError(
      "unsupported",
      `nobody has seen that sync_interval is always at NATS server ${unseen.join(", ")}, which holds ${stream}`,
      { wayOut: "Name the monitoring address of each server (http://HOST:8222), or promise nothing: unproved." },
    );
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** What went wrong while connecting; never repeats credentials. */
function connectProblem(addresses: string, error: unknown): MusterError {
  const cause = error instanceof errors.ConnectionError && error.cause !== undefined ? error.cause : error;
  if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError) {
    return new MusterError("permission", `the NATS server at ${addresses} refuses these credentials`, {
      wayOut: "Check the user and password, the token or the credentials file.",
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MusterError("connection", `no NATS server answers at ${addresses}: ${reason}`, {
    wayOut: "Start one (nats-server --jetstream), or check the addresses and the firewall.",
    cause: error,
  });
}

function checkServer(client: Client): void {
  const { info } = client;
  const place = placeOf(client);
  if (!isNewEnough(info?.version ?? "")) {
    throw new MusterError("unsupported", `${place} is version ${info?.version}, older than ${VERSION_MIN.join(".")}`, {
      wayOut: "Update nats-server: older ones lose records that they acknowledged.",
    });
  }
  if (info?.jetstream !== true) throw withoutJetstream(place);
  if (info.max_payload < PAYLOAD_BYTES_MIN) {
    throw new MusterError(
      "unsupported",
      `${place} has max_payload ${info.max_payload}, less than ${PAYLOAD_BYTES_MIN}`,
      {
        wayOut: "Set max_payload: 1MB in its configuration (that is its default).",
      },
    );
  }
}

function isNewEnough(version: string): boolean {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  for (const [at, least] of VERSION_MIN.entries()) {
    const part = Number(parts[at] ?? 0);
    if (part !== least) return part > least;
  }
  return true;
}

function withoutJetstream(place: string): MusterError {
  return new MusterError("unsupported", `${place} runs without JetStream`, {
    wayOut: "Set jetstream { store_dir: /var/lib/nats, sync_interval: always } in its configuration.",
  });
}

function isNotEnabled(error: unknown): boolean {
  const reasons = error instanceof Error ? [error, error.cause] : [];
  return reasons.some(
    (reason) => reason instanceof JetStreamApiError && reason.code === JetStreamApiCodes.JetStreamNotEnabledForAccount,
  );
}

function placeOf(client: Client): string {
  return `NATS server ${client.info?.server_name ?? ""} at ${client.getServer()}`;
}

function jetstreamProblem(client: Client, error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  const place = placeOf(client);
  if (isNotEnabled(error)) {
    return new MusterError("unsupported", `${place} has no JetStream for this account`, {
      wayOut: "Enable JetStream for the account that these credentials belong to.",
      cause: error,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new MusterError("connection", `JetStream at ${place} does not answer: ${reason}`, {
    wayOut: "Of three servers two must run; `nats server report jetstream` shows them.",
    cause: error,
  });
}
