import { createWriteStream, type WriteStream } from "node:fs";
import { basename, join } from "node:path";
import { finished } from "node:stream/promises";
import { create } from "@bufbuild/protobuf";
import {
  type Client,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  makeClientConstructor,
} from "@grpc/grpc-js";
import { MusterError } from "../base/muster-error.ts";
import { fromServiceError } from "../base/node/grpc-errors.ts";
import { grpcService } from "../base/node/grpc-service.ts";
import {
  type Agent,
  type ExportRunPart,
  type ListAgentsReply,
  type ListRunsReply,
  OperatorService,
  type Run,
  type SubmitRunMessage,
  SubmitRunMessageSchema,
  type SubmitRunReply,
} from "../proto/gen/muster/v1/operator_pb.js";

const CALL_TIMEOUT_MS = 30_000;
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
  "grpc.max_send_message_length": 16 * 1024 * 1024,
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 2_000,
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
    this.#client = new OperatorClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  getRun(runId: string): Promise<Run> {
    return this.#call("getRun", { runId }) as Promise<Run>;
  }

  async listRuns(limit: number): Promise<readonly Run[]> {
    return ((await this.#call("listRuns", { limit })) as ListRunsReply).runs;
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

  /** Writes a run's output files into a folder that exists. Throws what the disk says, naming the file. */
  async exportRun(runId: string, folder: string): Promise<readonly string[]> {
    const stream = this.#methods()["exportRun"]!({ runId }) as ClientReadableStream<ExportRunPart>;
    const names: string[] = [];
    let file: WriteStream | null = null;
    try {
      for await (const part of stream as AsyncIterable<ExportRunPart>) {
        if (part.fileName !== "") {
          if (file !== null) await closeFile(file);
          const name = basename(part.fileName);
          names.push(name);
          file = createWriteStream(join(folder, name));
          // Reported by closeFile; without a listener it would end the process.
          file.on("error", () => stream.cancel());
        }
        if (file !== null && !file.write(part.bytes) && !file.destroyed) {
          await new Promise((resolve) => file!.once("drain", resolve).once("error", resolve));
        }
      }
    } catch (error) {
      if (file?.errored == null) throw fromServiceError(error, this.#peer());
    }
    if (file !== null) await closeFile(file);
    return names;
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
      await Promise.race([new Promise((resolve) => stream.once("drain", resolve)), reply.promise]);
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

  #call(method: string, request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done: Callback = (error, reply) => {
        if (error === null) resolve(reply);
        else reject(fromServiceError(error, this.#peer()));
      };
      this.#methods()[method]!(request, { deadline: Date.now() + CALL_TIMEOUT_MS }, done);
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

async function closeFile(file: WriteStream): Promise<void> {
  try {
    file.end();
    await finished(file);
  } catch (error) {
    throw new MusterError("noSpace", `cannot write ${String(file.path)}: ${(error as Error).message}`, {
      wayOut: "The results are kept: `muster runs export RUN --output FOLDER` writes them again.",
      cause: error,
    });
  }
}
