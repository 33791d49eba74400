import type { MusterError } from "../../base/muster-error.ts";
import type { ControlDown, ControlUp, DataDown, DataUp } from "../../proto/gen/muster/v1/agent_pb.js";

/** One of the two streams to a coordinator: ordered and lossless until it ends. Nothing is told after `cancel`. */
export interface MessageStream<Sent, Received> {
  onMessage(listener: (message: Received) => void): void;
  /** Told once: the reason, or null where the coordinator ended it in order. */
  onEnd(listener: (error: MusterError | null) => void): void;
  write(message: Sent): void;
  /** Says that nothing more is sent; resolves when what was written has left. */
  finish(): Promise<void>;
  /** Ends it at once. */
  cancel(): void;
}

/** A way to one coordinator. Each stream has a connection of its own, so that data never holds up a renewal. */
export interface CoordinatorChannel {
  control(): MessageStream<ControlUp, ControlDown>;
  data(): MessageStream<DataUp, DataDown>;
  close(): void;
}

/** Makes a channel to an address. It connects when the first stream is opened. */
export type Dial = (address: string) => CoordinatorChannel;
