import { JOURNALS } from "./option-commands.ts";
import type { OptionRow } from "./option-row.ts";

const commands = ["coordinator", ...JOURNALS];

/** Where several coordinators keep what they share. */
export const NATS_OPTIONS = {
  nats: {
    flag: "--nats <nats://host:port,…>",
    env: "MUSTER_NATS",
    kind: "text",
    prose:
      "NATS servers (2.12.3 or newer, with JetStream) that keep journals and blobs: several coordinators that name the same ones are one cluster, of which one leads. Not given: the coordinator is alone, and its data folder has them.",
    commands,
  },
  cluster: {
    flag: "--cluster <name>",
    env: "MUSTER_CLUSTER",
    kind: "text",
    default: "muster",
    prose: "Tells clusters on the same NATS servers apart: lower-case letters, digits and dashes.",
    commands,
  },
  natsCredentials: {
    flag: "--nats-credentials <file>",
    env: "MUSTER_NATS_CREDENTIALS",
    kind: "text",
    prose: "A file with NATS credentials: what `nsc` makes, one line USER:PASSWORD, or a token.",
    commands,
  },
  natsReplicas: {
    flag: "--nats-replicas <count>",
    env: "MUSTER_NATS_REPLICAS",
    kind: "choice",
    choices: ["1", "3", "5"],
    default: "3",
    prose: "NATS servers that each hold a copy of journals and blobs.",
    commands,
  },
  natsDurable: {
    flag: "--nats-durable <what>",
    env: "MUSTER_NATS_DURABLE",
    kind: "choice",
    choices: ["always", "unproved"],
    default: "always",
    prose:
      "`always`: go on only where every server that holds a copy is seen to have `sync_interval: always`, so that what it acknowledges survives a loss of power. `unproved`: nobody looks, and that is not promised.",
    commands,
  },
  natsMonitors: {
    flag: "--nats-monitors <url>",
    env: "MUSTER_NATS_MONITORS",
    kind: "url",
    prose:
      "Monitoring addresses of the NATS servers, where `sync_interval` is read; give it several times. Not given: port 8222 of each server.",
    commands,
  },
} as const satisfies { readonly [name: string]: OptionRow };
