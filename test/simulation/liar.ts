// A peer that speaks the protocol and lies in every field that it can: what it says must change no score.
import { create } from "@bufbuild/protobuf";
import type { CoordinatorChannel, MessageStream } from "../../agent/ports/coordinator-channel.ts";
import { encodeResponses } from "../../proto/codec/response-columns.ts";
import {
  type ControlDown,
  type ControlUp,
  ControlUpSchema,
  type DataDown,
  type DataUp,
  DataUpSchema,
  HelloSchema,
  ResponseBatchSchema,
} from "../../proto/gen/muster/v1/agent_pb.js";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../proto/version.ts";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { MODEL } from "../support/core-builders.ts";
import { type Ledger, runOf } from "./ledger.ts";
import type { WorldPlan } from "./plans.ts";
import type { ProcessLife } from "./process-life.ts";

const LIE_EVERY_MS = 120;

/** What it knows without being told. */
export interface Gossip {
  readonly runIds: readonly string[];
  /** Leases that were granted to anybody, its own too. */
  readonly leaseIds: () => readonly string[];
  readonly planOf: (runId: string) => WorldPlan;
  /** What a coordinator can know of leases: about what was leased to it, a lie cannot be told from an answer. */
  readonly ledger: Ledger;
}

/** Connects, asks for work, and lies about it until its life ends. */
export function startLying(life: ProcessLife, channel: CoordinatorChannel, random: SeededRandom, gossip: Gossip): Liar {
  const liar = new Liar(life, channel, random, gossip);
  liar.start();
  return liar;
}

/** A peer that lies. */
export class Liar {
  #isSilent = false;
  readonly #life: ProcessLife;
  readonly #random: SeededRandom;
  readonly #gossip: Gossip;
  readonly #channel: CoordinatorChannel;
  readonly #control: MessageStream<ControlUp, ControlDown>;
  #data: MessageStream<DataUp, DataDown> | null = null;
  readonly #ownLeases: string[] = [];

  constructor(life: ProcessLife, channel: CoordinatorChannel, random: SeededRandom, gossip: Gossip) {
    this.#life = life;
    this.#random = random;
    this.#gossip = gossip;
    this.#channel = channel;
    this.#control = channel.control();
  }

  start(): void {
    this.#control.onEnd(() => {});
    this.#control.onMessage(({ message }) => this.#hear(message));
    const value = create(HelloSchema, {
      ...{ agentId: this.#life.name, incarnation: this.#life.name, hostName: "\u001b[31mliar", processId: 1 },
      ...{
        protocolVersion: PROTOCOL_VERSION,
        schemaHash: SCHEMA_HASH,
        musterVersion: "0",
        pricePerSlotHour: Number.NaN,
      },
      heldLeaseIds: [...this.#gossip.leaseIds()],
      slots: [
        { slotId: "s0", engine: "hash", model: MODEL, concurrency: 1_000_000, contextTokens: 1, kinds: [0, 1, 2] },
      ],
    });
    this.#say({ case: "hello", value });
    this.#life.every(LIE_EVERY_MS, () => this.#lie());
  }

  #hear(message: ControlDown["message"]): void {
    if (message.case === "leaseGrant") this.#ownLeases.push(message.value.leaseId);
    if (message.case !== "welcome" || this.#data !== null) return;
    this.#data = this.#channel.data();
    this.#data.onEnd(() => {});
    this.#data.onMessage(() => {});
    const { name } = this.#life;
    const value = { $typeName: "muster.v1.DataHello" as const, agentId: name, incarnation: name };
    this.#data.write(create(DataUpSchema, { message: { case: "dataHello", value } }));
  }

  /** Lies no more: it renews what it has, for ever, and answers nothing. */
  goSilent(): void {
    this.#isSilent = true;
  }

  #lie(): void {
    if (this.#isSilent) {
      const value = { $typeName: "muster.v1.LeaseRenewal" as const, leaseIds: [...this.#ownLeases] };
      return this.#say({ case: "leaseRenewal", value });
    }
    const leaseId = this.#anyLease();
    switch (this.#random.below(7)) {
      case 0: {
        const speed = (): number => this.#random.pick([Number.NaN, -1, 1e300]);
        const speeds = { tokensPerSecond: speed(), sampleTokensPerSecond: speed() };
        const wish = { slotId: "s0", ...speeds, queuedSamples: 0 };
        return this.#say({ case: "workWanted", value: { $typeName: "muster.v1.WorkWanted", ...wish } });
      }
      case 6: {
        const sample = this.#random.pick([0, this.#random.below(100), 4_000_000_000]);
        const running = [{ $typeName: "muster.v1.RunningSample" as const, leaseId, sample, elapsedMs: 4_000_000_000 }];
        const value = {
          $typeName: "muster.v1.SlotProgress" as const,
          slotId: "s0",
          ...{ tokensPerSecond: 1e300, sampleTokensPerSecond: 1, queuedSamples: 0 },
          running,
        };
        return this.#say({ case: "slotProgress", value });
      }
      case 1:
        return this.#say({ case: "leaseRenewal", value: { $typeName: "muster.v1.LeaseRenewal", leaseIds: [leaseId] } });
      case 2:
        return this.#say({
          case: "leaseReturn",
          value: { $typeName: "muster.v1.LeaseReturn", leaseId, reason: "\u0007" },
        });
      case 3: {
        const samples = [0, 1, 1, 4_000_000_000, this.#random.below(100)];
        return this.#say({ case: "samplesReturn", value: { $typeName: "muster.v1.SamplesReturn", leaseId, samples } });
      }
      default:
        return this.#answer(leaseId);
    }
  }

  /** Answers to requests that are not its own. Its own it leaves alone: a false answer cannot be told from a true one. */
  #answer(leaseId: string): void {
    const { ledger, runIds, planOf } = this.#gossip;
    const isOwn = ledger.ownerOf(leaseId) === this.#life.name;
    const anyRequest = this.#random.below(isOwn ? planOf(runOf(leaseId)).requests.length : 250);
    const requestIndex = isOwn && ledger.wasLeased(leaseId, anyRequest) ? 4_000_000_000 : anyRequest;
    const cost = { promptTokens: 0, completionTokens: 0, truncatedTokens: 0, latencyUs: 0 };
    const response = { kind: "text" as const, text: "a lie", ...cost };
    const responses = encodeResponses([{ requestIndex, response }]);
    if (this.#random.below(4) === 0) responses.count = 7;
    const value = create(ResponseBatchSchema, {
      ...{ runId: isOwn ? runOf(leaseId) : this.#random.pick([...runIds, "nowhere"]), leaseId, slotId: "s0" },
      ...{ batchNumber: BigInt(this.#random.below(20)), slotSeconds: -1, responses },
      failures: [
        { requestIndex: isOwn ? requestIndex : this.#random.below(500), retry: 2, reason: "never", message: "" },
      ],
    });
    this.#data?.write(create(DataUpSchema, { message: { case: "responseBatch", value } }));
  }

  #anyLease(): string {
    return this.#random.pick([...this.#gossip.leaseIds(), ...this.#ownLeases, "none"]);
  }

  #say(message: ControlUp["message"]): void {
    this.#control.write(create(ControlUpSchema, { message }));
  }
}
