import { hostname } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type Logger, pino } from "pino";
import { MusterError } from "../base/muster-error.ts";
import { type Address, formatAddress, isLoopback, parseAddress } from "../base/node/address.ts";
import { MUSTER_VERSION } from "../base/node/version.ts";
import { type Cluster, ClusterSchema, type Coordinator } from "../proto/gen/muster/v1/operator_pb.js";
import { SCHEMA_HASH } from "../proto/version.ts";
import { FolderBlobStore } from "./adapters/blobs/folder-blob-store.ts";
import { type DataFolder, openDataFolder } from "./adapters/data-folder.ts";
import { SqliteJournalStore } from "./adapters/journals/sqlite-journal-store.ts";
import type { NatsOptions } from "./adapters/nats/nats-options.ts";
import { ClusterSeat } from "./cluster-seat.ts";
import { ScorerPool } from "./scoring/scorer-pool.ts";
import { aboutCoordinator, CoordinatorParts } from "./shell/coordinator-parts.ts";
import { Doors } from "./shell/doors.ts";
import { aborted, stopSignal } from "./shell/stop-signal.ts";

/** How a coordinator is started; the CLI's option table fills it. */
export interface CoordinatorOptions {
  readonly dataFolder: string;
  /** gRPC, `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  /** Metrics and health, `HOST:PORT`. */
  readonly http: string;
  /** Allows another interface than loopback although there is no TLS yet. */
  readonly insecure: boolean;
  readonly leaseDurationMs: number;
  /** Threads that score; 0 chooses by the number of cores. */
  readonly scorers: number;
  readonly logLevel: string;
  /** Several coordinators share journals and blobs there; null: this one is alone, and its folder has them. */
  readonly nats: NatsOptions | null;
  /** Tells it from the others of its cluster; null: the host's name and its port. */
  readonly name: string | null;
  /** `HOST:PORT` at which others reach it; null: where it listens. */
  readonly advertise: string | null;
  /** Called once it listens. */
  onReady?(addresses: Ready): void;
}

interface Ready {
  readonly grpcAddress: string;
  readonly httpAddress: string;
}

/** Runs a coordinator until it is told to stop. Rejects when it cannot start or must not go on. */
export async function runCoordinator(options: CoordinatorOptions): Promise<void> {
  const log = pino({ level: options.logLevel, name: "coordinator" }, pino.destination({ dest: 2, sync: true }));
  const listen = parseAddress(options.listen, "--listen");
  const http = parseAddress(options.http, "--http");
  refuseOpenListener(listen, "--listen", options.insecure);
  refuseOpenListener(http, "--http", options.insecure);
  if (options.advertise !== null) parseAddress(options.advertise, "--advertise");
  const stop = stopSignal();
  const folder = await openDataFolder(options.dataFolder);
  try {
    const doors = await Doors.open(listen, http);
    try {
      if (options.nats === null) await runAlone(options, { doors, folder, log }, stop);
      else await runInCluster({ ...options, nats: options.nats }, { doors, folder, log }, stop);
    } finally {
      doors.close();
    }
  } finally {
    await folder.close();
  }
  log.info("coordinator stopped");
}

function refuseOpenListener(address: Address, option: string, insecure: boolean): void {
  if (insecure || isLoopback(address.host)) return;
  throw new MusterError(
    "permission",
    `${option} ${formatAddress(address)} can be reached from other machines, and there is no TLS yet`,
    { wayOut: "Listen on 127.0.0.1 and use an SSH tunnel, or add --insecure on a network that you trust." },
  );
}

/** What a coordinator's process has. */
interface Place {
  readonly doors: Doors;
  readonly folder: DataFolder;
  readonly log: Logger;
}

async function runAlone(options: CoordinatorOptions, place: Place, stop: AbortSignal): Promise<void> {
  const { doors, log } = place;
  const { dataFolder, leaseDurationMs } = options;
  const blobFolder = join(dataFolder, "blobs");
  const about = (): Coordinator =>
    aboutCoordinator({
      role: "leader",
      epoch: BigInt(parts.shell.loop.state.epoch),
      httpAddress: doors.httpAddress,
      leaderAddress: doors.grpcAddress,
    });
  const parts: CoordinatorParts = await CoordinatorParts.open({
    ...{ dataFolder, leaseDurationMs, log, about },
    journals: new SqliteJournalStore(join(dataFolder, "journals")),
    blobs: new FolderBlobStore(blobFolder),
    scorers: new ScorerPool({ workers: options.scorers, blobFolder }),
    cluster: async () => clusterOf(about(), doors),
  });
  const { shell, server } = parts;
  try {
    await doors.serve({ server, http: { registry: shell.metrics.registry, health: () => shell.trouble } });
    await sayReady(options, place);
    await Promise.race([aborted(stop), shell.fatal]);
  } finally {
    server.forceShutdown();
    await parts.close();
  }
}

/** A cluster with one coordinator. */
function clusterOf({ epoch, httpAddress, role, processId }: Coordinator, { grpcAddress }: Doors): Cluster {
  const facts = { role, epoch, httpAddress, processId, framesBehind: 0n, musterVersion: MUSTER_VERSION };
  const member = { ...facts, $typeName: "muster.v1.ClusterMember" as const, name: hostname(), address: grpcAddress };
  return create(ClusterSchema, { leaderAddress: grpcAddress, members: [member] });
}

async function runInCluster(
  options: CoordinatorOptions & { readonly nats: NatsOptions },
  place: Place,
  stop: AbortSignal,
): Promise<void> {
  const { doors, log } = place;
  const { nats, dataFolder, leaseDurationMs, scorers, advertise, listen } = options;
  const name = options.name ?? `${hostname()}:${parseAddress(listen, "--listen").port}`;
  const wish = { ...{ nats, name, dataFolder, leaseDurationMs, scorers }, address: advertise };
  const seat = await ClusterSeat.open(wish, doors, log);
  let isReady = false;
  await seat.run(stop, async () => {
    if (isReady) return;
    isReady = true;
    await sayReady(options, place);
  });
}

async function sayReady(options: CoordinatorOptions, { doors, folder, log }: Place): Promise<void> {
  const { grpcAddress, httpAddress } = doors;
  await folder.announce({ grpcAddress, httpAddress });
  log.info({ grpcAddress, httpAddress, dataFolder: folder.path, schema: SCHEMA_HASH }, "coordinator ready");
  process.send?.({ kind: "ready", grpcAddress, httpAddress });
  options.onReady?.({ grpcAddress, httpAddress });
}
