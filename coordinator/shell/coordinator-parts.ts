import { monitorEventLoopDelay } from "node:perf_hooks";
import { create } from "@bufbuild/protobuf";
import { Server } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { collectDefaultMetrics } from "prom-client";
import { CHANNEL_OPTIONS } from "../../base/node/channel-options.ts";
import { grpcService } from "../../base/node/grpc-service.ts";
import { SYSTEM_CLOCK } from "../../base/node/system-clock.ts";
import { MUSTER_VERSION } from "../../base/node/version.ts";
import { AgentService as AgentServiceDescriptor } from "../../proto/gen/muster/v1/agent_pb.js";
import {
  type Cluster,
  type Coordinator,
  CoordinatorSchema,
  OperatorService as OperatorServiceDescriptor,
} from "../../proto/gen/muster/v1/operator_pb.js";
import type { Verification } from "../../evaluation/verification.ts";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../proto/version.ts";
import { FolderRunFiles } from "../adapters/folder-run-files.ts";
import { agentHandlers } from "../adapters/streams/grpc-agent-stream.ts";
import type { RunState } from "../core/state.ts";
import type { BlobFolder } from "../ports/blob-folder.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { RunScores } from "../scoring/finish-run.ts";
import type { ScorerPool } from "../scoring/scorer-pool.ts";
import { CoordinatorShell } from "./coordinator-shell.ts";
import { OperatorService } from "./operator-service.ts";
import { PlanStore } from "./plan-store.ts";
import { makeOutputs } from "./run-outputs.ts";
import { verifyRun } from "./run-verifier.ts";

const SERVER_OPTIONS = {
  ...CHANNEL_OPTIONS,
  "grpc.keepalive_permit_without_calls": 1,
};

/** The adapters a coordinator works with, made by `main`. */
export interface CoordinatorAdapters {
  readonly journals: JournalStore;
  readonly blobs: BlobStore & BlobFolder;
  readonly scorers: ScorerPool;
  readonly dataFolder: string;
  readonly log: Logger;
  readonly leaseDurationMs: number;
  /** What it says of itself, and of the cluster. */
  readonly about: () => Coordinator;
  readonly cluster: () => Promise<Cluster>;
}

/** A coordinator's process: the shell on this machine's clock and files, served over gRPC. */
export class CoordinatorParts {
  readonly server = new Server(SERVER_OPTIONS);
  readonly shell: CoordinatorShell;
  readonly #adapters: CoordinatorAdapters;

  /** Takes up the runs that the journals leave open; resolves once the new epoch is durable. */
  static async open(adapters: CoordinatorAdapters): Promise<CoordinatorParts> {
    const { journals, blobs, scorers, dataFolder, log, leaseDurationMs } = adapters;
    const runFiles = new FolderRunFiles(dataFolder);
    const plans = new PlanStore(blobs);
    const scoreRun = (run: RunState): Promise<RunScores> =>
      makeOutputs(run, {
        ...{ journals, plans, blobs, musterVersion: MUSTER_VERSION, endedUnixMs: Date.now() },
        outputFolder: runFiles.outputFolder(run.run.runId),
      });
    const shell = await CoordinatorShell.open({
      ...{ journals, blobs, runFiles, scorers, scoreRun, clock: SYSTEM_CLOCK, log },
      settings: { leaseDurationMs },
      loopLagSeconds: measureLag(),
    });
    return new CoordinatorParts(adapters, shell);
  }

  private constructor(adapters: CoordinatorAdapters, shell: CoordinatorShell) {
    this.#adapters = adapters;
    this.shell = shell;
    const { journals, blobs, dataFolder, about, cluster } = adapters;
    const { loop, plans, archive, registry, agents, metrics } = shell;
    collectDefaultMetrics({ register: metrics.registry });
    const verify = (runId: string): Promise<Verification> =>
      verifyRun(runId, { journals, plans, archive, blobs, dataFolder });
    const operators = new OperatorService({
      ...{ loop, blobs, plans, registry, archive, agents, verify, about, cluster, clock: SYSTEM_CLOCK },
      expectFrames: (runId, frames) => shell.expectFrames(runId, frames),
    });
    this.server.addService(grpcService(AgentServiceDescriptor), agentHandlers(agents));
    this.server.addService(grpcService(OperatorServiceDescriptor), operators.handlers());
  }

  /** Waits for what is being made durable, then closes the adapters. */
  async close(): Promise<void> {
    await this.shell.close();
    await this.#adapters.scorers.close();
    await this.#adapters.blobs.close();
    await this.#adapters.journals.close();
  }
}

/** What a coordinator of this program says of itself. */
export function aboutCoordinator(
  facts: Pick<Coordinator, "role" | "epoch" | "httpAddress" | "leaderAddress">,
): Coordinator {
  return create(CoordinatorSchema, {
    role: facts.role,
    epoch: facts.epoch,
    httpAddress: facts.httpAddress,
    leaderAddress: facts.leaderAddress,
    musterVersion: MUSTER_VERSION,
    protocolVersion: PROTOCOL_VERSION,
    schemaHash: SCHEMA_HASH,
    processId: process.pid,
  });
}

/** Begins to watch the event loop's lag. */
function measureLag(): () => number {
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  return () => {
    const seconds = lag.percentile(99) / 1e9;
    lag.reset();
    return seconds;
  };
}
