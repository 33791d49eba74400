import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { ServerCredentials } from "@grpc/grpc-js";
import { pino } from "pino";
import { FolderBlobStore } from "../../coordinator/adapters/blobs/folder-blob-store.ts";
import { SqliteJournalStore } from "../../coordinator/adapters/journals/sqlite-journal-store.ts";
import type { RunState } from "../../coordinator/core/state.ts";
import { ScorerPool } from "../../coordinator/scoring/scorer-pool.ts";
import { CoordinatorParts } from "../../coordinator/shell/coordinator-parts.ts";
import { digestPlan, type PlanManifest, PlanStore } from "../../coordinator/shell/plan-store.ts";
import { ClusterSchema, CoordinatorSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import { CHOICE_TASK, storePlan } from "./stored-run.ts";

const CHOICES = 3;

/**
 * A coordinator inside the test's process, with its real parts: journal and blobs on disk, gRPC on loopback. It can be
 * stopped and started again on the same folder and port.
 */
export class InProcessCoordinator {
  readonly #folder: string;
  readonly #leaseDurationMs: number;
  #parts: CoordinatorParts | null = null;
  #port = 0;
  readonly #known = new Map<string, RunState>();
  /** Messages that it logged. */
  readonly said: string[] = [];

  constructor(folder: string, leaseDurationMs = 60_000) {
    this.#folder = folder;
    this.#leaseDurationMs = leaseDurationMs;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The state of a run; of one that has ended and was archived, the last one. */
  run(runId: string): RunState {
    const run = this.#parts?.shell.loop.state.runs.get(runId) ?? this.#known.get(runId);
    if (run === undefined) throw new Error(`no run ${runId}`);
    this.#known.set(runId, run);
    return run;
  }

  /** What it tells Prometheus. */
  metrics(): Promise<string> {
    return this.#running().shell.metrics.registry.metrics();
  }

  async start(): Promise<void> {
    const blobFolder = join(this.#folder, "blobs");
    const parts = await CoordinatorParts.open({
      journals: new SqliteJournalStore(join(this.#folder, "journals")),
      blobs: new FolderBlobStore(blobFolder),
      scorers: new ScorerPool({ workers: 1, blobFolder }),
      dataFolder: this.#folder,
      about: () => create(CoordinatorSchema, { role: "leader" }),
      cluster: async () => create(ClusterSchema),
      log: pino(
        { level: "info" },
        { write: (line: string) => this.said.push((JSON.parse(line) as { msg: string }).msg) },
      ),
      leaseDurationMs: this.#leaseDurationMs,
    });
    this.#parts = parts;
    this.#port = await new Promise<number>((resolve, reject) => {
      parts.server.bindAsync(this.address, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  /** Ends all connections at once. */
  async stop(): Promise<void> {
    if (this.#parts === null) return;
    this.#parts.server.forceShutdown();
    await this.#parts.close();
    this.#parts = null;
  }

  /** Starts a run of `samples` samples with three requests each; its plan. */
  async submit(runId: string, samples: number, model: string): Promise<PlanManifest> {
    const blobs = new FolderBlobStore(join(this.#folder, "blobs"));
    const plan = await storePlan(blobs, { tasks: [CHOICE_TASK], samplesPerTask: samples });
    const manifestBlob = await new PlanStore(blobs).saveManifest(plan);
    const run = { runId, suite: "s", model, seed: 0, submittedBy: "test", createdUnixMs: 1_000 };
    const shape = {
      planDigest: digestPlan(plan),
      manifestBlob,
      requestCount: samples * CHOICES,
      sampleCount: samples,
      sampleRequestCount: new Uint32Array(samples).fill(CHOICES),
      sampleCostTokens: new Uint32Array(samples).fill(10),
      sampleTask: new Uint32Array(samples),
      taskKinds: ["loglikelihood" as const],
      taskNames: [CHOICE_TASK.name],
    };
    this.#running().shell.loop.take({ kind: "RunArrived", run, shape });
    this.run(runId);
    await this.#running().shell.loop.settled();
    return plan;
  }

  #running(): CoordinatorParts {
    if (this.#parts === null) throw new Error("the coordinator is stopped");
    return this.#parts;
  }
}
