import { createHash } from "node:crypto";
import { MUSTER_VERSION } from "../../../../base/node/version.ts";
import type { EngineDescription } from "../../../../evaluation/engine.ts";
import { type EvaluationRequest, REQUEST_KINDS } from "../../../../evaluation/request.ts";
import type { EvaluationResponse } from "../../../../evaluation/response.ts";
import type { EngineOutcome, InferenceEngine } from "../../../ports/inference-engine.ts";
import { hashGenerate, hashLogprob, hashRolling } from "./hash-model.ts";

/** Answers cost microseconds: enough in flight that batches fill, few enough that the loop stays free. */
const CONCURRENCY = 256;

/** What the hash engine, and those that answer like it, announce. */
export function hashDescription(engine: string, model: string, concurrency: number | null): EngineDescription {
  return {
    engine,
    engineVersion: MUSTER_VERSION,
    url: "",
    model,
    modelDigest: createHash("sha256").update("hash model 1").digest("hex"),
    contextTokens: 1_048_576,
    concurrency: concurrency ?? CONCURRENCY,
    capabilities: { kinds: REQUEST_KINDS, missing: {}, repeatable: true },
  };
}

/** One answer of the hash model; tokens are counted as four bytes each. */
export function answerByHash(request: EvaluationRequest): EvaluationResponse {
  const promptTokens = Math.ceil((request.context.length + request.continuation.length) / 4);
  const cost = { promptTokens, completionTokens: 0, truncatedTokens: 0, latencyUs: 0 };
  switch (request.kind) {
    case "loglikelihood":
      return { kind: "logprob", ...hashLogprob(request.context, request.continuation), ...cost };
    case "loglikelihood_rolling":
      return { kind: "logprob", logprob: hashRolling(request.context), isGreedy: false, ...cost };
    case "generate_until": {
      const { until, maxTokens } = request.generation!;
      const text = hashGenerate(request.context, until, maxTokens);
      return { kind: "text", text, ...cost, completionTokens: Math.ceil(text.length / 4) };
    }
  }
}

/** An engine without a model, for tests and benchmarks. */
export class HashEngine implements InferenceEngine {
  readonly description: EngineDescription;

  constructor(model: string, concurrency: number | null) {
    this.description = hashDescription("hash", model, concurrency);
  }

  compute(requests: readonly EvaluationRequest[]): Promise<readonly EngineOutcome[]> {
    return Promise.resolve(requests.map(answerByHash));
  }

  health(): Promise<string | null> {
    return Promise.resolve(null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
