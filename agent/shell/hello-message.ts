import { create } from "@bufbuild/protobuf";
import { MUSTER_VERSION } from "../../base/node/version.ts";
import type { EngineDescription } from "../../evaluation/engine.ts";
import { REQUEST_KINDS } from "../../evaluation/request.ts";
import { type Hello, HelloSchema } from "../../proto/gen/muster/v1/agent_pb.js";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../proto/version.ts";

/** Who an agent is. */
export interface AgentIdentity {
  /** Stable over restarts. */
  readonly agentId: string;
  /** New at every start. */
  readonly incarnation: string;
  readonly hostName: string;
  /** US dollars. */
  readonly pricePerSlotHour: number;
}

/** The first message of a connection. */
export function helloMessage(
  identity: AgentIdentity,
  slots: ReadonlyMap<string, EngineDescription>,
  heldLeaseIds: readonly string[],
): Hello {
  return create(HelloSchema, {
    ...identity,
    protocolVersion: PROTOCOL_VERSION,
    schemaHash: SCHEMA_HASH,
    musterVersion: MUSTER_VERSION,
    processId: process.pid,
    heldLeaseIds: [...heldLeaseIds],
    slots: Array.from(slots, ([slotId, { capabilities, ...description }]) => ({
      ...description,
      slotId,
      kinds: capabilities.kinds.map((kind) => REQUEST_KINDS.indexOf(kind)),
      missingKinds: Object.entries(capabilities.missing).map(([kind, reason]) => ({
        kind: REQUEST_KINDS.indexOf(kind as (typeof REQUEST_KINDS)[number]),
        reason,
      })),
      repeatable: capabilities.repeatable,
    })),
  });
}
