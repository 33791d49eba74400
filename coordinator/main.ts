import { join } from "node:path";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { type Logger, pino } from "pino";
import { MusterError } from "../base/muster-error.ts";
import { type Address, formatAddress, isLoopback, parseAddress } from "../base/node/address.ts";
import { SCHEMA_HASH } from "../proto/version.ts";
import { FolderBlobStore } from "./adapters/blobs/folder-blob-store.ts";
import { type DataFolder, openDataFolder } from "./adapters/data-folder.ts";
import { SqliteJournalStore } from "./adapters/journals/sqlite-journal-store.ts";
import { ScorerPool } from "./scoring/scorer-pool.ts";
import { CoordinatorParts } from "./shell/coordinator-parts.ts";
import { listenError, serveHttp } from "./shell/http-endpoint.ts";

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
  /** Called once it listens. */
  onReady?(addresses: { readonly grpcAddress: string; readonly httpAddress: string }): void;
}

/** Runs a coordinator until it is told to stop. Rejects when it cannot start or must not go on. */
export async function runCoordinator(options: CoordinatorOptions): Promise<void> {
  const log = pino({ level: options.logLevel, name: "coordinator" }, pino.destination({ dest: 2, sync: true }));
  const listen = parseAddress(options.listen, "--listen");
  const http = parseAddress(options.http, "--http");
  refuseOpenListener(listen, "--listen", options.insecure);
  refuseOpenListener(http, "--http", options.insecure);
  const folder = await openDataFolder(options.dataFolder);
  try {
    await serve(options, { listen, http }, folder, log);
  } finally {
    await folder.close();
  }
}

function refuseOpenListener(address: Address, option: string, insecure: boolean): void {
  if (insecure || isLoopback(address.host)) return;
  throw new MusterError(
    "permission",
    `${option} ${formatAddress(address)} can be reached from other machines, and there is no TLS yet`,
    { wayOut: "Listen on 127.0.0.1 and use an SSH tunnel, or add --insecure on a network that you trust." },
  );
}

async function serve(
  options: CoordinatorOptions,
  { listen, http }: { listen: Address; http: Address },
  folder: DataFolder,
  log: Logger,
): Promise<void> {
  const { dataFolder, leaseDurationMs } = options;
  const blobFolder = join(dataFolder, "blobs");
  const parts = await CoordinatorParts.open({
    journals: new SqliteJournalStore(join(dataFolder, "journals")),
    blobs: new FolderBlobStore(blobFolder),
    scorers: new ScorerPool({ workers: options.scorers, blobFolder }),
    dataFolder,
    blobFolder,
    log,
    leaseDurationMs,
  });
  const { shell } = parts;
  try {
    const grpcPort = await bind(parts.server, listen);
    const httpServer = await serveHttp(http, { registry: shell.metrics.registry, health: () => shell.trouble });
    const httpPort = (httpServer.address() as { port: number }).port;
    const grpcAddress = formatAddress({ host: listen.host, port: grpcPort });
    const httpAddress = formatAddress({ host: http.host, port: httpPort });
    parts.describe(httpAddress);
    await folder.announce({ grpcAddress, httpAddress });
    log.info(
      { grpcAddress, httpAddress, dataFolder, epoch: shell.loop.state.epoch, schema: SCHEMA_HASH },
      "coordinator ready",
    );
    process.send?.({ kind: "ready", grpcAddress, httpAddress });
    options.onReady?.({ grpcAddress, httpAddress });
    await stopRequested(shell.fatal);
    httpServer.close();
  } finally {
    parts.server.forceShutdown();
    await parts.close();
  }
  log.info("coordinator stopped");
}

async function bind(server: Server, address: Address): Promise<number> {
  const text = formatAddress(address);
  return new Promise((resolve, reject) => {
    server.bindAsync(text, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(error, text, "--listen"));
    });
  });
}

/** Resolves on SIGINT, SIGTERM or when the process that started this one is gone; rejects on a fatal error. */
async function stopRequested(fatal: Promise<never>): Promise<void> {
  const stop = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
    if (process.send !== undefined) process.once("disconnect", resolve);
  });
  await Promise.race([stop, fatal]);
}
