// Plans that worlds evaluate: made once a process, since making one takes longer than many worlds.
import { create } from "@bufbuild/protobuf";
import type { PlanEnd, PlanHeader, PlanSample, PlanTask } from "../../evaluation/plan.ts";
import type { EvaluationRequest, GenerationSettings, RequestKind } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import { encodeJson, encodePack } from "../../proto/codec/plan-messages.ts";
import { encodeResponses, fingerprintResponse, readResponses } from "../../proto/codec/response-columns.ts";
import {
  type PlanPackMessage,
  type SubmitRunMessage,
  SubmitRunMessageSchema,
} from "../../proto/gen/muster/v1/operator_pb.js";
import { SeededRandom } from "../../quickstart/seeded-random.ts";

const GENERATION: GenerationSettings = { until: ["\n"], maxTokens: 8, temperature: 0, extra: {} };
const PLANS = 24;
const PACK_SAMPLES = 24;

/** A plan, with the one true answer to each of its requests. */
export interface WorldPlan {
  readonly requests: readonly EvaluationRequest[];
  /** The sample of each request. */
  readonly sampleOf: readonly number[];
  readonly fingerprints: Uint32Array;
  readonly header: PlanHeader;
  readonly end: PlanEnd;
  readonly packs: readonly PlanPackMessage[];
}

const made: WorldPlan[] = [];

/** One of the plans. */
export function pickPlan(random: SeededRandom): WorldPlan {
  const position = random.below(PLANS);
  return (made[position] ??= makePlan(new SeededRandom(position + 1)));
}

/** The only true answer: a function of what is asked, and quick. */
export function trueAnswer({ kind, context, continuation }: EvaluationRequest): EvaluationResponse {
  let mixed = 2_166_136_261;
  for (const text of [context, continuation]) {
    for (let at = 0; at < text.length; at++) mixed = Math.imul(mixed ^ text.charCodeAt(at), 16_777_619);
  }
  mixed >>>= 0;
  const cost = { promptTokens: 7, completionTokens: 2, truncatedTokens: 0, latencyUs: 1 };
  if (kind === "generate_until") return { kind: "text", text: `it is ${mixed % 1000} ☃`, ...cost };
  return { kind: "logprob", logprob: -(mixed % 100_000) / 997, isGreedy: mixed % 3 === 0, ...cost };
}

/** The messages with which a client submits a plan as a run. */
export function submission(plan: WorldPlan, runId: string, model: string): SubmitRunMessage[] {
  const facts = { runId, suite: "s", model, seed: 1n, submittedBy: "sim", optionsJson: new Uint8Array() };
  const messages: SubmitRunMessage["message"][] = [
    {
      case: "submission",
      value: { $typeName: "muster.v1.RunSubmission", ...facts, headerJson: encodeJson(plan.header) },
    },
    ...plan.packs.map((value) => ({ case: "pack" as const, value })),
    { case: "end", value: { $typeName: "muster.v1.PlanEndMessage", endJson: encodeJson(plan.end) } },
  ];
  return messages.map((message) => create(SubmitRunMessageSchema, { message }));
}

function makePlan(random: SeededRandom): WorldPlan {
  const kinds = random.pick<readonly RequestKind[]>([
    ["loglikelihood"],
    ["generate_until"],
    ["generate_until", "loglikelihood"],
  ]);
  const requestsWanted = random.between(250, 500);
  const costsMax = random.pick([1, 50]);
  const tasks = kinds.map(makeTask);
  const samples: PlanSample[] = [];
  const requests: EvaluationRequest[] = [];
  const sampleOf: number[] = [];
  const counts = kinds.map(() => 0);
  const share = Math.ceil(requestsWanted / kinds.length);
  for (const [task, kind] of kinds.entries()) {
    const target = requests.length + share;
    while (requests.length < target) {
      const requestCount = kind === "loglikelihood" ? random.between(2, 5) : 1;
      const index = samples.length;
      const at = { index, task, docId: counts[task]!++, doc: "{}", target: '"x"' };
      samples.push({ ...at, firstRequest: requests.length, requestCount });
      for (let choice = 0; choice < requestCount; choice++) {
        const generation = kind === "generate_until" ? { generation: GENERATION } : {};
        const request = { index: requests.length, kind, context: `question ${index}`, continuation: `${choice}` };
        requests.push({ ...request, ...generation });
        sampleOf.push(index);
      }
    }
  }
  const costs = Uint32Array.from(samples, () => random.between(1, costsMax));
  return {
    ...{ requests, sampleOf, fingerprints: fingerprintsOf(requests) },
    ...{ header: makeHeader(tasks), packs: makePacks(samples, requests, costs) },
    end: {
      requestCount: requests.length,
      sampleCount: samples.length,
      datasets: [],
      taskCounts: counts.map((count) => ({ samples: count, originalSamples: count })),
    },
  };
}

function makeTask(kind: RequestKind): PlanTask {
  const shown = { name: kind, alias: kind, version: "1.0", outputKind: kind, config: "{}" };
  return { ...shown, numFewshot: 0, multipleTargets: false, higherIsBetter: {} };
}

function makeHeader(tasks: readonly PlanTask[]): PlanHeader {
  return {
    profile: "lm-eval 0.4.13",
    tasks,
    groups: [],
    generations: [GENERATION],
    seeds: { python: 0, numpy: 1234, torch: 1234, fewshot: 1234 },
    limit: null,
    numFewshot: null,
    bootstrapIterations: 0,
    generationOverrides: null,
  };
}

function makePacks(samples: PlanSample[], requests: EvaluationRequest[], costs: Uint32Array): PlanPackMessage[] {
  const packs: PlanPackMessage[] = [];
  for (let from = 0; from < samples.length; from += PACK_SAMPLES) {
    const some = samples.slice(from, from + PACK_SAMPLES);
    const last = some.at(-1)!;
    const pack = {
      samples: some,
      requests: requests.slice(some[0]!.firstRequest, last.firstRequest + last.requestCount),
      sampleCostTokens: costs.slice(from, from + PACK_SAMPLES),
    };
    packs.push(encodePack(pack, [GENERATION]));
  }
  return packs;
}

function fingerprintsOf(requests: readonly EvaluationRequest[]): Uint32Array {
  const rows = readResponses(
    encodeResponses(requests.map((request) => ({ requestIndex: request.index, response: trueAnswer(request) }))),
  );
  return Uint32Array.from(requests, (_, row) => fingerprintResponse(rows, row));
}
