import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import type { LeasedSample } from "../../agent/core/input.ts";
import type { AgentAnnouncement, ResponseBatch } from "../../coordinator/core/input.ts";
import type { ProcessLife } from "./process-life.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Messages as in proto/muster/v1/agent.proto, without what the cores do not look at. */
export type ControlUp =
  | { readonly kind: "hello"; readonly agent: AgentAnnouncement; readonly heldLeaseIds: readonly string[] }
  | { readonly kind: "workWanted"; readonly slotId: string; readonly tokensPerSecond: number }
  | { readonly kind: "leaseRenewal"; readonly leaseIds: readonly string[] }
  | { readonly kind: "leaseReturn"; readonly leaseId: string; readonly reason: string }
  | { readonly kind: "samplesReturn"; readonly leaseId: string; readonly samples: readonly number[] };

export type ControlDown =
  | { readonly kind: "welcome"; readonly keptLeaseIds: readonly string[] }
  | {
      readonly kind: "leaseGrant";
      readonly leaseId: string;
      readonly runId: string;
      readonly slotId: string;
      readonly requestCount: number;
    }
  | { readonly kind: "leaseRevocation"; readonly leaseId: string }
  | { readonly kind: "leaseRecall"; readonly leaseId: string; readonly samplesMax: number }
  | { readonly kind: "drainOrder" };

export type DataUp =
  | { readonly kind: "dataHello"; readonly agentId: string; readonly incarnation: string }
  | { readonly kind: "responseBatch"; readonly batch: ResponseBatch };

/** A sample of a lease with those of its requests that are to be answered. */
export interface SentSample extends LeasedSample {
  readonly requests: readonly number[];
}

export type DataDown =
  | { readonly kind: "dataWelcome" }
  | {
      readonly kind: "leaseRequests";
      readonly leaseId: string;
      readonly runId: string;
      readonly samples: readonly SentSample[];
    }
  | { readonly kind: "batchAcknowledgement"; readonly batchNumber: number };

/** Slowest delivery of a message, milliseconds. */
const LATENCY_MAX_MS = 60;
/** A side notices a dead connection by its keep-alive within this time. */
const NOTICE_MAX_MS = 4_000;

type StreamName = "controlUp" | "controlDown" | "dataUp" | "dataDown";

/** One end of a connection. */
export interface LinkEnd<Control, Data> {
  readonly life: ProcessLife;
  control(message: Control): void;
  data(message: Data): void;
  /** The connection is gone; told once. */
  down(): void;
}

/**
 * A connection: two streams, each ordered and lossless until the connection is cut, and no order between the two.
 * When it is cut, what is under way is lost, and each end learns of it at its own time.
 */
export class Link {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #agent: LinkEnd<ControlDown, DataDown>;
  readonly #coordinator: LinkEnd<ControlUp, DataUp>;
  readonly #lastAtMs: Record<StreamName, number> = { controlUp: 0, controlDown: 0, dataUp: 0, dataDown: 0 };
  #isCut = false;

  constructor(
    clock: VirtualClock,
    random: SeededRandom,
    ends: { readonly agent: LinkEnd<ControlDown, DataDown>; readonly coordinator: LinkEnd<ControlUp, DataUp> },
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#agent = ends.agent;
    this.#coordinator = ends.coordinator;
  }

  controlUp(message: ControlUp): void {
    this.#send("controlUp", this.#coordinator.life, () => this.#coordinator.control(message));
  }

  controlDown(message: ControlDown): void {
    this.#send("controlDown", this.#agent.life, () => this.#agent.control(message));
  }

  dataUp(message: DataUp): void {
    this.#send("dataUp", this.#coordinator.life, () => this.#coordinator.data(message));
  }

  dataDown(message: DataDown): void {
    this.#send("dataDown", this.#agent.life, () => this.#agent.data(message));
  }

  /** Breaks the connection, as a lost route does. An end whose process closed it knows at once. */
  cut(knownTo: "agent" | "coordinator" | null = null): void {
    if (this.#isCut) return;
    this.#isCut = true;
    // A closed connection is noticed soon, a silent one only when the keep-alive fails.
    const noticeMs = (): number => (knownTo !== null ? 5 : this.#random.below(NOTICE_MAX_MS));
    for (const [name, end] of [
      ["agent", this.#agent],
      ["coordinator", this.#coordinator],
    ] as const) {
      this.#clock.after(knownTo === name ? 0 : noticeMs(), () => end.life.now(() => end.down()));
    }
  }

  #send(stream: StreamName, life: ProcessLife, deliver: () => void): void {
    if (this.#isCut) return;
    const atMs = Math.max(this.#lastAtMs[stream], this.#clock.nowMs + this.#random.below(LATENCY_MAX_MS));
    this.#lastAtMs[stream] = atMs;
    this.#clock.after(atMs - this.#clock.nowMs, () => {
      if (!this.#isCut) life.now(deliver);
    });
  }
}
