import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig, type StreamInfo } from "@nats-io/jetstream";
import { MusterError } from "../../../base/muster-error.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { askPatiently, isNoStream } from "./passing-trouble.ts";

/** What a stream that keeps everything is made with, and must have whoever made it. */
const KEEPS_ALL = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  max_age: 0,
  max_msgs: -1,
  max_msgs_per_subject: -1,
  deny_delete: true,
  deny_purge: true,
  allow_rollup_hdrs: false,
  allow_direct: false,
  allow_atomic: true,
  sealed: false,
} as const satisfies Partial<StreamConfig>;

/** Never there: each could take messages away, or put some in. */
const NEVER = ["mirror", "sources", "subject_transform", "republish", "allow_msg_ttl", "no_ack"] as const;

/**
 * Opens a stream that keeps all its messages, or makes it. Throws `unsupported` where it exists and one of its settings
 * could lose a message, or where a server that holds it was not seen to sync.
 */
export async function makeKeepingStream(
  connection: NatsConnection,
  name: string,
  subject: string,
  bytesMax: number,
): Promise<StreamInfo> {
  const { manager, options } = connection;
  const wish = { ...KEEPS_ALL, name, subjects: [subject], num_replicas: options.replicas, max_bytes: bytesMax };
  const info = await askPatiently(`stream ${name}`, async () => {
    try {
      return await manager.streams.info(name);
    } catch (error) {
      if (!isNoStream(error)) throw error;
      return await manager.streams.add(wish);
    }
  });
  checkStream(connection, info, { ...KEEPS_ALL, subjects: [subject] });
  return info;
}

/** Throws `unsupported` for a setting that is not as wished, for too few replicas, and as `checkDurable`. */
export function checkStream(
  connection: NatsConnection,
  info: StreamInfo,
  wish: Readonly<Partial<Record<keyof StreamConfig, unknown>>>,
): void {
  const { config } = info;
  const { replicas } = connection.options;
  const given = config as unknown as Readonly<Record<string, unknown>>;
  for (const [setting, wished] of Object.entries(wish)) {
    const found = given[setting] ?? false;
    if (JSON.stringify(found) !== JSON.stringify(wished)) throw otherSetting(config, setting, found, wished);
  }
  for (const setting of NEVER) {
    if (given[setting]) throw otherSetting(config, setting, given[setting], false);
  }
  if (given["persist_mode"] === "async") throw otherSetting(config, "persist_mode", "async", "default");
  if (config.num_replicas < replicas) throw otherSetting(config, "num_replicas", config.num_replicas, replicas);
  connection.checkDurable(`stream ${config.name}`, holders(connection, info));
}

function otherSetting({ name }: StreamConfig, setting: string, found: unknown, wished: unknown): MusterError {
  return new MusterError(
    "unsupported",
    `stream ${name} has ${setting} ${JSON.stringify(found)}, not ${JSON.stringify(wished)}`,
    { wayOut: `Change it (nats stream edit ${name}), or give this cluster another name on these servers.` },
  );
}

function holders(connection: NatsConnection, { cluster }: StreamInfo): readonly string[] {
  const names = [cluster?.leader, ...(cluster?.replicas ?? []).map((replica) => replica.name)];
  const known = names.filter((name): name is string => name !== undefined && name !== "");
  return known.length > 0 ? known : [connection.client.info?.server_name ?? ""];
}
