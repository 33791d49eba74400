import { readdir } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import {
  type handleUnaryCall,
  type UntypedServiceImplementation,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import { type Clock, sleep } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import { toServiceError } from "../../base/node/grpc-errors.ts";
import {
  type CancelRunRequest,
  type Cluster,
  type Coordinator,
  type DrainAgentRequest,
  DrainAgentReplySchema,
  type ExportRunPart,
  ExportRunPartSchema,
  type ExportRunRequest,
  type GetRunRequest,
  type ListAgentsReply,
  ListAgentsReplySchema,
  type ListRunsReply,
  ListRunsReplySchema,
  type ListRunsRequest,
  type RetryRunRequest,
  type Run,
  type SubmitRunMessage,
  type SubmitRunReply,
  SubmitRunReplySchema,
  type VerifyRunReply,
  VerifyRunReplySchema,
  type VerifyRunRequest,
  type WatchRunRequest,
} from "../../proto/gen/muster/v1/operator_pb.js";
import type { Verification } from "../../evaluation/verification.ts";
import { onlyModel, otherPlan, type Refusal, refuseRun } from "../core/admission.ts";
import type { PlanShape } from "../core/input.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { AgentService } from "./agent-service.ts";
import { viewAgent } from "./agent-view.ts";
import type { CoordinatorLoop } from "./coordinator-loop.ts";
import { PlanIntake } from "./plan-intake.ts";
import type { PlanStore } from "./plan-store.ts";
import type { RunArchive } from "./run-archive.ts";
import type { RunRegistry } from "./run-registry.ts";

const RUNS_LISTED_MAX = 1000;
/** Four updates a second are as much as a person can read. */
const WATCH_INTERVAL_MS = 250;
const EXPORT_PART_BYTES = 16 * 1024;
const ENDED = new Set(["done", "partial", "failed", "cancelled"]);

/** What the operator service needs. */
export interface OperatorSurroundings {
  readonly loop: CoordinatorLoop;
  readonly blobs: BlobStore;
  readonly plans: PlanStore;
  readonly registry: RunRegistry;
  readonly archive: RunArchive;
  readonly agents: AgentService;
  /** Says how many frames of a run's journal were read that is written again. */
  readonly expectFrames: (runId: string, frames: number) => void;
  readonly verify: (runId: string) => Promise<Verification>;
  readonly about: () => Coordinator;
  readonly cluster: () => Promise<Cluster>;
  readonly clock: Clock;
}

/** What people and their tools call. */
export class OperatorService {
  readonly #around: OperatorSurroundings;

  constructor(surroundings: OperatorSurroundings) {
    this.#around = surroundings;
  }

  /** The gRPC handlers. */
  handlers(): UntypedServiceImplementation {
    return {
      submitRun: (
        call: ServerReadableStream<SubmitRunMessage, SubmitRunReply>,
        done: sendUnaryData<SubmitRunReply>,
      ) => {
        this.submit(call as AsyncIterable<SubmitRunMessage>).then(
          (reply) => done(null, reply),
          (error: unknown) => {
            done(toServiceError(error), null);
            call.resume();
          },
        );
      },
      getRun: unary((request: GetRunRequest) => this.#view(request.runId)),
      listRuns: unary((request: ListRunsRequest) => this.#list(request)),
      watchRun: (call: ServerWritableStream<WatchRunRequest, Run>) => endWith(call, this.#watch(call)),
      cancelRun: unary((request: CancelRunRequest) => this.cancel(request.runId)),
      retryRun: unary((request: RetryRunRequest) => this.retry(request.runId)),
      verifyRun: unary((request: VerifyRunRequest) => this.#verify(request.runId)),
      listAgents: unary(async () => this.#listAgents()),
      drainAgent: unary(async (request: DrainAgentRequest) => this.#drain(request.agentId)),
      exportRun: (call: ServerWritableStream<ExportRunRequest, ExportRunPart>) => endWith(call, this.#export(call)),
      getCoordinator: unary(async () => this.#around.about()),
      getCluster: unary(async () => this.#around.cluster()),
    };
  }

  /** Takes a run with its plan; resolves when it is durable. Throws what the submitter is to hear. */
  async submit(messages: AsyncIterable<SubmitRunMessage>): Promise<SubmitRunReply> {
    const { blobs, plans, clock } = this.#around;
    let intake: PlanIntake | null = null;
    for await (const { message } of messages) {
      if (message.case === "submission") intake = new PlanIntake(message.value, clock.unixMs(), blobs, plans);
      else if (intake === null) throw new MusterError("badData", "a plan without its submission");
      else if (message.case === "pack") await intake.addPack(message.value);
      else if (message.case === "end") return this.#accept(intake, message.value.endJson);
    }
    throw new MusterError("interrupted", "the submission broke off; nothing was started", {
      wayOut: "Submit it again.",
    });
  }

  async #accept(intake: PlanIntake, endJson: Uint8Array): Promise<SubmitRunReply> {
    const { loop, registry, clock } = this.#around;
    const shape = await intake.finish(endJson);
    const model = intake.run.model === "" ? onlyModel(loop.state) : intake.run.model;
    if (model === null) {
      throw new MusterError("usage", "the run names no model, and the connected agents do not all serve one", {
        wayOut: "Name it with --model; `muster agents` shows what is served.",
      });
    }
    // The run begins now: its plan may have been on its way, or looked at by a person, for minutes.
    const run = { ...intake.run, model, createdUnixMs: clock.unixMs() };
    const isOver = !loop.state.runs.has(run.runId) && registry.has(run.runId);
    const refusal = refuseRun(loop.state, run, shape) ?? (isOver ? await this.#refuseEnded(run.runId, shape) : null);
    if (refusal !== null) throw new MusterError(refusal.kind, refusal.message, { wayOut: refusal.wayOut });
    if (!isOver) loop.take({ kind: "RunArrived", run, shape });
    await loop.settled();
    registry.add(run.runId);
    return create(SubmitRunReplySchema, { runId: run.runId, planDigest: shape.planDigest });
  }

  /** A run that has ended is submitted again, perhaps since the first answer got lost: then nothing is to be done. */
  async #refuseEnded(runId: string, { planDigest }: PlanShape): Promise<Refusal | null> {
    const ended = await this.#around.registry.view(runId);
    return ended.planDigest === planDigest ? null : otherPlan(runId);
  }

  async #view(idOrBeginning: string): Promise<Run> {
    const { registry } = this.#around;
    return registry.view(registry.resolve(idOrBeginning));
  }

  async #list({ limit }: ListRunsRequest): Promise<ListRunsReply> {
    const runs = await this.#around.registry.newest(Math.min(limit || 20, RUNS_LISTED_MAX));
    return create(ListRunsReplySchema, { runs });
  }

  async #watch(call: ServerWritableStream<WatchRunRequest, Run>): Promise<void> {
    const { registry } = this.#around;
    const runId = registry.resolve(call.request.runId);
    while (!call.cancelled) {
      const run = await registry.view(runId);
      if (!call.write(run)) await new Promise((resolve) => call.once("drain", resolve));
      if (ENDED.has(run.state)) return;
      await sleep(this.#around.clock, WATCH_INTERVAL_MS);
    }
  }

  /** Ends a run; what it has computed is kept. Throws `conflict` where it has ended already. */
  async cancel(idOrBeginning: string): Promise<Run> {
    const { registry, loop } = this.#around;
    const runId = registry.resolve(idOrBeginning);
    const before = await registry.view(runId);
    if (ENDED.has(before.state)) {
      throw new MusterError("conflict", `run ${runId} has ended already (${before.state})`);
    }
    loop.take({ kind: "CancelRequested", runId });
    await loop.settled();
    return registry.view(runId);
  }

  /** Opens a run again whose requests did not all get an answer. */
  async retry(idOrBeginning: string): Promise<Run> {
    const { registry, archive, loop } = this.#around;
    const runId = registry.resolve(idOrBeginning);
    const { state } = await registry.view(runId);
    if (state !== "partial" && state !== "failed") {
      throw new MusterError("conflict", `run ${runId} is ${state}: there is nothing to try again`, {
        wayOut: "Runs that ended partial or failed can be tried again.",
      });
    }
    if (loop.state.runs.has(runId)) {
      throw new MusterError("conflict", `run ${runId} has just ended and is being written down`, {
        wayOut: "Try again in a moment.",
      });
    }
    const { run, frames } = await archive.read(runId);
    this.#around.expectFrames(runId, frames);
    loop.take({ kind: "RetryRequested", run });
    await loop.settled();
    return registry.view(runId);
  }

  async #verify(idOrBeginning: string): Promise<VerifyRunReply> {
    const { registry, verify } = this.#around;
    const runId = registry.resolve(idOrBeginning);
    this.#refuseWithoutResults(await registry.view(runId));
    return create(VerifyRunReplySchema, { verificationJson: Buffer.from(JSON.stringify(await verify(runId))) });
  }

  #refuseWithoutResults({ runId, state }: Run): void {
    if (state === "done" || state === "partial") return;
    throw new MusterError("conflict", `run ${runId} has no results: it is ${state}`, {
      wayOut: `\`muster runs show ${runId}\` shows how far it is.`,
    });
  }

  #listAgents(): ListAgentsReply {
    const { loop, agents } = this.#around;
    return create(ListAgentsReplySchema, {
      agents: [...loop.state.agents].map(([agentId, agent]) =>
        viewAgent(loop.state, agent, agents.connections.get(agentId) ?? null),
      ),
    });
  }

  #drain(agentId: string): ReturnType<typeof create<typeof DrainAgentReplySchema>> {
    const { loop } = this.#around;
    if (loop.state.agents.get(agentId)?.connected !== true) {
      throw new MusterError("notFound", `no agent ${agentId} is connected`, { wayOut: "`muster agents` lists them." });
    }
    loop.take({ kind: "DrainRequested", agentId });
    return create(DrainAgentReplySchema);
  }

  async #export(call: ServerWritableStream<ExportRunRequest, ExportRunPart>): Promise<void> {
    const { registry, archive } = this.#around;
    const runId = registry.resolve(call.request.runId);
    this.#refuseWithoutResults(await registry.view(runId));
    const folder = archive.outputFolder(runId);
    for (const fileName of (await readdir(folder)).sort()) {
      let first = true;
      for await (const bytes of createReadStream(join(folder, fileName), { highWaterMark: EXPORT_PART_BYTES })) {
        const part = create(ExportRunPartSchema, { fileName: first ? fileName : "", bytes: bytes as Buffer });
        first = false;
        if (!call.write(part)) await new Promise((resolve) => call.once("drain", resolve));
        if (call.cancelled) return;
      }
      if (first) call.write(create(ExportRunPartSchema, { fileName }));
    }
  }
}

/** Answers one question with one answer. */
export function unary<Q, R>(handle: (request: Q) => Promise<R>): handleUnaryCall<Q, R> {
  return (call: ServerUnaryCall<Q, R>, done: sendUnaryData<R>) => {
    handle(call.request).then(
      (reply) => done(null, reply),
      (error: unknown) => done(toServiceError(error), null),
    );
  };
}

/** Ends a server stream when its work is done, or with the error that stopped it. */
function endWith<Q, R>(call: ServerWritableStream<Q, R>, work: Promise<void>): void {
  work.then(
    () => call.end(),
    (error: unknown) => call.destroy(Object.assign(new Error("ended"), toServiceError(error))),
  );
}
