import { userInfo } from "node:os";
import { create } from "@bufbuild/protobuf";
import type { PlanEnd, PlanHeader } from "../evaluation/plan.ts";
import { encodeJson, encodePack } from "../proto/codec/plan-messages.ts";
import { PlanEndMessageSchema, RunSubmissionSchema } from "../proto/gen/muster/v1/operator_pb.js";
import { streamPlan } from "../frontend/stream-plan.ts";
import type { PlanProgress } from "../frontend/plan-request.ts";
import type { CoordinatorClient, Submission } from "./coordinator-client.ts";
import type { RunWish } from "./plan-request.ts";

/** A plan that lies with the coordinator, whole but for its last word: nothing starts before `start`. */
export interface SubmittedPlan {
  readonly header: PlanHeader;
  readonly end: PlanEnd;
  /** Predicted tokens of all samples. */
  readonly tokens: number;
  /** Starts the run; resolves once it is durable, rejects where it is refused. */
  start(): Promise<void>;
  cancel(): void;
}

/** Makes a plan and sends it, pack by pack as it is made, so that it is never whole in memory. */
export async function submitPlan(
  client: CoordinatorClient,
  run: { readonly runId: string; readonly wish: RunWish; readonly model: string; readonly options: object },
  watch: { readonly signal: AbortSignal; onProgress(progress: PlanProgress): void },
): Promise<SubmittedPlan> {
  let [submission, header, end]: [Submission | null, PlanHeader | null, PlanEnd | null] = [null, null, null];
  let tokens = 0;
  try {
    for await (const piece of streamPlan(run.wish.request, watch)) {
      if (piece.kind === "header") {
        ({ header } = piece);
        submission = client.submit();
        await submission.write({ case: "submission", value: submissionMessage(run, header) });
      } else if (piece.kind === "pack") {
        for (const cost of piece.pack.sampleCostTokens) tokens += cost;
        await submission!.write({ case: "pack", value: encodePack(piece.pack, header!.generations) });
      } else ({ end } = piece);
    }
  } catch (error) {
    submission?.cancel();
    throw error;
  }
  const [sent, endJson] = [submission!, encodeJson(end)];
  return {
    header: header!,
    end: end!,
    tokens,
    async start() {
      await sent.finish({ case: "end", value: create(PlanEndMessageSchema, { endJson }) });
    },
    cancel: () => sent.cancel(),
  };
}

function submissionMessage(
  { runId, wish, model, options }: Parameters<typeof submitPlan>[1],
  header: PlanHeader,
): ReturnType<typeof create<typeof RunSubmissionSchema>> {
  return create(RunSubmissionSchema, {
    runId,
    suite: wish.suite,
    model,
    headerJson: encodeJson(header),
    optionsJson: encodeJson(options),
    seed: BigInt(wish.request.seeds.python),
    submittedBy: userInfo().username,
  });
}
