import { type ServerDuplexStream, status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { MusterError } from "../../../base/muster-error.ts";
import type { ControlDown, ControlUp, DataDown, DataUp } from "../../../proto/gen/muster/v1/agent_pb.js";
import type { AgentStream } from "../../ports/agent-stream.ts";

/** Who takes agents' streams. */
export interface StreamTaker {
  control(stream: AgentStream<ControlDown, ControlUp>): void;
  data(stream: AgentStream<DataDown, DataUp>): void;
}

/** The gRPC handlers of the agents' service. */
export function agentHandlers(taker: StreamTaker): UntypedServiceImplementation {
  return {
    control: (stream: ServerDuplexStream<ControlUp, ControlDown>) => taker.control(new GrpcAgentStream(stream)),
    data: (stream: ServerDuplexStream<DataUp, DataDown>) => taker.data(new GrpcAgentStream(stream)),
  };
}

class GrpcAgentStream<Sent, Received> implements AgentStream<Sent, Received> {
  readonly #stream: ServerDuplexStream<Received, Sent>;

  constructor(stream: ServerDuplexStream<Received, Sent>) {
    this.#stream = stream;
  }

  onMessage(listener: (message: Received) => void): void {
    this.#stream.on("data", listener);
  }

  onEnd(listener: () => void): void {
    this.#stream.on("error", listener);
    this.#stream.on("close", listener);
    this.#stream.on("end", () => {
      listener();
      this.#stream.end();
    });
  }

  write(message: Sent): boolean {
    return this.#stream.write(message);
  }

  async drained(): Promise<void> {
    const stream = this.#stream;
    if (!stream.writableNeedDrain || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      stream.once("drain", resolve);
      stream.once("close", resolve);
    });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.#stream.end();
  }

  fail({ kind, message }: MusterError): void {
    const code = kind === "noSpace" ? status.RESOURCE_EXHAUSTED : status.INVALID_ARGUMENT;
    this.#stream.emit("error", Object.assign(new Error(message), { code, details: message }));
  }
}
