import { toBinary } from "@bufbuild/protobuf";
import type { PlanPack, PlanSample, PlanTask } from "../../evaluation/plan.ts";
import type { EvaluationRequest, GenerationSettings } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { encodeResponses } from "../../proto/codec/response-columns.ts";
import { encodePack } from "../../proto/codec/plan-messages.ts";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import type { BlobStore } from "../../coordinator/ports/blob-store.ts";
import { FolderBlobStore } from "../../coordinator/adapters/blobs/folder-blob-store.ts";
import type { AcceptedBatch, FinishedRun } from "../../coordinator/scoring/finish-run.ts";
import { encodeRequestBlob, type PlanManifest, type StoredPack } from "../../coordinator/shell/plan-store.ts";
import { anAgent } from "./core-builders.ts";

const GENERATION: GenerationSettings = { until: ["\n"], maxTokens: 8, temperature: 0, extra: {} };

/** A task of two metrics, asked by choices. */
export const CHOICE_TASK = aTask("choices", "multiple_choice", {
  metric_list: [{ metric: "acc" }, { metric: "acc_norm" }],
  doc_to_choice: ["a", "bb", "c"],
});

/** A task of generated text with two filters. */
export const TEXT_TASK = aTask("texts", "generate_until", {
  metric_list: [{ metric: "exact_match", ignore_case: true }],
  generation_kwargs: { until: ["\n"] },
  filter_list: [
    { name: "strict", filter: [{ function: "take_first" }] },
    { name: "loose", filter: [{ function: "regex", regex_pattern: "([0-9]+)" }, { function: "take_first" }] },
  ],
});

/** A task of two choices whose metrics are of all samples together. */
export const CORPUS_CHOICE_TASK = aTask("pairs", "multiple_choice", {
  metric_list: [{ metric: "f1" }, { metric: "mcc" }, { metric: "brier_score" }],
  doc_to_choice: ["no", "yes"],
});

/** A task of whole texts, weighted by their lengths. */
export const PERPLEXITY_TASK = aTask("prose", "loglikelihood_rolling", {
  metric_list: [{ metric: "word_perplexity" }, { metric: "byte_perplexity" }, { metric: "bits_per_byte" }],
});

/** A task of translations, scored as one corpus. */
export const CORPUS_TEXT_TASK = aTask("translations", "generate_until", {
  metric_list: [{ metric: "bleu" }, { metric: "chrf" }, { metric: "ter" }],
  generation_kwargs: { until: ["\n"] },
});

function aTask(name: string, outputKind: PlanTask["outputKind"], config: object): PlanTask {
  return {
    name,
    alias: name,
    version: "1.0",
    outputKind,
    numFewshot: 0,
    multipleTargets: false,
    config: JSON.stringify(config),
    higherIsBetter: {},
  };
}

/** How large a plan is. */
export interface PlanWish {
  readonly tasks: readonly PlanTask[];
  readonly samplesPerTask: number;
  readonly samplesPerPack?: number;
  /** Characters of each prompt beyond the needed ones. */
  readonly promptLength?: number;
}

/** Puts a plan into a blob store as a coordinator does. */
export async function storePlan(blobs: Pick<BlobStore, "put">, wish: PlanWish): Promise<PlanManifest> {
  const packs: StoredPack[] = [];
  const position = { sample: 0, request: 0 };
  for (const [task, planTask] of wish.tasks.entries()) {
    for (let docId = 0; docId < wish.samplesPerTask; docId += wish.samplesPerPack ?? 16) {
      const count = Math.min(wish.samplesPerPack ?? 16, wish.samplesPerTask - docId);
      const first = { ...position };
      const pack = makePack({ planTask, task, docId, count, promptLength: wish.promptLength ?? 0 }, position);
      const message = encodePack(pack, [GENERATION]);
      packs.push({
        requestsBlob: await blobs.put(encodeRequestBlob(message.requests)),
        samplesBlob: await blobs.put(message.samplesJson),
        firstSample: first.sample,
        sampleCount: pack.samples.length,
        firstRequest: first.request,
        requestCount: pack.requests.length,
      });
    }
  }
  const counts = { samples: wish.samplesPerTask, originalSamples: wish.samplesPerTask + 1 };
  return {
    header: {
      profile: "lm-eval 0.4.13",
      tasks: wish.tasks,
      groups: [],
      generations: [GENERATION],
      seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
      limit: null,
      numFewshot: null,
      bootstrapIterations: 1000,
      generationOverrides: null,
    },
    packs,
    end: {
      requestCount: position.request,
      sampleCount: position.sample,
      datasets: [],
      taskCounts: wish.tasks.map(() => counts),
    },
    options: {},
  };
}

function makePack(
  of: { planTask: PlanTask; task: number; docId: number; count: number; promptLength: number },
  position: { sample: number; request: number },
): PlanPack {
  const samples: PlanSample[] = [];
  const requests: EvaluationRequest[] = [];
  const { outputKind } = of.planTask;
  const choices = choicesOf(of.planTask);
  const isChoice = choices.length > 0;
  for (let docId = of.docId; docId < of.docId + of.count; docId++) {
    const context = `${"lorem ipsum ".repeat(of.promptLength / 12)}question ${docId}`;
    samples.push({
      index: position.sample++,
      task: of.task,
      docId,
      doc: `{"id": ${docId}, "share": 0.5}`,
      firstRequest: position.request,
      requestCount: isChoice ? choices.length : 1,
      target: isChoice ? String(docId % choices.length) : `"it is ${docId % 7}"`,
      ...(isChoice ? { choices, gold: docId % choices.length } : {}),
    });
    for (const continuation of isChoice ? choices : [""]) {
      const kind = outputKind === "multiple_choice" ? "loglikelihood" : outputKind;
      const generation = kind === "generate_until" ? { generation: GENERATION } : {};
      requests.push({ index: position.request++, kind, context, continuation, ...generation });
    }
  }
  return { samples, requests, sampleCostTokens: new Uint32Array(samples.length).fill(1) };
}

/** None where the task has no choices. */
function choicesOf({ config }: PlanTask): readonly string[] {
  return (JSON.parse(config) as { readonly doc_to_choice?: readonly string[] }).doc_to_choice ?? [];
}

/** The one answer to each request of such a plan. */
export function answerOf(plan: PlanManifest, requestIndex: number): EvaluationResponse {
  const cost = { promptTokens: 9, completionTokens: 1, truncatedTokens: requestIndex === 5 ? 2 : 0, latencyUs: 1 };
  const mixed = Math.imul(requestIndex + 1, 0x9e3779b1) >>> 0;
  const textsFrom = textsStart(plan);
  if (requestIndex < textsFrom) {
    return { kind: "logprob", logprob: -(mixed % 1000) / 37, isGreedy: mixed % 3 === 0, ...cost };
  }
  return { kind: "text", text: mixed % 5 === 0 ? "" : `it is ${mixed % 7} ☃`, ...cost };
}

/** Tasks whose answers are texts come last. */
function textsStart(plan: PlanManifest): number {
  const { samples } = plan.end.taskCounts[0]!;
  const scored = plan.header.tasks.filter(({ outputKind }) => outputKind !== "generate_until");
  return scored.reduce((sum, task) => sum + samples * Math.max(1, choicesOf(task).length), 0);
}

/** Stores responses to the given requests, cut into batches; each blob also holds a row that does not count. */
export async function storeBatches(
  blobs: FolderBlobStore,
  plan: PlanManifest,
  batches: readonly (readonly number[])[],
): Promise<AcceptedBatch[]> {
  const stored: AcceptedBatch[] = [];
  for (const [position, requestIndexes] of batches.entries()) {
    const late = (requestIndexes[0]! + 1) % plan.end.requestCount;
    const rows = [...requestIndexes, ...(requestIndexes.includes(late) ? [] : [late])].map((requestIndex) => ({
      requestIndex,
      response: answerOf(plan, requestIndex),
    }));
    const digest = await blobs.put(toBinary(ResponseColumnsSchema, encodeResponses(rows)));
    stored.push({ digest, agentId: `agent-${position % 2}`, requestIndexes: Uint32Array.from(requestIndexes) });
  }
  return stored;
}

/** A run whose last response has arrived; named fields win. */
export function aFinishedRun(
  fields: Pick<FinishedRun, "plan" | "batches" | "blobFolder" | "outputFolder"> & Partial<FinishedRun>,
): FinishedRun {
  return {
    runId: "r1",
    run: { runId: "r1", suite: "s", model: "org/model", seed: 0, submittedBy: "me", createdUnixMs: 1_000 },
    planDigest: "plan",
    failures: [],
    leases: [{ leaseId: "l1", agentId: "agent-0", slotId: "s0", epoch: 1, sampleCount: 3, end: "done" }],
    agents: [{ agent: anAgent("agent-0"), responses: 3, slotSeconds: 2, leases: 1 }],
    totals: {
      promptTokens: 1,
      completionTokens: 1,
      truncatedRequests: 1,
      slotSeconds: 2,
      costUsd: 0,
      duplicates: 0,
      disagreements: 0,
      leaseExpiries: 0,
    },
    musterVersion: "0.0.0",
    endedUnixMs: 61_234,
    ...fields,
  };
}
