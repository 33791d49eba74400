import { monitorEventLoopDelay } from "node:perf_hooks";
import { create } from "@bufbuild/protobuf";
import { Server } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import { CHANNEL_OPTIONS } from "../../base/node/channel-options.ts";
import { grpcService } from "../../base/node/grpc-service.ts";
import { MUSTER_VERSION } from "../../base/node/version.ts";
import { AgentService as AgentServiceDescriptor } from "../../proto/gen/muster/v1/agent_pb.js";
import {
  type Coordinator,
  CoordinatorSchema,
  OperatorService as OperatorServiceDescriptor,
} from "../../proto/gen/muster/v1/operator_pb.js";
import type { Verification } from "../../evaluation/verification.ts";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../proto/version.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import { type CoordinatorState, DEFAULT_CORE_SETTINGS, emptyState } from "../core/state.ts";
import { CoordinatorMetrics } from "../metrics.ts";
import type { BlobStore, Leftovers } from "../ports/blob-store.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { ScorerPool } from "../scoring/scorer-pool.ts";
import { AgentService } from "./agent-service.ts";
import { collectGarbage } from "./blob-garbage.ts";
import { CoordinatorLoop } from "./coordinator-loop.ts";
import { FrameWriter } from "./frame-writer.ts";
import { LeaseSender } from "./lease-sender.ts";
import { LiveScores } from "./live-scores.ts";
import { OperatorService } from "./operator-service.ts";
import { PlanStore } from "./plan-store.ts";
import { recover, type RecoveredCluster } from "./recovery.ts";
import { RunArchive } from "./run-archive.ts";
import { RunFinisher } from "./run-finisher.ts";
import { RunRegistry } from "./run-registry.ts";
import { verifyRun } from "./run-verifier.ts";

const SERVER_OPTIONS = {
  ...CHANNEL_OPTIONS,
  "grpc.keepalive_permit_without_calls": 1,
};

/** The adapters a coordinator works with, made by `main`. */
export interface CoordinatorAdapters {
  readonly journals: JournalStore;
  readonly blobs: BlobStore;
  readonly scorers: ScorerPool;
  readonly dataFolder: string;
  /** Where `blobs` lies, for worker threads that read it themselves. */
  readonly blobFolder: string;
  readonly log: Logger;
  readonly leaseDurationMs: number;
}

/** Everything inside a running coordinator, wired up. */
export class CoordinatorParts {
  readonly server = new Server(SERVER_OPTIONS);
  readonly loop: CoordinatorLoop;
  readonly metrics: CoordinatorMetrics;
  /** Rejects when the coordinator must not go on. */
  readonly fatal: Promise<never>;
  /** One sentence while something is wrong that may pass, else null. */
  trouble: string | null = null;
  readonly #adapters: CoordinatorAdapters;
  readonly #writer: FrameWriter;
  readonly #archive: RunArchive;
  readonly #registry: RunRegistry;
  readonly #leases: LeaseSender;
  readonly #live: LiveScores;
  readonly #agents: AgentService;
  readonly #finisher: RunFinisher;
  readonly #lag = monitorEventLoopDelay({ resolution: 10 });
  readonly #closing = new AbortController();
  #catchUp: Promise<void> = Promise.resolve();
  #about: Coordinator = create(CoordinatorSchema);

  /** Takes up the runs that the journals leave open; resolves once the new epoch is durable. */
  static async open(adapters: CoordinatorAdapters): Promise<CoordinatorParts> {
    const state = emptyState({ ...DEFAULT_CORE_SETTINGS, leaseDurationMs: adapters.leaseDurationMs });
    const recovered = await recover(adapters.journals, state, performance.now());
    const leftovers = await adapters.blobs.leftovers();
    const parts = new CoordinatorParts(adapters, state, recovered);
    await parts.loop.begin(recovered.epoch + 1);
    for (const run of state.runs.values()) if (run.phase === "ended") await parts.#archiveRun(run.run.runId);
    parts.#catchUp = parts.#readAgain(leftovers);
    return parts;
  }

  private constructor(adapters: CoordinatorAdapters, state: CoordinatorState, recovered: RecoveredCluster) {
    const { journals, blobs, scorers, log } = adapters;
    this.#adapters = adapters;
    this.#writer = new FrameWriter(journals, (message) => this.#diskFull(message));
    let reportFatal: (error: MusterError) => void = () => {};
    this.fatal = new Promise<never>((_resolve, reject) => {
      reportFatal = reject;
    });
    this.fatal.catch(() => log.debug("stopping on a fatal error"));
    const loop = new CoordinatorLoop(state, {
      writer: this.#writer,
      nowMs: () => performance.now(),
      perform: (effect) => this.#perform(effect),
      onDurable: (events) => this.#onDurable(events),
      onAppended: (seconds) => this.metrics.observeAppend(seconds),
      onFatal: (error) => reportFatal(error),
    });
    this.loop = loop;
    const nowUnixMs = (): number => Date.now();
    const plans = new PlanStore(blobs);
    const archive = new RunArchive(adapters.dataFolder, journals);
    this.#archive = archive;
    this.#leases = new LeaseSender(() => state, plans, log);
    this.metrics = this.#makeMetrics(state);
    const { metrics } = this;
    const agents = new AgentService({
      loop,
      blobs,
      leases: this.#leases,
      metrics,
      log,
      musterVersion: MUSTER_VERSION,
      nowUnixMs,
    });
    this.#agents = agents;
    const ids = recovered.listed.map((run) => run.runId);
    const registry = new RunRegistry(ids, { state: () => state, archive, scorers, nowUnixMs });
    this.#registry = registry;
    this.#live = new LiveScores({ loop, plans, scorers, journals, log });
    this.#finisher = new RunFinisher({
      loop,
      journals,
      plans,
      archive,
      blobFolder: adapters.blobFolder,
      log,
      nowUnixMs,
    });
    const about = (): Coordinator => this.#about;
    const { blobFolder, dataFolder } = adapters;
    const verify = (runId: string): Promise<Verification> =>
      verifyRun(runId, { journals, plans, archive, blobFolder, dataFolder });
    const operators = new OperatorService({ loop, blobs, plans, registry, archive, agents, verify, about, nowUnixMs });
    this.server.addService(grpcService(AgentServiceDescriptor), agents.handlers());
    this.server.addService(grpcService(OperatorServiceDescriptor), operators.handlers());
  }

  /** Says where HTTP is served, for those who ask over gRPC. */
  describe(httpAddress: string): void {
    this.#about = create(CoordinatorSchema, {
      musterVersion: MUSTER_VERSION,
      protocolVersion: PROTOCOL_VERSION,
      schemaHash: SCHEMA_HASH,
      epoch: BigInt(this.loop.state.epoch),
      processId: process.pid,
      httpAddress,
    });
  }

  /** Waits for what is being made durable, then closes the adapters. */
  async close(): Promise<void> {
    await this.loop.settled();
    this.loop.stop();
    this.#lag.disable();
    this.#closing.abort();
    await this.#catchUp;
    await this.#adapters.scorers.close();
    await this.#adapters.blobs.close();
    await this.#adapters.journals.close();
  }

  /** What a restart needs from the journals and nobody waits for: the means of open runs, and blobs that none names. */
  async #readAgain(leftovers: Leftovers): Promise<void> {
    const { signal } = this.#closing;
    const runs = [...this.loop.state.runs.values()].filter((run) => run.phase === "computing" && run.requestsDone > 0);
    for (const { run } of runs) await this.#resumeScores(run.runId);
    await collectGarbage({ ...this.#adapters, leftovers, signal });
  }

  #makeMetrics(state: CoordinatorState): CoordinatorMetrics {
    this.#lag.enable();
    return new CoordinatorMetrics({
      state: () => state,
      connections: () => this.#agents.connections.values(),
      loopLagSeconds: () => {
        const seconds = this.#lag.percentile(99) / 1e9;
        this.#lag.reset();
        return seconds;
      },
    });
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "ScoreResponses":
        return this.#live.add(effect.runId, effect.digest);
      case "FinishRun":
        this.#live.end(effect.runId);
        return this.#finisher.finish(effect.runId);
      case "Report":
        return this.#adapters.log[effect.level](effect.message);
      case "CountRefusal":
        return this.metrics.countRefusal(effect.reason, effect.responses);
      default:
        this.#agents.perform(effect);
    }
  }

  #onDurable(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind === "RunEnded") void this.#archiveRun(event.runId);
      else if (event.kind === "RunReopened") void this.#resumeScores(event.runId);
    }
  }

  /** An ended run is written down once, then forgotten. */
  async #archiveRun(runId: string): Promise<void> {
    const run = this.loop.state.runs.get(runId);
    if (run === undefined) return;
    try {
      await this.#archive.save(await this.#registry.viewOpen(run));
      this.loop.take({ kind: "RunArchived", runId });
      this.#leases.forget(runId);
      this.#live.forget(runId);
      await this.#writer.closeRun(runId);
    } catch (error) {
      const { message } = MusterError.from(error);
      this.#adapters.log.error({ run: runId, error: message }, "cannot archive an ended run; it stays in memory");
    }
  }

  async #resumeScores(runId: string): Promise<void> {
    try {
      await this.#live.resumeRun(runId, this.#closing.signal);
    } catch (error) {
      this.#adapters.log.warn({ run: runId, error: MusterError.from(error).message }, "live scores stay behind");
    }
  }

  #diskFull(message: string | null): void {
    if (message === this.trouble) return;
    this.trouble = message;
    if (message === null) this.#adapters.log.info("the disk has room again");
    else this.#adapters.log.error({ message }, "the disk is full: nothing is taken until there is room");
  }
}
