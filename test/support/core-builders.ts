import type { EngineDescription } from "../../evaluation/engine.ts";
import { REQUEST_KINDS, type RequestKind } from "../../evaluation/request.ts";
import type { RetryClass } from "../../evaluation/response.ts";
import type { AgentAnnouncement, PlanShape, ResponseBatch, RunDescription } from "../../coordinator/core/input.ts";

/** The model that built runs want and built slots hold. */
export const MODEL = "m1";

/** A run description; named fields win. */
export function aRun(fields: Partial<RunDescription> = {}): RunDescription {
  return { runId: "r1", suite: "s", model: MODEL, seed: 1, submittedBy: "t", createdUnixMs: 0, ...fields };
}

/** What a test says of a plan; the rest follows. */
export interface ShapeWish {
  readonly samples: number;
  readonly requestsPerSample?: number;
  /** Tokens of each sample; 10 where it says nothing. */
  readonly cost?: (sample: number) => number;
  /** Kind of each task; samples take the tasks in turn. */
  readonly kinds?: readonly RequestKind[];
  readonly planDigest?: string;
}

/** A plan's shape. */
export function aShape(wish: ShapeWish): PlanShape {
  const { samples, requestsPerSample = 1, cost = () => 10, kinds = ["loglikelihood"], planDigest = "plan" } = wish;
  return {
    planDigest,
    manifestBlob: "manifest",
    requestCount: samples * requestsPerSample,
    sampleCount: samples,
    sampleRequestCount: new Uint32Array(samples).fill(requestsPerSample),
    sampleCostTokens: Uint32Array.from({ length: samples }, (_, sample) => cost(sample)),
    sampleTask: Uint32Array.from({ length: samples }, (_, sample) => sample % kinds.length),
    taskKinds: kinds,
    taskNames: kinds.map((kind, position) => `task-${position}-${kind}`),
  };
}

/** An engine that answers everything; named fields win. */
export function anEngine(fields: Partial<EngineDescription> = {}): EngineDescription {
  return {
    engine: "hash",
    engineVersion: "1",
    url: "",
    model: MODEL,
    modelDigest: "",
    contextTokens: 4096,
    concurrency: 2,
    capabilities: { kinds: REQUEST_KINDS, missing: {}, repeatable: true },
    ...fields,
  };
}

/** An engine that lacks some kinds, with the reason for each. */
export function anEngineWithout(kinds: readonly RequestKind[], reason: string): EngineDescription {
  return anEngine({
    capabilities: {
      kinds: REQUEST_KINDS.filter((kind) => !kinds.includes(kind)),
      missing: Object.fromEntries(kinds.map((kind) => [kind, reason])),
      repeatable: true,
    },
  });
}

/** An agent with slots `s0`, `s1`, ...: a number of equal ones, or one for each engine. */
export function anAgent(
  agentId: string,
  slots: number | readonly EngineDescription[] = 1,
  incarnation = `${agentId}-1`,
): AgentAnnouncement {
  const engines = typeof slots === "number" ? Array.from({ length: slots }, () => anEngine()) : slots;
  return {
    agentId,
    incarnation,
    hostName: `host-${agentId}`,
    processId: 1,
    musterVersion: "0.0.0",
    protocolVersion: 1,
    schemaHash: "schema",
    pricePerSlotHour: 0,
    slots: engines.map((description, position) => ({ slotId: `s${position}`, description })),
  };
}

/** The fingerprint of the one true response to a request. */
export function trueFingerprint(requestIndex: number): number {
  return (Math.imul(requestIndex + 1, 0x9e3779b1) | 1) >>> 0;
}

/** What a test says of a batch; the rest follows. */
export interface BatchWish {
  readonly agentId: string;
  readonly leaseId: string;
  readonly slotId?: string;
  readonly runId?: string;
  readonly batchNumber: number;
  readonly responses?: readonly number[];
  /** Fingerprint of a response; the true one where it says nothing. */
  readonly fingerprint?: (requestIndex: number) => number;
  readonly failures?: readonly (readonly [requestIndex: number, retry: RetryClass])[];
  readonly slotSeconds?: number;
}

/** A batch of responses and failures. */
export function aBatch(wish: BatchWish): ResponseBatch {
  const { agentId, leaseId, slotId = "s0", runId = "r1", batchNumber, slotSeconds = 0 } = wish;
  const { responses = [], failures = [], fingerprint = trueFingerprint } = wish;
  return {
    agentId,
    slotId,
    batchNumber,
    runId,
    leaseId,
    digest: responses.length === 0 ? "" : `blob-${agentId}-${batchNumber}`,
    requestIndexes: Uint32Array.from(responses),
    fingerprints: Uint32Array.from(responses, fingerprint),
    failures: failures.map(([requestIndex, retry]) => ({
      requestIndex,
      retry,
      reason: "http_500",
      message: `request ${requestIndex} broke the engine`,
    })),
    promptTokens: responses.length * 7,
    completionTokens: responses.length * 2,
    truncatedRequests: 0,
    slotSeconds,
  };
}
