import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import type { RequestFailure as FailedOutcome, RetryClass } from "../../evaluation/response.ts";
import { encodeResponses, type RequestResponse } from "../../proto/codec/response-columns.ts";
import { type RequestFailure, type ResponseBatch, ResponseBatchSchema } from "../../proto/gen/muster/v1/agent_pb.js";
import type { EngineOutcome } from "../ports/inference-engine.ts";

const RETRY_CLASSES: readonly RetryClass[] = ["same", "elsewhere", "never"];

/** What every outcome weighs in a message besides its text, bytes. */
const OUTCOME_BYTES = 40;

interface Collected {
  readonly responses: RequestResponse[];
  readonly failures: { readonly requestIndex: number; readonly failure: FailedOutcome }[];
}

/** Outcomes by lease until they are put into a numbered batch. */
export class BatchMaker {
  readonly #collected = new Map<string, Collected>();

  /** Adds outcomes; their size in a message, bytes, roughly. */
  add(leaseId: string, requestIndexes: readonly number[], outcomes: readonly EngineOutcome[]): number {
    const collected = this.#collected.get(leaseId) ?? { responses: [], failures: [] };
    this.#collected.set(leaseId, collected);
    let bytes = 0;
    outcomes.forEach((outcome, position) => {
      const requestIndex = requestIndexes[position]!;
      bytes += OUTCOME_BYTES;
      if (outcome.kind === "failed") {
        collected.failures.push({ requestIndex, failure: outcome });
        bytes += outcome.message.length;
      } else {
        collected.responses.push({ requestIndex, response: outcome });
        if (outcome.kind === "text")
          bytes += Buffer.byteLength(outcome.text) + Buffer.byteLength(outcome.thinking ?? "");
      }
    });
    return bytes;
  }

  /** Takes what was collected for a lease as the bytes of a wire message. */
  take(head: {
    readonly batchNumber: number;
    readonly runId: string;
    readonly leaseId: string;
    readonly slotId: string;
    readonly slotSeconds: number;
  }): Uint8Array {
    const collected = this.#collected.get(head.leaseId) ?? { responses: [], failures: [] };
    this.#collected.delete(head.leaseId);
    const batch = create(ResponseBatchSchema, {
      ...head,
      batchNumber: BigInt(head.batchNumber),
      responses: encodeResponses(collected.responses),
      failures: collected.failures.map(({ requestIndex, failure }) => failureMessage(requestIndex, failure)),
    });
    return toBinary(ResponseBatchSchema, batch);
  }
}

/** A batch as it came out of the spool under a number. Throws `badData` for bytes that are no batch of that number. */
export function readSpooledBatch(batchNumber: number, bytes: Uint8Array): ResponseBatch {
  try {
    const batch = fromBinary(ResponseBatchSchema, bytes);
    if (batch.batchNumber === BigInt(batchNumber)) return batch;
  } catch (error) {
    throw new MusterError("badData", `batch ${batchNumber} cannot be decoded`, { cause: error });
  }
  throw new MusterError("badData", `another batch lies in the place of batch ${batchNumber}`);
}

function failureMessage(requestIndex: number, failure: FailedOutcome): RequestFailure {
  const { reason, message } = failure;
  const retry = RETRY_CLASSES.indexOf(failure.retry);
  return { $typeName: "muster.v1.RequestFailure", requestIndex, retry, reason, message };
}
