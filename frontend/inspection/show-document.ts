// One document of a task as a model will see it: the plan's own requests.
import { MusterError } from "../../base/muster-error.ts";
import type { PlanPack, PlanSample, PlanTask } from "../../evaluation/plan.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { PlanRequest } from "../plan-request.ts";
import { selectTree } from "../select-tree.ts";
import { streamPlan, type StreamPlanOptions } from "../stream-plan.ts";

/** A document with its task and its requests. */
export interface ShownDocument {
  readonly task: PlanTask;
  readonly sample: PlanSample;
  readonly requests: readonly EvaluationRequest[];
  /** Documents that the task has. */
  readonly documents: number;
}

/**
 * Renders a document, counted from 0. All before it are rendered too: worked examples are drawn from one random stream.
 * Throws `usage` for a name of several tasks, `notFound` for a document that is not there.
 */
export async function showDocument(
  request: Omit<PlanRequest, "limit">,
  docId: number,
  around: StreamPlanOptions,
): Promise<ShownDocument> {
  assertOneTask(request);
  let task: PlanTask | undefined;
  let shown: { readonly sample: PlanSample; readonly pack: PlanPack } | undefined;
  let documents = 0;
  for await (const piece of streamPlan({ ...request, limit: docId + 1 }, around)) {
    if (piece.kind === "header") [task] = piece.header.tasks;
    else if (piece.kind === "end") documents = piece.end.taskCounts[0]!.originalSamples;
    else {
      const sample = piece.pack.samples.find((candidate) => candidate.docId === docId);
      if (sample !== undefined) shown = { sample, pack: piece.pack };
    }
  }
  if (task === undefined || shown === undefined) {
    throw new MusterError("notFound", `${task?.name ?? "the task"} has no document ${docId}`, {
      wayOut: `It has ${documents}, counted from 0.`,
    });
  }
  const { sample, pack } = shown;
  const first = sample.firstRequest - pack.requests[0]!.index;
  return { task, sample, requests: pack.requests.slice(first, first + sample.requestCount), documents };
}

/** Before any data is read. */
function assertOneTask({ tasks, ...places }: Omit<PlanRequest, "limit">): void {
  const names = selectTree(places, tasks).tasks.map(({ name }) => name);
  if (names.length === 1) return;
  throw new MusterError("usage", `${tasks.join(", ")} stands for ${names.length} tasks`, {
    wayOut: `Name one of them: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`,
  });
}
