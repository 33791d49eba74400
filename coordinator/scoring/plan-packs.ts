import { fromBinary } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import type { PlanSample } from "../../evaluation/plan.ts";
import { type EvaluationRequest, REQUEST_KINDS } from "../../evaluation/request.ts";
import { decodeJson } from "../../proto/codec/plan-messages.ts";
import { readRequests } from "../../proto/codec/request-columns.ts";
import { RequestColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import { readBlob } from "../adapters/blobs/folder-blob-store.ts";
import type { StoredPack } from "../shell/plan-store.ts";

/** The samples of a pack. Throws `badData` where the blob does not hold those that the manifest says. */
export async function readPackSamples(blobFolder: string, pack: StoredPack): Promise<readonly PlanSample[]> {
  const samples = decodeJson(await readBlob(blobFolder, pack.samplesBlob)) as readonly PlanSample[];
  let request = pack.firstRequest;
  const isWhole =
    samples.length === pack.sampleCount &&
    samples.every(({ index, firstRequest, requestCount }, position) => {
      const isNext = index === pack.firstSample + position && firstRequest === request;
      request += requestCount;
      return isNext;
    });
  if (!isWhole || request !== pack.firstRequest + pack.requestCount) {
    throw new MusterError("badData", `the plan's pack ${pack.samplesBlob} does not hold the samples that it should`);
  }
  return samples;
}

/** The requests of a pack in order. A context that several share is one string. Generation settings are left out. */
export async function readPackRequests(blobFolder: string, pack: StoredPack): Promise<readonly EvaluationRequest[]> {
  const rows = readRequests(fromBinary(RequestColumnsSchema, await readBlob(blobFolder, pack.requestsBlob)));
  const contexts: string[] = [];
  const requests = Array.from({ length: rows.count }, (_, row): EvaluationRequest => {
    const context = (contexts[rows.contextIndex[row]!] ??= rows.contexts.text(rows.contextIndex[row]!));
    const kind = REQUEST_KINDS[rows.kind[row]!]!;
    return { index: rows.requestIndex[row]!, kind, context, continuation: rows.continuations.text(row) };
  });
  if (requests.some(({ index }, row) => index !== pack.firstRequest + row) || rows.count !== pack.requestCount) {
    throw new MusterError("badData", `the plan's pack ${pack.requestsBlob} does not hold the requests that it should`);
  }
  return requests;
}
