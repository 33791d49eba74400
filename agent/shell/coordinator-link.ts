import { create } from "@bufbuild/protobuf";
import { type Cancel, type Clock, sleep } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import {
  type ControlDown,
  type ControlUp,
  ControlUpSchema,
  type DataDown,
  type DataUp,
  DataUpSchema,
  type Hello,
  type Welcome,
} from "../../proto/gen/muster/v1/agent_pb.js";
import type { CoordinatorChannel, Dial, MessageStream } from "../ports/coordinator-channel.ts";

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

/** Where a link leads, and what it is made of. */
export interface LinkSurroundings {
  readonly address: string;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly listener: LinkListener;
}

/** One attempt to be connected: two streams on two connections. After `down` it is of no more use. */
export class CoordinatorLink {
  readonly #address: string;
  readonly #clock: Clock;
  readonly #listener: LinkListener;
  readonly #channel: CoordinatorChannel;
  #control: MessageStream<ControlUp, ControlDown> | null = null;
  #data: MessageStream<DataUp, DataDown> | null = null;
  #welcome: Welcome | null = null;
  #cancelTimeout: Cancel = () => {};
  #ended = false;

  constructor({ address, dial, clock, listener }: LinkSurroundings) {
    this.#address = address;
    this.#clock = clock;
    this.#listener = listener;
    this.#channel = dial(address);
  }

  /** Begins; the outcome arrives at the listener. */
  open(): void {
    this.#cancelTimeout = this.#clock.after(WELCOME_TIMEOUT_MS, () =>
      this.#end(new MusterError("timeout", `${this.#address} took the connection but did not answer`)),
    );
    const control = this.#channel.control();
    this.#control = control;
    this.#guard(control);
    control.onMessage(({ message }) => this.#onControl(message));
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
    const left = Promise.all(streams.map((stream) => stream.finish()));
    await Promise.race([left, sleep(this.#clock, CLOSE_TIMEOUT_MS)]);
    this.#end(new MusterError("interrupted", "the agent closed the connection"));
  }

  #guard(stream: MessageStream<never, unknown>): void {
    stream.onEnd((error) => this.#end(error ?? new MusterError("connection", `${this.#address} ended the connection`)));
  }

  #onControl(message: ControlDown["message"]): void {
    if (message.case === "refusal") {
      const kind = message.value.kind === "capability" ? "unsupported" : "conflict";
      const sentence = `the coordinator at ${this.#address} refuses this agent: ${message.value.message}`;
      return this.#end(new MusterError(kind, sentence), "refused");
    }
    if (message.case !== "welcome") return this.#listener.control(message);
    this.#welcome = message.value;
    const data = this.#channel.data();
    this.#data = data;
    this.#guard(data);
    data.onMessage((down) => this.#onData(down.message));
    const { agentId, incarnation } = this.#listener.hello();
    this.sendData({ case: "dataHello", value: { $typeName: "muster.v1.DataHello", agentId, incarnation } });
  }

  #onData(message: DataDown["message"]): void {
    if (message.case !== "dataWelcome") return this.#listener.data(message);
    this.#cancelTimeout();
    if (this.#welcome !== null) this.#listener.up(this.#welcome);
  }

  #end(error: MusterError, how: "down" | "refused" = "down"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimeout();
    for (const stream of [this.#control, this.#data]) stream?.cancel();
    this.#channel.close();
    this.#listener[how](error);
  }
}
