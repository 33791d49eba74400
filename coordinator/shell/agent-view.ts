import { create } from "@bufbuild/protobuf";
import { type Agent, AgentSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import { kindNames } from "../core/admission.ts";
import type { AgentState, CoordinatorState } from "../core/state.ts";
import type { AgentConnection } from "./agent-connection.ts";

/** An agent as operators see it; `connection` is null once it is lost. */
export function viewAgent(state: CoordinatorState, agent: AgentState, connection: AgentConnection | null): Agent {
  const { announcement } = agent;
  const telemetry = connection?.telemetry ?? null;
  let responses = 0;
  let holdsLease = false;
  for (const run of state.runs.values()) {
    responses += run.agents.get(announcement.agentId)?.responses ?? 0;
    for (const lease of run.openLeases) holdsLease ||= lease.agentId === announcement.agentId;
  }
  return create(AgentSchema, {
    agentId: announcement.agentId,
    hostName: announcement.hostName,
    processId: announcement.processId,
    state: agent.connected ? (agent.draining ? "draining" : holdsLease ? "busy" : "ready") : "lost",
    musterVersion: announcement.musterVersion,
    protocolVersion: announcement.protocolVersion,
    schemaHash: announcement.schemaHash,
    pricePerSlotHour: announcement.pricePerSlotHour,
    cpuShare: telemetry?.cpuShare ?? 0,
    memoryUsedBytes: telemetry?.memoryUsedBytes ?? 0n,
    memoryTotalBytes: telemetry?.memoryTotalBytes ?? 0n,
    connectedUnixMs: BigInt(connection?.connectedUnixMs ?? 0),
    lastSeenUnixMs: BigInt(connection?.lastSeenUnixMs ?? 0),
    responses: BigInt(responses),
    ...(connection === null || connection.clockSkewMs === null
      ? {}
      : { clockSkewSeconds: connection.clockSkewMs / 1000 }),
    gpus: (telemetry?.gpus ?? []).map(({ $typeName: _name, uuid: _uuid, ...gpu }) => ({
      $typeName: "muster.v1.AgentGpu" as const,
      ...gpu,
    })),
    slots: announcement.slots.map(({ slotId, description }) => {
      const live = telemetry?.slots.find((slot) => slot.slotId === slotId);
      return {
        $typeName: "muster.v1.AgentSlot" as const,
        slotId,
        engine: description.engine,
        engineVersion: description.engineVersion,
        url: description.url,
        model: description.model,
        modelDigest: description.modelDigest,
        contextTokens: description.contextTokens,
        concurrency: description.concurrency,
        kinds: kindNames(description.capabilities),
        missing: Object.values(description.capabilities.missing),
        runningSamples: live?.runningSamples ?? 0,
        queuedSamples: live?.queuedSamples ?? 0,
        busySeconds: live?.busySeconds ?? 0,
        health: live?.health ?? "",
      };
    }),
  });
}
