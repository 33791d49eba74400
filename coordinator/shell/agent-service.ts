import { create, toBinary } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Clock } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import {
  type ControlDown,
  ControlDownSchema,
  type ControlUp,
  type DataDown,
  DataDownSchema,
  type DataUp,
  type Hello,
  type ResponseBatch,
  type Telemetry,
} from "../../proto/gen/muster/v1/agent_pb.js";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import type { Effect } from "../core/effect.ts";
import type { AgentStream } from "../ports/agent-stream.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { CoordinatorLoop } from "./coordinator-loop.ts";
import type { CoordinatorMetrics } from "../metrics.ts";
import {
  readBatch,
  readBatchRows,
  readHello,
  readSpeed,
  safeText,
  versionRefusal,
  welcomeMessage,
} from "./agent-messages.ts";
import { AgentConnection } from "./agent-connection.ts";
import type { FullDisk } from "./full-disk.ts";
import type { LeaseSender } from "./lease-sender.ts";

type ControlStream = AgentStream<ControlDown, ControlUp>;
type DataStream = AgentStream<DataDown, DataUp>;

/** Clocks that differ by more are worth a sentence. */
const CLOCK_SKEW_MAX_MS = 2_000;
/** Batches of one agent being made durable at once; beyond it the stream is paused, which slows the agent down. */
const BATCHES_IN_FLIGHT_MAX = 16;
/** Samples of one slot whose progress is listened to. */
const RUNNING_SAMPLES_MAX = 4_096;

/** What the agent service needs. */
export interface AgentServiceSurroundings {
  readonly loop: CoordinatorLoop;
  readonly blobs: BlobStore;
  readonly leases: LeaseSender;
  readonly metrics: CoordinatorMetrics;
  readonly log: Logger;
  readonly musterVersion: string;
  readonly clock: Clock;
  readonly fullDisk: FullDisk;
}

/** The agents' two streams: what comes up becomes inputs, effects go down. */
export class AgentService {
  readonly connections = new Map<string, AgentConnection>();
  readonly #around: AgentServiceSurroundings;

  constructor(surroundings: AgentServiceSurroundings) {
    this.#around = surroundings;
  }

  /** Performs the effects that are addressed to agents. One for an agent that is gone is dropped: it will say hello. */
  perform(effect: Extract<Effect, { agentId: string }>): void {
    const connection = this.connections.get(effect.agentId);
    if (connection === undefined) return;
    switch (effect.kind) {
      case "SendWelcome": {
        const { epoch, settings } = this.#around.loop.state;
        const welcome = welcomeMessage(
          epoch,
          settings.leaseDurationMs,
          effect.keptLeaseIds,
          this.#around.musterVersion,
        );
        return connection.sendControl({ case: "welcome", value: welcome });
      }
      case "SendLease":
        return this.#around.leases.send(connection, effect);
      case "SendRevocation":
        return connection.sendControl({
          case: "leaseRevocation",
          value: { $typeName: "muster.v1.LeaseRevocation", leaseId: effect.leaseId, reason: effect.reason },
        });
      case "SendRecall": {
        const { leaseId, samplesMax } = effect;
        const value = { $typeName: "muster.v1.LeaseRecall" as const, leaseId, samplesMax };
        return connection.sendControl({ case: "leaseRecall", value });
      }
      case "SendAbandonment": {
        const { leaseId, samples } = effect;
        const value = { $typeName: "muster.v1.SamplesAbandoned" as const, leaseId, samples: [...samples] };
        return connection.sendControl({ case: "samplesAbandoned", value });
      }
      case "SendDrain":
        return connection.sendControl({ case: "drainOrder", value: { $typeName: "muster.v1.DrainOrder" } });
      case "AcknowledgeBatch":
        connection.sendData({
          case: "batchAcknowledgement",
          value: { $typeName: "muster.v1.BatchAcknowledgement", batchNumber: BigInt(effect.batchNumber) },
        });
    }
  }

  /** Takes the control stream of an agent that connects. */
  control(stream: ControlStream): void {
    let connection: AgentConnection | null = null;
    stream.onMessage((up) => {
      try {
        if (up.message.case === "hello") connection = this.#hello(stream, up.message.value);
        else if (connection !== null) this.#controlMessage(connection, up);
      } catch (error) {
        this.#fail(stream, error);
      }
    });
    stream.onEnd(() => {
      if (connection !== null) this.#disconnect(connection);
      connection = null;
    });
  }

  #hello(stream: ControlStream, hello: Hello): AgentConnection | null {
    const { loop, log, musterVersion } = this.#around;
    const refusal = versionRefusal(hello.protocolVersion, hello.musterVersion, musterVersion);
    if (refusal !== null) {
      log.warn({ agent: safeText(hello.agentId) }, refusal);
      const value = { $typeName: "muster.v1.Refusal" as const, kind: "version", message: refusal };
      stream.write(create(ControlDownSchema, { message: { case: "refusal", value } }));
      stream.end();
      return null;
    }
    const agent = readHello(hello);
    this.connections.get(agent.agentId)?.close("the agent connected again");
    const connection = new AgentConnection(agent.agentId, agent.incarnation, stream, this.#around.clock.unixMs());
    this.connections.set(agent.agentId, connection);
    log.info(
      { agent: agent.agentId, host: agent.hostName, slots: agent.slots.length, schema: agent.schemaHash },
      "agent joined",
    );
    loop.take({ kind: "AgentArrived", agent, heldLeaseIds: hello.heldLeaseIds });
    return connection;
  }

  #controlMessage(connection: AgentConnection, { message }: ControlUp): void {
    const { loop } = this.#around;
    const { agentId } = connection;
    switch (message.case) {
      case "workWanted": {
        const { slotId, tokensPerSecond, sampleTokensPerSecond, queuedSamples } = message.value;
        return loop.take({
          ...{ kind: "WorkWanted", agentId, slotId, queuedSamples },
          tokensPerSecond: readSpeed(tokensPerSecond),
          sampleTokensPerSecond: readSpeed(sampleTokensPerSecond),
        });
      }
      case "slotProgress": {
        const { slotId, tokensPerSecond, sampleTokensPerSecond, queuedSamples, running } = message.value;
        return loop.take({
          ...{ kind: "SlotProgressed", agentId, slotId, queuedSamples },
          tokensPerSecond: readSpeed(tokensPerSecond),
          sampleTokensPerSecond: readSpeed(sampleTokensPerSecond),
          running: running.slice(0, RUNNING_SAMPLES_MAX),
        });
      }
      case "leaseRenewal":
        return loop.take({ kind: "LeasesRenewed", agentId, leaseIds: message.value.leaseIds });
      case "leaseReturn":
        return loop.take({
          kind: "LeaseReturned",
          agentId,
          leaseId: message.value.leaseId,
          reason: message.value.reason,
        });
      case "samplesReturn": {
        const { leaseId, samples } = message.value;
        return loop.take({ kind: "SamplesReturned", agentId, leaseId, samples });
      }
      case "telemetry":
        return this.#telemetry(connection, message.value);
      case "goodbye":
        this.#around.log.info({ agent: agentId, reason: safeText(message.value.reason) }, "agent says goodbye");
        return this.#disconnect(connection);
      default:
    }
  }

  #telemetry(connection: AgentConnection, telemetry: Telemetry): void {
    const { clock, log } = this.#around;
    connection.telemetry = telemetry;
    connection.lastSeenUnixMs = clock.unixMs();
    if (telemetry.unixMs === 0n) return;
    const wasOff = Math.abs(connection.clockSkewMs ?? 0) > CLOCK_SKEW_MAX_MS;
    const skewMs = Number(telemetry.unixMs) - connection.lastSeenUnixMs;
    connection.clockSkewMs = skewMs;
    if (wasOff || Math.abs(skewMs) <= CLOCK_SKEW_MAX_MS) return;
    const direction = skewMs > 0 ? "ahead of" : "behind";
    const seconds = Math.round(Math.abs(skewMs) / 1_000);
    log.warn(
      { agent: connection.agentId },
      `its clock is ${seconds} s ${direction} this one; no lease or score depends on it`,
    );
  }

  #disconnect(connection: AgentConnection): void {
    if (this.connections.get(connection.agentId) !== connection) return;
    this.connections.delete(connection.agentId);
    connection.close("the control stream ended");
    this.#around.log.info({ agent: connection.agentId }, "agent disconnected");
    this.#around.loop.take({
      kind: "AgentDisconnected",
      agentId: connection.agentId,
      incarnation: connection.incarnation,
    });
  }

  /** Takes the data stream that follows a control stream. */
  data(stream: DataStream): void {
    let connection: AgentConnection | null = null;
    stream.onMessage((up) => {
      try {
        if (up.message.case === "dataHello") {
          const { agentId, incarnation } = up.message.value;
          connection = this.connections.get(agentId) ?? null;
          if (connection === null || connection.incarnation !== incarnation) {
            throw new MusterError("conflict", `data stream of ${safeText(agentId)} without its control stream`);
          }
          connection.openData(stream);
          const value = { $typeName: "muster.v1.DataWelcome" as const, acknowledgedBatch: 0n };
          stream.write(create(DataDownSchema, { message: { case: "dataWelcome", value } }));
        } else if (up.message.case === "responseBatch" && connection !== null) {
          this.#batch(connection, stream, up.message.value);
        }
      } catch (error) {
        this.#fail(stream, error);
      }
    });
    stream.onEnd(() => connection?.closeData(stream));
  }

  /** Checks a batch, makes its columns durable, then lets the core decide. The order of batches does not matter. */
  #batch(connection: AgentConnection, stream: DataStream, message: ResponseBatch): void {
    const { loop, blobs, metrics, log, fullDisk } = this.#around;
    const rows = readBatchRows(message);
    const bytes = rows === null ? null : toBinary(ResponseColumnsSchema, message.responses!);
    // A batch that waits for room counts as in flight, so that its agent is slowed down and keeps the rest.
    const stored = bytes === null ? Promise.resolve("") : fullDisk.retry(() => blobs.put(bytes));
    connection.batchesInFlight += 1;
    if (connection.batchesInFlight >= BATCHES_IN_FLIGHT_MAX) stream.pause();
    stored
      .then((digest) => {
        const batch = readBatch(message, rows, connection.agentId, digest);
        metrics.countBatch(batch);
        loop.take({ kind: "ResponsesArrived", batch });
      })
      .catch((error: unknown) => {
        // Not acknowledged: the agent keeps the batch and sends it again.
        log.error({ error: MusterError.from(error).message }, "cannot store responses");
        this.#fail(stream, error);
      })
      .finally(() => {
        connection.batchesInFlight -= 1;
        if (connection.batchesInFlight < BATCHES_IN_FLIGHT_MAX) stream.resume();
      });
  }

  #fail(stream: ControlStream | DataStream, thrown: unknown): void {
    const error = MusterError.from(thrown);
    if (error.kind === "internal") this.#around.log.error({ error: error.message, stack: error.stack }, "a bug");
    else this.#around.log.warn({ error: error.message }, "closing an agent's stream");
    stream.fail(error);
  }
}
