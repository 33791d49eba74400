import type { MusterError } from "../../base/muster-error.ts";

/** One of an agent's two streams, seen from here: ordered and lossless until it ends. */
export interface AgentStream<Sent, Received> {
  onMessage(listener: (message: Received) => void): void;
  /** Told when the agent ended it, it broke, or it was ended here; perhaps more than once. */
  onEnd(listener: () => void): void;
  /** False: it is full, wait for `drained` before more. */
  write(message: Sent): boolean;
  /** Resolves when it can take more, or is gone. */
  drained(): Promise<void>;
  /** Takes no message for now, which slows the agent down. */
  pause(): void;
  resume(): void;
  /** Ends it in order. */
  end(): void;
  /** Ends it with a reason that the agent is told. */
  fail(error: MusterError): void;
}
