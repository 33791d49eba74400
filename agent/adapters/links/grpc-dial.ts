import { type Client, type ClientDuplexStream, credentials, makeClientConstructor } from "@grpc/grpc-js";
import { MusterError } from "../../../base/muster-error.ts";
import { CHANNEL_OPTIONS } from "../../../base/node/channel-options.ts";
import { fromServiceError } from "../../../base/node/grpc-errors.ts";
import { grpcService } from "../../../base/node/grpc-service.ts";
import {
  AgentService,
  type ControlDown,
  type ControlUp,
  type DataDown,
  type DataUp,
} from "../../../proto/gen/muster/v1/agent_pb.js";
import type { CoordinatorChannel, MessageStream } from "../../ports/coordinator-channel.ts";

/** The window lets a long pipe fill. */
const LINK_OPTIONS = {
  ...CHANNEL_OPTIONS,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc-node.flow_control_window": 1024 * 1024,
  // One connection for each stream, so that back-pressure on data never stops a renewal.
  "grpc.use_local_subchannel_pool": 1,
};

const AgentClient = makeClientConstructor(grpcService(AgentService), "AgentService");

/** A channel over gRPC; `address` is `HOST:PORT`. */
export function dialGrpc(address: string): CoordinatorChannel {
  const clients: Client[] = [];
  const call = (method: "control" | "data"): unknown => {
    const client = new AgentClient(address, credentials.createInsecure(), LINK_OPTIONS);
    clients.push(client);
    return (client as unknown as Record<string, () => unknown>)[method]!();
  };
  return {
    control: () => new GrpcStream(call("control") as ClientDuplexStream<ControlUp, ControlDown>, address),
    data: () => new GrpcStream(call("data") as ClientDuplexStream<DataUp, DataDown>, address),
    close() {
      for (const client of clients) client.close();
    },
  };
}

class GrpcStream<Sent, Received> implements MessageStream<Sent, Received> {
  readonly #stream: ClientDuplexStream<Sent, Received>;
  readonly #address: string;

  constructor(stream: ClientDuplexStream<Sent, Received>, address: string) {
    this.#stream = stream;
    this.#address = address;
  }

  onMessage(listener: (message: Received) => void): void {
    this.#stream.on("data", listener);
  }

  onEnd(listener: (error: MusterError | null) => void): void {
    this.#stream.on("error", (error: unknown) =>
      listener(fromServiceError(error, `the coordinator at ${this.#address}`)),
    );
    this.#stream.on("end", () => listener(null));
  }

  write(message: Sent): void {
    this.#stream.write(message);
  }

  async finish(): Promise<void> {
    const left = new Promise((resolve) => this.#stream.once("status", resolve));
    this.#stream.end();
    await left;
  }

  cancel(): void {
    this.#stream.on("error", () => undefined);
    this.#stream.cancel();
  }
}
