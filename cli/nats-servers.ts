import { type NatsOptions, readNatsCredentials, usualMonitors } from "../coordinator/adapters/nats/nats-options.ts";
import type { Options } from "./options.ts";

/** What the options say of NATS; null where they name no servers. Throws `notFound` for the credentials' file. */
export function natsOf(options: Options): NatsOptions | null {
  const { nats: addresses, cluster, natsCredentials, natsReplicas, natsDurable, natsMonitors } = options;
  if (addresses === undefined) return null;
  const durable = natsDurable === "always" ? "always" : "unproved";
  return {
    ...{ addresses, cluster, replicas: Number(natsReplicas), durable },
    monitors: natsMonitors.length > 0 ? natsMonitors : usualMonitors(addresses),
    ...(natsCredentials === undefined ? {} : { credentials: readNatsCredentials(natsCredentials) }),
  };
}
