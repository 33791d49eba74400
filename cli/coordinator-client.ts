import { create } from "@bufbuild/protobuf";
import type { ClientReadableStream, ClientWritableStream } from "@grpc/grpc-js";
import type { MusterError } from "../base/muster-error.ts";
import { fromServiceError } from "../base/node/grpc-errors.ts";
import type { Verification } from "../evaluation/verification.ts";
import {
  type Agent,
  type Cluster,
  type Coordinator,
  type ExportRunPart,
  type ListAgentsReply,
  type ListRunsReply,
  type Run,
  type SubmitRunMessage,
  SubmitRunMessageSchema,
  type SubmitRunReply,
  type VerifyRunReply,
} from "../proto/gen/muster/v1/operator_pb.js";
import { LeaderConnection } from "./leader-connection.ts";

const CALL_TIMEOUT_MS = 30_000;
/** Scoring a large run again takes as long as it took. */
const VERIFY_TIMEOUT_MS = 3_600_000;

type Callback = (error: unknown, reply: unknown) => void;

/** A plan on its way to the coordinator. Nothing starts before `finish`. */
export interface Submission {
  /** Resolves when the connection can take more. */
  write(message: SubmitRunMessage["message"]): Promise<void>;
  /** Ends the plan with its last message; resolves once the run is durable, rejects where it is refused. */
  finish(message: SubmitRunMessage["message"]): Promise<SubmitRunReply>;
  cancel(): void;
}

/** Calls the coordinator that leads. Errors are MusterErrors that name its address. */
export class CoordinatorClient {
  /** `HOST:PORT` as it was given, several with commas between. */
  readonly addresses: string;
  readonly #leader: LeaderConnection;

  constructor(addresses: string) {
    this.addresses = addresses;
    this.#leader = new LeaderConnection(addresses);
  }

  getCoordinator(): Promise<Coordinator> {
    return this.#call("getCoordinator", {}) as Promise<Coordinator>;
  }

  getCluster(): Promise<Cluster> {
    return this.#call("getCluster", {}) as Promise<Cluster>;
  }

  getRun(runId: string): Promise<Run> {
    return this.#call("getRun", { runId }) as Promise<Run>;
  }

  async listRuns(limit: number): Promise<readonly Run[]> {
    return ((await this.#call("listRuns", { limit })) as ListRunsReply).runs;
  }

  /** Opens a partial or failed run again. Throws `conflict` where it is neither. */
  retryRun(runId: string): Promise<Run> {
    return this.#leader.order("retryRun", { runId }, CALL_TIMEOUT_MS) as Promise<Run>;
  }

  /** Lets the coordinator make a run's scores and coverage anew. Throws `conflict` for a run without results. */
  async verifyRun(runId: string): Promise<Verification> {
    const { verificationJson } = (await this.#call("verifyRun", { runId }, VERIFY_TIMEOUT_MS)) as VerifyRunReply;
    return JSON.parse(Buffer.from(verificationJson).toString("utf8")) as Verification;
  }

  cancelRun(runId: string): Promise<Run> {
    return this.#leader.order("cancelRun", { runId }, CALL_TIMEOUT_MS) as Promise<Run>;
  }

  async listAgents(): Promise<readonly Agent[]> {
    return ((await this.#call("listAgents", {})) as ListAgentsReply).agents;
  }

  async drainAgent(agentId: string): Promise<void> {
    await this.#leader.order("drainAgent", { agentId }, CALL_TIMEOUT_MS);
  }

  /** The run now and whenever it changes, until it has ended or `signal` aborts. */
  async *watchRun(runId: string, signal: AbortSignal): AsyncGenerator<Run> {
    const stream = (await this.#leader.methods())["watchRun"]!({ runId }) as ClientReadableStream<Run>;
    const stop = (): void => stream.cancel();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const run of stream) yield run as Run;
    } catch (error) {
      if (!signal.aborted) throw this.#broken(error);
    } finally {
      signal.removeEventListener("abort", stop);
      stream.cancel();
    }
  }

  /** A run's output files in parts; a part with a name begins a file. */
  async *exportRun(runId: string): AsyncGenerator<ExportRunPart> {
    const stream = (await this.#leader.methods())["exportRun"]!({ runId }) as ClientReadableStream<ExportRunPart>;
    try {
      for await (const part of stream) yield part as ExportRunPart;
    } catch (error) {
      throw this.#broken(error);
    } finally {
      stream.cancel();
    }
  }

  /** Begins to send a plan. */
  async submit(): Promise<Submission> {
    const methods = await this.#leader.methods();
    const reply = Promise.withResolvers<SubmitRunReply>();
    // A refusal may come while packs are being written; it is told by `finish`.
    reply.promise.catch(() => undefined);
    const done: Callback = (error, value) => {
      if (error === null) reply.resolve(value as SubmitRunReply);
      else reply.reject(this.#broken(error));
    };
    const stream = methods["submitRun"]!(done) as ClientWritableStream<SubmitRunMessage>;
    stream.on("error", (error) => reply.reject(this.#broken(error)));
    const write = async (message: SubmitRunMessage["message"]): Promise<void> => {
      if (stream.write(create(SubmitRunMessageSchema, { message }))) return;
      // A refusal ends the waiting, too.
      const drained = new Promise<void>((resolve) => stream.once("drain", () => resolve()));
      await Promise.race([drained, reply.promise]);
    };
    return {
      write,
      async finish(message) {
        await write(message);
        stream.end();
        return reply.promise;
      },
      cancel: () => stream.cancel(),
    };
  }

  close(): void {
    this.#leader.close();
  }

  #call(method: string, request: object, timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> {
    return this.#leader.ask(method, request, timeoutMs);
  }

  /** A stream's error as one of ours; the next call looks again who leads. */
  #broken(error: unknown): MusterError {
    this.#leader.forget();
    return fromServiceError(error, this.#leader.peer);
  }
}
