import { monitorEventLoopDelay } from "node:perf_hooks";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type Logger, pino } from "pino";
import { MusterError } from "../base/muster-error.ts";
import { type Address, formatAddress, isLoopback, parseAddress } from "../base/node/address.ts";
import { grpcService } from "../base/node/grpc-service.ts";
import { MUSTER_VERSION } from "../base/node/version.ts";
import { AgentService as AgentServiceDescriptor } from "../proto/gen/muster/v1/agent_pb.js";
import {
  type Coordinator,
  CoordinatorSchema,
  OperatorService as OperatorServiceDescriptor,
} from "../proto/gen/muster/v1/operator_pb.js";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../proto/version.ts";
import { FolderBlobStore } from "./adapters/blobs/folder-blob-store.ts";
import { type DataFolder, openDataFolder } from "./adapters/data-folder.ts";
import { SqliteJournalStore } from "./adapters/journals/sqlite-journal-store.ts";
import type { Effect } from "./core/effect.ts";
import type { Event } from "./core/event.ts";
import { DEFAULT_CORE_SETTINGS, emptyState } from "./core/state.ts";
import { CoordinatorMetrics } from "./metrics.ts";
import { ScorerPool } from "./scoring/scorer-pool.ts";
import { AgentService } from "./shell/agent-service.ts";
import { CoordinatorLoop } from "./shell/coordinator-loop.ts";
import { FrameWriter } from "./shell/frame-writer.ts";
import { listenError, serveHttp } from "./shell/http-endpoint.ts";
import { LeaseSender } from "./shell/lease-sender.ts";
import { LiveScores } from "./shell/live-scores.ts";
import { OperatorService } from "./shell/operator-service.ts";
import { PlanStore } from "./shell/plan-store.ts";
import { recover } from "./shell/recovery.ts";
import { RunArchive } from "./shell/run-archive.ts";
import { RunFinisher } from "./shell/run-finisher.ts";
import { RunRegistry } from "./shell/run-registry.ts";

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
  readonly scorers: number;
  readonly logLevel: string;
}

/** Messages of 16 MB at most, keep-alive that notices a dead peer in four seconds. */
const SERVER_OPTIONS = {
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
  "grpc.max_send_message_length": 16 * 1024 * 1024,
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 2_000,
  "grpc.keepalive_permit_without_calls": 1,
};
const TICK_MS = 250;

/** Runs a coordinator until it is told to stop. Rejects when it cannot start or must not go on. */
export async function runCoordinator(options: CoordinatorOptions): Promise<void> {
  const log = pino({ level: options.logLevel, name: "coordinator" }, pino.destination({ dest: 2, sync: true }));
  const listen = parseAddress(options.listen, "--listen");
  const http = parseAddress(options.http, "--http");
  for (const [address, option] of [
    [listen, "--listen"],
    [http, "--http"],
  ] as const)
    refuseOpenListener(address, option, options.insecure);
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
    {
      wayOut: "Listen on 127.0.0.1 and use an SSH tunnel, or add --insecure on a network that you trust.",
    },
  );
}

async function serve(
  options: CoordinatorOptions,
  { listen, http }: { listen: Address; http: Address },
  folder: DataFolder,
  log: Logger,
): Promise<void> {
  const parts = await assemble(options, log);
  const grpcPort = await bind(parts.server, listen);
  const httpServer = await serveHttp(http, { registry: parts.metrics.registry, health: () => parts.trouble() });
  const httpPort = (httpServer.address() as { port: number }).port;
  const addresses = {
    grpcAddress: formatAddress({ host: listen.host, port: grpcPort }),
    httpAddress: formatAddress({ host: http.host, port: httpPort }),
  };
  parts.describe(addresses.httpAddress);
  await folder.announce(addresses);
  log.info(
    { ...addresses, dataFolder: options.dataFolder, epoch: parts.loop.state.epoch, schema: SCHEMA_HASH },
    "coordinator ready",
  );
  process.send?.({ kind: "ready", ...addresses });
  const tick = setInterval(() => parts.loop.take({ kind: "TimePassed" }), TICK_MS);
  try {
    await stopRequested(parts.fatal);
  } finally {
    clearInterval(tick);
    httpServer.close();
    parts.server.forceShutdown();
    await parts.loop.settled();
    parts.loop.stop();
    await parts.close();
    log.info("coordinator stopped");
  }
}

interface Parts {
  readonly server: Server;
  readonly loop: CoordinatorLoop;
  readonly metrics: CoordinatorMetrics;
  readonly fatal: Promise<never>;
  readonly trouble: () => string | null;
  readonly describe: (httpAddress: string) => void;
  readonly close: () => Promise<void>;
}

/** Builds everything and takes up the runs that the journals leave open. */
async function assemble(options: CoordinatorOptions, log: Logger): Promise<Parts> {
  const nowMs = (): number => performance.now();
  const nowUnixMs = (): number => Date.now();
  const blobFolder = join(options.dataFolder, "blobs");
  const journals = new SqliteJournalStore(join(options.dataFolder, "journals"));
  const blobs = new FolderBlobStore(blobFolder);
  const plans = new PlanStore(blobs);
  const archive = new RunArchive(options.dataFolder, journals);
  const scorers = new ScorerPool({ workers: options.scorers, blobFolder });
  const state = emptyState({ ...DEFAULT_CORE_SETTINGS, leaseDurationMs: options.leaseDurationMs });
  const recovered = await recover(journals, state, nowMs());

  let full: string | null = null;
  let reportFatal: (error: MusterError) => void = () => {};
  const fatal = new Promise<never>((_resolve, reject) => {
    reportFatal = reject;
  });
  fatal.catch(() => {});
  const writer = new FrameWriter(journals, (message) => {
    if (message !== full)
      log.error(
        { message },
        message === null ? "the disk has room again" : "the journal's disk is full: waiting for room",
      );
    full = message;
  });
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const loop: CoordinatorLoop = new CoordinatorLoop(state, {
    writer,
    nowMs,
    perform: (effect) => perform(effect),
    onDurable: (events) => onDurable(events),
    onFatal: (error) => reportFatal(error),
    onAppended: (seconds) => metrics.observeAppend(seconds),
  });
  const leases = new LeaseSender(() => loop.state, plans, log);
  const metrics: CoordinatorMetrics = new CoordinatorMetrics({
    state: () => loop.state,
    connections: () => agents.connections.values(),
    loopLagSeconds: () => {
      const seconds = lag.percentile(99) / 1e9;
      lag.reset();
      return seconds;
    },
  });
  const agents: AgentService = new AgentService({
    loop,
    blobs,
    leases,
    metrics,
    log,
    musterVersion: MUSTER_VERSION,
    nowUnixMs,
  });
  const registry = new RunRegistry(
    recovered.listed.map((run) => run.runId),
    { state: () => loop.state, archive, scorers, nowUnixMs },
  );
  const live = new LiveScores({ loop, plans, scorers, journals, log });
  const finisher = new RunFinisher({ loop, journals, plans, archive, blobFolder, log, nowUnixMs });

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case "ScoreResponses":
        return live.add(effect.runId, effect.digest);
      case "FinishRun":
        return finisher.finish(effect.runId);
      case "Report":
        return log[effect.level](effect.message);
      case "CountRefusal":
        return metrics.countRefusal(effect.reason, effect.responses);
      default:
        agents.perform(effect);
    }
  }

  /** An ended run is written down once, then forgotten. */
  function onDurable(events: readonly Event[]): void {
    for (const event of events) if (event.kind === "RunEnded") void archiveRun(event.runId);
  }

  async function archiveRun(runId: string): Promise<void> {
    const run = loop.state.runs.get(runId);
    if (run === undefined) return;
    try {
      await archive.save(await registry.viewOpen(run));
      loop.take({ kind: "RunArchived", runId });
      leases.forget(runId);
      live.forget(runId);
      await writer.closeRun(runId);
    } catch (error) {
      log.error(
        { run: runId, error: MusterError.from(error).message },
        "cannot archive an ended run; it stays in memory",
      );
    }
  }

  let about: Coordinator = create(CoordinatorSchema);
  const operators = new OperatorService({
    loop,
    blobs,
    plans,
    registry,
    archive,
    agents,
    about: () => about,
    nowUnixMs,
  });
  const server = new Server(SERVER_OPTIONS);
  server.addService(grpcService(AgentServiceDescriptor), agents.handlers());
  server.addService(
    grpcService(OperatorServiceDescriptor),
    operators.handlers() as Parameters<Server["addService"]>[1],
  );
  await live.resume();
  await loop.begin(recovered.epoch + 1);
  for (const run of loop.state.runs.values()) if (run.phase === "ended") await archiveRun(run.run.runId);
  return {
    server,
    loop,
    metrics,
    fatal,
    trouble: () => full,
    describe: (httpAddress) => {
      about = create(CoordinatorSchema, {
        musterVersion: MUSTER_VERSION,
        protocolVersion: PROTOCOL_VERSION,
        schemaHash: SCHEMA_HASH,
        epoch: BigInt(loop.state.epoch),
        processId: process.pid,
        httpAddress,
      });
    },
    close: async () => {
      lag.disable();
      await scorers.close();
      await blobs.close();
      await journals.close();
    },
  };
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
