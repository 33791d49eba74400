import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Cancel, Clock } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import {
  type ControlDown,
  type DataDown,
  SlotProgressSchema,
  type Welcome,
} from "../../proto/gen/muster/v1/agent_pb.js";
import type { Effect } from "../core/effect.ts";
import type { Input } from "../core/input.ts";
import { type AgentState, beginState, heldLeaseIds } from "../core/state.ts";
import { step } from "../core/step.ts";
import type { InferenceEngine } from "../ports/inference-engine.ts";
import type { Dial } from "../ports/coordinator-channel.ts";
import type { Spool } from "../ports/spool.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { CoordinatorLink, type LinkListener } from "./coordinator-link.ts";
import { type AgentIdentity, helloMessage } from "./hello-message.ts";
import { SampleDesk } from "./sample-desk.ts";
import { SlotRunner } from "./slot-runner.ts";
import { SpoolWriter } from "./spool-writer.ts";
import { telemetryMessage } from "./telemetry-message.ts";

/** What an agent works with, made by `main`. */
export interface AgentSurroundings {
  readonly identity: AgentIdentity;
  /** `HOST:PORT` of each coordinator: one leads, the others stand by. */
  readonly coordinators: readonly string[];
  readonly dial: Dial;
  /** By slot id. */
  readonly engines: ReadonlyMap<string, InferenceEngine>;
  readonly spool: Spool;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly clock: Clock;
  /** A random integer below a limit. */
  readonly randomBelow: (limit: number) => number;
  /** Called at each welcome. */
  readonly onWelcome: () => void;
}

const TICK_MS = 50;
const RECONNECT_MS = 200;
const RECONNECT_MAX_MS = 500;
/** How long a stopping agent waits for acknowledgements; what is not acknowledged lies in the spool. */
const FAREWELL_MS = 3_000;
const FAREWELL_LOOK_MS = 20;

/** The agent's shell: turns what arrives into inputs of the core, and performs its effects. */
export class AgentProcess {
  readonly #around: AgentSurroundings;
  readonly #state: AgentState;
  readonly #runners = new Map<string, SlotRunner>();
  readonly #desk: SampleDesk;
  readonly #writer: SpoolWriter;
  readonly #inputs: Input[] = [];
  #link: CoordinatorLink | null = null;
  #isUp = false;
  /** Position of the coordinator that is, or was last, tried. */
  #position = 0;
  #attempts = 0;
  /** What ends everything that is scheduled, by what it is. */
  readonly #scheduled: { tick?: Cancel; telemetry?: Cancel; reconnect?: Cancel; farewell?: Cancel } = {};
  #stopping = false;
  #ended = false;
  #taking = false;
  readonly #settled: { resolve: () => void; reject: (error: MusterError) => void; promise: Promise<void> };

  constructor(surroundings: AgentSurroundings) {
    this.#around = surroundings;
    const { engines, spool, clock, log } = surroundings;
    const nowMs = (): number => clock.nowMs();
    for (const [slotId, engine] of engines) this.#runners.set(slotId, new SlotRunner(engine, nowMs));
    this.#state = beginState({
      slots: Array.from(engines, ([slotId, { description }]) => ({ slotId, concurrency: description.concurrency })),
      spooledBatches: spool.numbers(),
      spooledBytes: spool.bytes(),
      nextBatchNumber: spool.nextNumber(),
    });
    const take = (input: Input): void => this.#take(input);
    this.#desk = new SampleDesk({ runners: this.#runners, clock, log, take });
    this.#writer = new SpoolWriter({ spool, clock, log, take });
    this.#settled = Promise.withResolvers<void>();
  }

  /** Leases that it keeps; none while it has nothing to do. */
  get leaseIds(): readonly string[] {
    return [...this.#state.leases.keys()];
  }

  /** Works until it is stopped (resolves), refused or broken (rejects). */
  async run(): Promise<void> {
    this.#scheduled.tick = this.#around.clock.every(TICK_MS, () => this.#take({ kind: "TimePassed" }));
    const left = this.#state.batches.size;
    if (left > 0) this.#around.log.info({ batches: left }, "responses of an earlier start are in the spool");
    this.#connect();
    try {
      await this.#settled.promise;
    } finally {
      await this.#cleanUp();
    }
  }

  /** Begins nothing more, gives back what it has not begun, and ends. */
  stop(reason: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#around.log.info({ reason }, "stopping");
    this.#take({ kind: "StopRequested" });
    const { clock } = this.#around;
    const deadline = clock.nowMs() + FAREWELL_MS;
    this.#scheduled.farewell = clock.every(FAREWELL_LOOK_MS, () => {
      const isDone = this.#isUp && this.#state.batches.size === 0 && this.#desk.idle;
      if (!isDone && this.#isUp && clock.nowMs() < deadline) return;
      this.#scheduled.farewell?.();
      this.#link?.sendControl({ case: "goodbye", value: { $typeName: "muster.v1.Goodbye", reason } });
      this.#settled.resolve();
    });
  }

  async #cleanUp(): Promise<void> {
    for (const cancel of Object.values(this.#scheduled)) cancel();
    this.#desk.close();
    this.#stopping = true;
    this.#ended = true;
    await this.#link?.close();
    await Promise.all(Array.from(this.#runners.values(), (runner) => runner.close()));
    this.#writer.close();
  }

  /** Inputs are taken one after another, also those that an effect causes. */
  #take(input: Input): void {
    if (this.#ended) return;
    this.#inputs.push(input);
    if (this.#taking) return;
    this.#taking = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of step(this.#state, { nowMs: this.#around.clock.nowMs(), input: next }))
          this.#perform(effect);
      }
    } catch (error) {
      this.#settled.reject(MusterError.from(error));
    } finally {
      this.#taking = false;
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "StartSample":
        return this.#desk.start(effect);
      case "StopSample":
        return this.#desk.stop(effect.leaseId, effect.sample);
      case "DropSamples":
        return this.#desk.drop(effect.leaseId, effect.samples);
      case "ForgetLease":
        return this.#desk.forget(effect.leaseId);
      case "SpoolBatch":
        return this.#writer.add(effect.batchNumber, this.#desk.takeBatch(effect));
      case "SendBatch": {
        const value = this.#writer.read(effect.batchNumber);
        if (value !== null) this.#link?.sendData({ case: "responseBatch", value });
        return;
      }
      case "ForgetBatch":
        return this.#writer.remove(effect.batchNumber);
      case "SendWorkWanted": {
        const { kind: _kind, ...wish } = effect;
        const value = { $typeName: "muster.v1.WorkWanted" as const, ...wish };
        return this.#link?.sendControl({ case: "workWanted", value });
      }
      case "SendProgress": {
        const { kind: _kind, ...progress } = effect;
        const value = create(SlotProgressSchema, { ...progress, running: [...progress.running] });
        return this.#link?.sendControl({ case: "slotProgress", value });
      }
      case "SendRenewal": {
        const value = { $typeName: "muster.v1.LeaseRenewal" as const, leaseIds: [...effect.leaseIds] };
        return this.#link?.sendControl({ case: "leaseRenewal", value });
      }
      case "SendLeaseReturn": {
        const { leaseId, reason } = effect;
        this.#link?.sendControl({
          case: "leaseReturn",
          value: { $typeName: "muster.v1.LeaseReturn", leaseId, reason },
        });
        return;
      }
      case "SendSamplesReturn": {
        const { leaseId, samples } = effect;
        const value = { $typeName: "muster.v1.SamplesReturn" as const, leaseId, samples: [...samples] };
        return this.#link?.sendControl({ case: "samplesReturn", value });
      }
      case "Report":
        this.#around.log[effect.level](effect.message);
    }
  }

  #connect(): void {
    const { identity, engines, coordinators, dial, clock } = this.#around;
    const descriptions = new Map(Array.from(engines, ([slotId, engine]) => [slotId, engine.description]));
    const address = coordinators[this.#position % coordinators.length]!;
    const listener: LinkListener = {
      hello: () => helloMessage(identity, descriptions, heldLeaseIds(this.#state)),
      up: (welcome) => this.#up(welcome, address),
      control: (message) => this.#control(message),
      data: (message) => this.#data(message),
      down: (error) => this.#down(error),
      refused: (error) => this.#settled.reject(error),
    };
    this.#link = new CoordinatorLink({ address, dial, clock, listener });
    this.#link.open();
  }

  #up(welcome: Welcome, coordinator: string): void {
    const { log, clock, onWelcome } = this.#around;
    log.info({ coordinator, epoch: Number(welcome.epoch), muster: welcome.musterVersion }, "connected");
    this.#isUp = true;
    this.#attempts = 0;
    const { keptLeaseIds, renewalIntervalMs } = welcome;
    this.#take({ kind: "Connected", keptLeaseIds, renewalIntervalMs });
    const intervalMs = Math.max(100, welcome.telemetryIntervalMs);
    this.#scheduled.telemetry = clock.every(intervalMs, () => this.#sendTelemetry());
    this.#sendTelemetry();
    onWelcome();
  }

  #down(error: MusterError): void {
    this.#scheduled.telemetry?.();
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#take({ kind: "Disconnected" });
    if (this.#stopping) return;
    if (wasUp || this.#attempts === 0) {
      this.#around.log.warn({ reason: error.message }, "no connection to the coordinator; work goes on, trying again");
    }
    const { clock, randomBelow, coordinators } = this.#around;
    const round = Math.floor(this.#attempts / coordinators.length);
    const waitMs = Math.min(RECONNECT_MAX_MS, RECONNECT_MS * 2 ** round);
    this.#attempts += 1;
    this.#position += 1;
    // Agents that lost the same coordinator must not all come back in the same moment.
    const jitteredMs = waitMs / 2 + randomBelow(Math.ceil(waitMs / 2));
    this.#scheduled.reconnect = clock.after(jitteredMs, () => this.#connect());
  }

  #control(message: ControlDown["message"]): void {
    switch (message.case) {
      case "leaseGrant": {
        const { leaseId, runId, slotId, requestCount } = message.value;
        return this.#take({ kind: "LeaseGranted", leaseId, runId, slotId, requestCount });
      }
      case "leaseRevocation":
        return this.#take({ kind: "LeaseRevoked", leaseId: message.value.leaseId });
      case "leaseRecall": {
        const { leaseId, samplesMax } = message.value;
        return this.#take({ kind: "SamplesRecalled", leaseId, samplesMax });
      }
      case "samplesAbandoned": {
        const { leaseId, samples } = message.value;
        return this.#take({ kind: "SamplesAbandoned", leaseId, samples });
      }
      case "drainOrder":
        this.#around.log.info("draining: nothing new is begun");
        return this.#take({ kind: "DrainOrdered" });
      default:
    }
  }

  #data(message: DataDown["message"]): void {
    if (message.case === "batchAcknowledgement") {
      return this.#take({ kind: "BatchAcknowledged", batchNumber: Number(message.value.batchNumber) });
    }
    if (message.case !== "leaseRequests") return;
    const { leaseId, runId } = message.value;
    try {
      this.#take({ kind: "RequestsArrived", leaseId, runId, samples: this.#desk.store(message.value) });
    } catch (error) {
      this.#settled.reject(MusterError.from(error));
    }
  }

  #sendTelemetry(): void {
    const { telemetry, clock } = this.#around;
    const unixMs = clock.unixMs();
    const value = telemetryMessage({ host: telemetry.read(), state: this.#state, runners: this.#runners, unixMs });
    this.#link?.sendControl({ case: "telemetry", value });
  }
}
