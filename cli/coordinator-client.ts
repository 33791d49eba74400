import { create } from "@bufbuild/protobuf";
import {
  type Client,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  makeClientConstructor,
} from "@grpc/grpc-js";
import { CHANNEL_OPTIONS } from "../base/node/channel-options.ts";
import { fromServiceError } from "../base/node/grpc-errors.ts";
import { grpcService } from "../base/node/grpc-service.ts";
import type { Verification } from "../evaluation/verification.ts";
import {
  type Agent,
  type Coordinator,
  type ExportRunPart,
  type ListAgentsReply,
  type ListRunsReply,
  OperatorService,
  type Run,
  type SubmitRunMessage,
  SubmitRunMessageSchema,
  type SubmitRunReply,
  type VerifyRunReply,
} from "../proto/gen/muster/v1/operator_pb.js";

const CALL_TIMEOUT_MS = 30_000;
/** For the first question to a coordinator, which it answers from memory. */
const CONTACT_TIMEOUT_MS = 8_000;
/** Scoring a large run again takes as long as it took. */
const VERIFY_TIMEOUT_MS = 3_600_000;
const CLIENT_OPTIONS = {
  ...CHANNEL_OPTIONS,
  // A coordinator that was restarted is found again at once, not after gRPC's own two minutes.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

const OperatorClient = makeClientConstructor(grpcService(OperatorService), "OperatorService");

type Callback = (error: unknown, reply: unknown) => void;
type Methods = Record<string, (...parts: unknown[]) => unknown>;

/** A plan on its way to the coordinator. Nothing starts before `finish`. */
export interface Submission {
  /** Resolves when the connection can take more. */
  write(message: SubmitRunMessage["message"]): Promise<void>;
  /** Ends the plan with its last message; resolves once the run is durable, rejects where it is refused. */
  finish(message: SubmitRunMessage["message"]): Promise<SubmitRunReply>;
  cancel(): void;
}

/** Calls a coordinator. Errors are MusterErrors that name its address. */
export class CoordinatorClient {
  readonly address: string;
  readonly #client: Client;

  constructor(address: string) {
    this.address = address;
    this.#client = new OperatorClient(address, credentials.createInsecure(), CLIENT_OPTIONS);
  }

  getCoordinator(): Promise<Coordinator> {
    return this.#call("getCoordinator", {}, CONTACT_TIMEOUT_MS) as Promise<Coordinator>;
  }

  getRun(runId: string): Promise<Run> {
    return this.#call("getRun", { runId }) as Promise<Run>;
  }

  async listRuns(limit: number): Promise<readonly Run[]> {
    return ((await this.#call("listRuns", { limit })) as ListRunsReply).runs;
  }

  /** Opens a partial or failed run again. Throws `conflict` where it is neither. */
  retryRun(runId: string): Promise<Run> {
    return this.#call("retryRun", { runId }) as Promise<Run>;
  }

  /** Lets the coordinator make a run's scores and coverage anew. Throws `conflict` for a run without results. */
  async verifyRun(runId: string): Promise<Verification> {
    const { verificationJson } = (await this.#call("verifyRun", { runId }, VERIFY_TIMEOUT_MS)) as VerifyRunReply;
    return JSON.parse(Buffer.from(verificationJson).toString("utf8")) as Verification;
  }

  cancelRun(runId: string): Promise<Run> {
    return this.#call("cancelRun", { runId }) as Promise<Run>;
  }

  async listAgents(): Promise<readonly Agent[]> {
    return ((await this.#call("listAgents", {})) as ListAgentsReply).agents;
  }

  async drainAgent(agentId: string): Promise<void> {
    await this.#call("drainAgent", { agentId });
  }

  /** The run now and whenever it changes, until it has ended or `signal` aborts. */
  async *watchRun(runId: string, signal: AbortSignal): AsyncGenerator<Run> {
    const stream = this.#methods()["watchRun"]!({ runId }) as ClientReadableStream<Run>;
    const stop = (): void => stream.cancel();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const run of stream) yield run as Run;
    } catch (error) {
      if (!signal.aborted) throw fromServiceError(error, this.#peer());
    } finally {
      signal.removeEventListener("abort", stop);
      stream.cancel();
    }
  }

  /** A run's output files in parts; a part with a name begins a file. */
  async *exportRun(runId: string): AsyncGenerator<ExportRunPart> {
    const stream = this.#methods()["exportRun"]!({ runId }) as ClientReadableStream<ExportRunPart>;
    try {
      for await (const part of stream) yield part as ExportRunPart;
    } catch (error) {
      throw fromServiceError(error, this.#peer());
    } finally {
      stream.cancel();
    }
  }

  /** Begins to send a plan. */
  submit(): Submission {
    const reply = Promise.withResolvers<SubmitRunReply>();
    // A refusal may come while packs are being written; it is told by `finish`.
    reply.promise.catch(() => undefined);
    const done: Callback = (error, value) => {
      if (error === null) reply.resolve(value as SubmitRunReply);
      else reply.reject(fromServiceError(error, this.#peer()));
    };
    const stream = this.#methods()["submitRun"]!(done) as ClientWritableStream<SubmitRunMessage>;
    stream.on("error", (error) => reply.reject(fromServiceError(error, this.#peer())));
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
    this.#client.close();
  }

  #call(method: string, request: object, timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done: Callback = (error, reply) => {
        if (error === null) resolve(reply);
        else reject(fromServiceError(error, this.#peer()));
      };
      this.#methods()[method]!(request, { deadline: Date.now() + timeoutMs }, done);
    });
  }

  #methods(): Methods {
    return new Proxy(this.#client as unknown as Methods, {
      get: (client, name: string) => client[name]!.bind(client),
    });
  }

  #peer(): string {
    return `the coordinator at ${this.address}`;
  }
}
