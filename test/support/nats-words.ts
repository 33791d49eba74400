import type { NatsServer } from "./nats-server.ts";

/** The words that name the servers to a coordinator. */
export function natsWords(servers: readonly NatsServer[]): readonly string[] {
  return [
    ...["--nats", servers.map(({ address }) => `nats://${address}`).join(",")],
    ...["--nats-replicas", String(servers.length)],
    ...servers.flatMap(({ monitor }) => ["--nats-monitors", monitor]),
  ];
}
