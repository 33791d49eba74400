import { readFileSync } from "node:fs";
import { credsAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";
import { MusterError } from "../../../base/muster-error.ts";

/** How a coordinator proves to NATS who it is. Never logged. */
export type NatsCredentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "file"; readonly path: string };

/** Where the journals, the blobs and the leader's key lie, and what is promised about them. */
export interface NatsOptions {
  /** `nats://HOST:PORT`, several with commas between; `tls://` for encrypted connections. */
  readonly addresses: string;
  readonly credentials?: NatsCredentials;
  /** Tells several clusters on the same servers apart: [a-z0-9-]{1,40}. */
  readonly cluster: string;
  /** Copies of each stream: 1, 3 or 5. */
  readonly replicas: number;
  /**
   * Whether what NATS acknowledges survives a loss of power. `always`: the servers' setting `sync_interval: always` is
   * read from their `monitors`, and it is refused to go on without. `unproved`: nobody looks, and nothing is promised.
   */
  readonly durable: "always" | "unproved";
  /** Monitoring addresses (`http://HOST:PORT`) of the servers that hold the streams. */
  readonly monitors?: readonly string[];
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 5_000;

/** What the client library is told. Throws `usage` for what it cannot be told, `notFound` for a credentials file. */
export function clientOptions({ addresses, cluster, credentials }: NatsOptions): NodeConnectionOptions {
  if (!/^[a-z0-9-]{1,40}$/.test(cluster)) {
    throw new MusterError("usage", `${JSON.stringify(cluster.slice(0, 80))} is not the name of a cluster`, {
      wayOut: "Lower-case letters, digits and dashes, at most 40.",
    });
  }
  const servers = addresses.split(",").map((address) => parseServer(address.trim()));
  return {
    servers: servers.map(({ address }) => address),
    ...(servers.some(({ isTls }) => isTls) ? { tls: {} } : {}),
    ...loginOf(credentials),
    name: `muster coordinator, cluster ${cluster}`,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
  };
}

function parseServer(text: string): { readonly address: string; readonly isTls: boolean } {
  const match = /^(?:(nats|tls):\/\/)?((?:\[[0-9a-fA-F:]+\]|[^:\s[\]/@]+):[0-9]{1,5})\/?$/.exec(text);
  if (match !== null) return { address: match[2]!, isTls: match[1] === "tls" };
  // What stands before an @ is a password: it is not repeated.
  const shown = JSON.stringify(text.replace(/[^/]*@/, "…@"));
  throw new MusterError("usage", `${shown} is not the address of a NATS server`, {
    wayOut: text.includes("@")
      ? "Name user and password apart from the address."
      : "For example nats://10.0.0.1:4222, several with commas between.",
  });
}

function loginOf(credentials: NatsCredentials | undefined): Partial<NodeConnectionOptions> {
  switch (credentials?.kind) {
    case undefined:
      return {};
    case "password":
      return { user: credentials.user, pass: credentials.password };
    case "token":
      return { token: credentials.token };
    case "file":
      return { authenticator: credsAuthenticator(readCredentials(credentials.path)) };
  }
}

function readCredentials(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new MusterError("notFound", `cannot read the NATS credentials file ${path}`, {
      wayOut: "Name a file made by `nsc generate creds`, or one that holds USER:PASSWORD or a token.",
      cause: error,
    });
  }
}

/** Reads a file of credentials: what `nsc` makes, `USER:PASSWORD`, or a token. Throws `notFound`. */
export function readNatsCredentials(path: string): NatsCredentials {
  const text = Buffer.from(readCredentials(path)).toString("utf8").trim();
  if (text.startsWith("-----BEGIN NATS")) return { kind: "file", path };
  const colon = text.indexOf(":");
  if (colon < 0) return { kind: "token", token: text };
  return { kind: "password", user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Where servers tell about themselves unless they were told otherwise. */
export function usualMonitors(addresses: string): readonly string[] {
  return addresses.split(",").map((address) => {
    const server = parseServer(address.trim()).address;
    return `http://${server.slice(0, server.lastIndexOf(":"))}:8222`;
  });
}
