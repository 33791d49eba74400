import { create } from "@bufbuild/protobuf";
import { assert } from "../base/assert.ts";
import type { PlanEnd, PlanHeader, PlanPiece } from "../evaluation/plan.ts";
import { encodeJson, encodePack } from "../proto/codec/plan-messages.ts";
import { PlanEndMessageSchema, type RunSubmission, RunSubmissionSchema } from "../proto/gen/muster/v1/operator_pb.js";
import type { Submission } from "./coordinator-client.ts";

/** What a plan comes to. */
export interface PlanSummary {
  readonly header: PlanHeader;
  readonly end: PlanEnd;
  readonly predictedTokens: number;
}

/** What is said of the run beside its plan. */
export type RunFacts = Omit<RunSubmission, "headerJson" | "$typeName" | "$unknown">;

/**
 * Sends a plan as it is made, piece by piece, so that it is never whole in memory. Nothing starts before its end
 * message is sent with `endSubmission`.
 */
export async function sendPlan(
  header: PlanHeader,
  rest: AsyncIterable<PlanPiece>,
  submission: Submission,
  facts: RunFacts,
): Promise<PlanSummary> {
  const value = create(RunSubmissionSchema, { ...facts, headerJson: encodeJson(header) });
  await submission.write({ case: "submission", value });
  let predictedTokens = 0;
  for await (const piece of rest) {
    if (piece.kind === "pack") {
      for (const tokens of piece.pack.sampleCostTokens) predictedTokens += tokens;
      await submission.write({ case: "pack", value: encodePack(piece.pack, header.generations) });
    } else if (piece.kind === "end") return { header, end: piece.end, predictedTokens };
  }
  assert(false, "a plan without its end");
}

/** Sends the end of a plan: the run starts. Throws where the coordinator refuses it. */
export async function endSubmission(submission: Submission, end: PlanEnd): Promise<void> {
  await submission.finish({ case: "end", value: create(PlanEndMessageSchema, { endJson: encodeJson(end) }) });
}
