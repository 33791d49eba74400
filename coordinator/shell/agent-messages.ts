import { create } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import { REQUEST_KINDS, type RequestKind } from "../../evaluation/request.ts";
import type { RetryClass } from "../../evaluation/response.ts";
import { fingerprintResponse, readResponses, type ResponseRows } from "../../proto/codec/response-columns.ts";
import {
  type Hello,
  type ResponseBatch as BatchMessage,
  type Slot,
  WelcomeSchema,
} from "../../proto/gen/muster/v1/agent_pb.js";
import type { Welcome } from "../../proto/gen/muster/v1/agent_pb.js";
import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../proto/version.ts";
import type { AgentAnnouncement, ResponseBatch, SlotAnnouncement } from "../core/input.ts";

const RETRY_CLASSES: readonly RetryClass[] = ["same", "elsewhere", "never"];
/** Longest name taken from a peer, characters. */
const NAME_MAX = 200;
const SLOTS_MAX = 256;
const FAILURE_TEXT_MAX = 500;

/** Cuts a peer's text to a bound and takes out control characters, so that it may be shown in a terminal. */
export function safeText(text: string, max = NAME_MAX): string {
  return text.replace(/\p{Cc}/gu, " ").slice(0, max);
}

/** A peer's number as a speed; 0 where it is none. */
export function readSpeed(perSecond: number): number {
  return Number.isFinite(perSecond) && perSecond > 0 ? perSecond : 0;
}

/** An agent's hello as a domain value. Throws `usage` where it lacks an identity or a slot. */
export function readHello(hello: Hello): AgentAnnouncement {
  if (hello.agentId === "" || hello.incarnation === "") throw new MusterError("usage", "an agent without an identity");
  if (hello.slots.length === 0 || hello.slots.length > SLOTS_MAX) {
    throw new MusterError(
      "usage",
      `agent ${safeText(hello.agentId)} announces ${hello.slots.length} slots; 1 to ${SLOTS_MAX} are allowed`,
    );
  }
  return {
    agentId: safeText(hello.agentId),
    incarnation: safeText(hello.incarnation),
    hostName: safeText(hello.hostName),
    processId: hello.processId,
    musterVersion: safeText(hello.musterVersion),
    protocolVersion: hello.protocolVersion,
    schemaHash: safeText(hello.schemaHash),
    pricePerSlotHour: Number.isFinite(hello.pricePerSlotHour) ? Math.max(0, hello.pricePerSlotHour) : 0,
    slots: hello.slots.map(readSlot),
  };
}

function readSlot(slot: Slot): SlotAnnouncement {
  const kinds = slot.kinds.map((kind) => REQUEST_KINDS[kind]).filter((kind): kind is RequestKind => kind !== undefined);
  const missing: { [kind in RequestKind]?: string } = {};
  for (const entry of slot.missingKinds) {
    const kind = REQUEST_KINDS[entry.kind];
    if (kind !== undefined) missing[kind] = safeText(entry.reason, FAILURE_TEXT_MAX);
  }
  return {
    slotId: safeText(slot.slotId),
    description: {
      engine: safeText(slot.engine),
      engineVersion: safeText(slot.engineVersion),
      url: safeText(slot.url),
      model: safeText(slot.model),
      modelDigest: safeText(slot.modelDigest),
      contextTokens: slot.contextTokens,
      concurrency: Math.max(1, slot.concurrency),
      capabilities: { kinds, missing, repeatable: slot.repeatable },
    },
  };
}

/** What the coordinator answers to a hello that it accepts. */
export function welcomeMessage(
  epoch: number,
  leaseDurationMs: number,
  keptLeaseIds: readonly string[],
  version: string,
): Welcome {
  return create(WelcomeSchema, {
    protocolVersion: PROTOCOL_VERSION,
    schemaHash: SCHEMA_HASH,
    musterVersion: version,
    epoch: BigInt(epoch),
    // Three renewals fit into a lease's life, so that two lost ones do no harm.
    renewalIntervalMs: Math.max(50, Math.floor(leaseDurationMs / 3)),
    telemetryIntervalMs: 1_000,
    keptLeaseIds: [...keptLeaseIds],
  });
}

/** Why the coordinator cannot work with an agent of this protocol version, or null. It takes its own and the one before. */
export function versionRefusal(protocolVersion: number, agentVersion: string, ownVersion: string): string | null {
  if (protocolVersion === PROTOCOL_VERSION || protocolVersion === PROTOCOL_VERSION - 1) return null;
  const older = protocolVersion < PROTOCOL_VERSION;
  return (
    `this agent (muster ${safeText(agentVersion)}) speaks protocol ${protocolVersion}, the coordinator (muster ${ownVersion}) ` +
    `speaks ${PROTOCOL_VERSION}; upgrade the ${older ? "agent" : "coordinator"}`
  );
}

/** A batch of responses as the core sees it, once its columns were checked; `digest` names the durable blob. */
export function readBatch(
  message: BatchMessage,
  rows: ResponseRows | null,
  agentId: string,
  digest: string,
): ResponseBatch {
  let [promptTokens, completionTokens, truncatedRequests] = [0, 0, 0];
  const count = rows?.count ?? 0;
  const fingerprints = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    fingerprints[row] = fingerprintResponse(rows!, row);
    promptTokens += rows!.promptTokens[row]!;
    completionTokens += rows!.completionTokens[row]!;
    if (rows!.truncatedTokens[row]! > 0) truncatedRequests += 1;
  }
  return {
    agentId,
    slotId: safeText(message.slotId),
    batchNumber: Number(message.batchNumber),
    runId: message.runId,
    leaseId: message.leaseId,
    digest,
    requestIndexes: rows?.requestIndex.slice() ?? new Uint32Array(),
    fingerprints,
    failures: message.failures.map((failure) => ({
      requestIndex: failure.requestIndex,
      retry: RETRY_CLASSES[failure.retry] ?? "elsewhere",
      reason: safeText(failure.reason, 60),
      message: safeText(failure.message, FAILURE_TEXT_MAX),
    })),
    promptTokens,
    completionTokens,
    truncatedRequests,
    slotSeconds: Number.isFinite(message.slotSeconds) ? Math.max(0, message.slotSeconds) : 0,
  };
}

/** The checked columns of a batch, or null where it holds failures only. */
export function readBatchRows(message: BatchMessage): ResponseRows | null {
  return message.responses === undefined || message.responses.count === 0 ? null : readResponses(message.responses);
}
