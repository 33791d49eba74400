import { create } from "@bufbuild/protobuf";
import type { PlanHeader, PlanPack } from "../../evaluation/plan.ts";
import { type PlanPackMessage, PlanPackMessageSchema } from "../gen/muster/v1/operator_pb.js";
import { encodeRequests } from "./request-columns.ts";
import { toBytes } from "./typed-columns.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A value as JSON bytes. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** JSON bytes as a value; the caller checks its shape. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}

/** A pack as it travels from the frontend to the coordinator. */
export function encodePack(pack: PlanPack, generations: PlanHeader["generations"]): PlanPackMessage {
  const sampleOf = new Map<number, number>();
  for (const sample of pack.samples) {
    for (let offset = 0; offset < sample.requestCount; offset++)
      sampleOf.set(sample.firstRequest + offset, sample.index);
  }
  const rows = pack.requests.map((request) => ({ request, sampleIndex: sampleOf.get(request.index)! }));
  return create(PlanPackMessageSchema, {
    requests: encodeRequests(rows, generations),
    samplesJson: encodeJson(pack.samples),
    sampleRequestCount: toBytes(Uint32Array.from(pack.samples, (sample) => sample.requestCount)),
    sampleCostTokens: toBytes(pack.sampleCostTokens),
    sampleTask: toBytes(Uint32Array.from(pack.samples, (sample) => sample.task)),
  });
}
