import { create } from "@bufbuild/protobuf";
import {
  type ControlDown,
  ControlDownSchema,
  type ControlUp,
  type DataDown,
  DataDownSchema,
  type DataUp,
  type Telemetry,
} from "../../proto/gen/muster/v1/agent_pb.js";
import type { AgentStream } from "../ports/agent-stream.ts";

/** Messages for a data stream that is not open yet; an agent opens it right after its control stream. */
const DATA_WAITING_MAX = 10_000;

/** One connected agent: its control stream and, a moment later, its data stream. */
export class AgentConnection {
  readonly agentId: string;
  readonly incarnation: string;
  readonly connectedUnixMs: number;
  lastSeenUnixMs: number;
  telemetry: Telemetry | null = null;
  /** How far the agent's calendar is ahead of this one's; null: not known. */
  clockSkewMs: number | null = null;
  batchesInFlight = 0;
  readonly #control: AgentStream<ControlDown, ControlUp>;
  #data: AgentStream<DataDown, DataUp> | null = null;
  #waiting: DataDown[] = [];
  #closed = false;

  constructor(agentId: string, incarnation: string, control: AgentStream<ControlDown, ControlUp>, nowUnixMs: number) {
    this.agentId = agentId;
    this.incarnation = incarnation;
    this.#control = control;
    this.connectedUnixMs = nowUnixMs;
    this.lastSeenUnixMs = nowUnixMs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Small and rare messages: written without waiting. */
  sendControl(message: ControlDown["message"]): void {
    if (!this.#closed) this.#control.write(create(ControlDownSchema, { message }));
  }

  /** Writes to the data stream, or keeps the message until that is open. False: wait for `drained` before more. */
  sendData(message: DataDown["message"]): boolean {
    if (this.#closed) return true;
    const down = create(DataDownSchema, { message });
    if (this.#data !== null) return this.#data.write(down);
    this.#waiting.push(down);
    if (this.#waiting.length > DATA_WAITING_MAX) this.close("the agent opened no data stream");
    return true;
  }

  /** Resolves when the data stream can take more, or the connection is closed. */
  async drained(): Promise<void> {
    if (!this.#closed) await this.#data?.drained();
  }

  openData(stream: AgentStream<DataDown, DataUp>): void {
    this.#data?.end();
    this.#data = stream;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) stream.write(message);
  }

  /** A data stream that breaks takes the connection down: requests on it may be lost, and only a new hello tells. */
  closeData(stream: AgentStream<DataDown, DataUp>): void {
    if (this.#data !== stream) return;
    this.#data = null;
    this.close("the data stream ended");
  }

  close(_reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#data?.end();
    this.#control.end();
  }
}
