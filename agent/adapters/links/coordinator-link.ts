import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { type ClientDuplexStream, Client, credentials, makeClientConstructor } from "@grpc/grpc-js";
import { MusterError } from "../../../base/muster-error.ts";
import { CHANNEL_OPTIONS } from "../../../base/node/channel-options.ts";
import { fromServiceError } from "../../../base/node/grpc-errors.ts";
import { grpcService } from "../../../base/node/grpc-service.ts";
import {
  AgentService,
  type ControlDown,
  type ControlUp,
  ControlUpSchema,
  type DataDown,
  type DataUp,
  DataUpSchema,
  type Hello,
  type Welcome,
} from "../../../proto/gen/muster/v1/agent_pb.js";

type ControlStream = ClientDuplexStream<ControlUp, ControlDown>;
type DataStream = ClientDuplexStream<DataUp, DataDown>;

/** The window lets a long pipe fill. */
const LINK_OPTIONS = {
  ...CHANNEL_OPTIONS,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc-node.flow_control_window": 1024 * 1024,
  // One connection for each stream, so that back-pressure on data never stops a renewal.
  "grpc.use_local_subchannel_pool": 1,
};

/** A welcome that does not come is a broken connection. */
const WELCOME_TIMEOUT_MS = 10_000;

/** How long an orderly end may take. */
const CLOSE_TIMEOUT_MS = 500;

/** What a link tells its owner. It ends with one `down` or one `refused`, whether it came up or not. */
export interface LinkListener {
  /** What to introduce this agent with; asked for at each attempt. */
  hello(): Hello;
  up(welcome: Welcome): void;
  control(message: ControlDown["message"]): void;
  data(message: DataDown["message"]): void;
  down(error: MusterError): void;
  /** The coordinator will never work with this agent as it is. */
  refused(error: MusterError): void;
}

const AgentClient = makeClientConstructor(grpcService(AgentService), "AgentService");

/** One attempt to be connected: two streams on two connections. After `down` it is of no more use. */
export class CoordinatorLink {
  readonly #address: string;
  readonly #listener: LinkListener;
  readonly #clients: Client[] = [];
  #control: ControlStream | null = null;
  #data: DataStream | null = null;
  #welcome: Welcome | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(address: string, listener: LinkListener) {
    this.#address = address;
    this.#listener = listener;
  }

  /** Begins; the outcome arrives at the listener. */
  open(): void {
    this.#timer = setTimeout(
      () => this.#end(new MusterError("timeout", `${this.#address} took the connection but did not answer`)),
      WELCOME_TIMEOUT_MS,
    );
    const control = this.#call("control") as ControlStream;
    this.#control = control;
    this.#guard(control);
    control.on("data", ({ message }: ControlDown) => this.#onControl(message));
    this.sendControl({ case: "hello", value: this.#listener.hello() });
  }

  sendControl(message: ControlUp["message"]): void {
    if (!this.#ended) this.#control?.write(create(ControlUpSchema, { message }));
  }

  sendData(message: DataUp["message"]): void {
    if (!this.#ended) this.#data?.write(create(DataUpSchema, { message }));
  }

  /** Ends both streams in order; resolves when what was written has left, or soon. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const streams = [this.#data, this.#control].filter((stream) => stream !== null);
    const closed = streams.map((stream) => new Promise((resolve) => stream.once("status", resolve)));
    for (const stream of streams) stream.end();
    await Promise.race([Promise.all(closed), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.#end(new MusterError("interrupted", "the agent closed the connection"));
  }

  #call(method: "control" | "data"): unknown {
    const client = new AgentClient(this.#address, credentials.createInsecure(), LINK_OPTIONS);
    this.#clients.push(client);
    return (client as unknown as Record<string, () => unknown>)[method]!();
  }

  #guard(stream: ControlStream | DataStream): void {
    stream.on("error", (error: unknown) => this.#end(fromServiceError(error, `the coordinator at ${this.#address}`)));
    stream.on("end", () => this.#end(new MusterError("connection", `${this.#address} ended the connection`)));
  }

  #onControl(message: ControlDown["message"]): void {
    if (message.case === "refusal") {
      const kind = message.value.kind === "capability" ? "unsupported" : "conflict";
      const sentence = `the coordinator at ${this.#address} refuses this agent: ${message.value.message}`;
      return this.#end(new MusterError(kind, sentence), "refused");
    }
    if (message.case !== "welcome") return this.#listener.control(message);
    this.#welcome = message.value;
    const data = this.#call("data") as DataStream;
    this.#data = data;
    this.#guard(data);
    data.on("data", (down: DataDown) => this.#onData(down.message));
    const { agentId, incarnation } = this.#listener.hello();
    this.sendData({ case: "dataHello", value: { $typeName: "muster.v1.DataHello", agentId, incarnation } });
  }

  #onData(message: DataDown["message"]): void {
    if (message.case !== "dataWelcome") return this.#listener.data(message);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#welcome !== null) this.#listener.up(this.#welcome);
  }

  #end(error: MusterError, how: "down" | "refused" = "down"): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const stream of [this.#control, this.#data]) {
      stream?.on("error", () => undefined);
      stream?.cancel();
    }
    for (const client of this.#clients) client.close();
    this.#listener[how](error);
  }
}
