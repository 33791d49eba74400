import { errors } from "@nats-io/transport-node";
import { NatsConnection } from "../../coordinator/adapters/nats/nats-connection.ts";
import { askPatiently } from "../../coordinator/adapters/nats/passing-trouble.ts";
import type { NatsServer } from "./nats-server.ts";

/** A connection to the servers as the coordinators of `natsWords` have it. */
export function connectNats(servers: readonly NatsServer[]): Promise<NatsConnection> {
  return NatsConnection.open({
    addresses: servers.map(({ address }) => address).join(),
    cluster: "muster",
    replicas: servers.length,
    durable: "always",
    monitors: servers.map(({ monitor }) => monitor),
  });
}

/** The server that leads a stream whose name begins so. */
export async function streamLeader(servers: readonly NatsServer[], begin: string): Promise<NatsServer> {
  const connection = await connectNats(servers);
  try {
    return await askPatiently(`a stream ${begin}…`, async () => {
      for await (const { config, cluster } of connection.manager.streams.list()) {
        const leader = servers.find((server) => server.name === cluster?.leader);
        if (config.name.startsWith(begin) && leader !== undefined) return leader;
      }
      throw new errors.TimeoutError();
    });
  } finally {
    await connection.close();
  }
}
/** The words that name the servers to a coordinator. */
export function natsWords(servers: readonly NatsServer[]): readonly string[] {
  return [
    ...["--nats", servers.map(({ address }) => `nats://${address}`).join(",")],
    ...["--nats-replicas", String(servers.length)],
    ...servers.flatMap(({ monitor }) => ["--nats-monitors", monitor]),
  ];
}
