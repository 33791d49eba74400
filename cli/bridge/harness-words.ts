import { MusterError } from "../../base/muster-error.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";

/** What the harness's command is told beside the evaluation itself. */
export interface HarnessPlace {
  readonly coordinator: string;
  readonly model: string;
  /** Whether earlier answers do not count. */
  readonly fresh: boolean;
  readonly output: string;
  /** Arguments as the user gave them for the harness. */
  readonly more: readonly string[];
}

/** An evaluation as arguments of the harness's own command. Throws `usage` for what that cannot say. */
export function harnessWords(request: PlanRequest, place: HarnessPlace): string[] {
  const { seeds, limit, numFewshot, generationOverrides, includePaths, chat } = request;
  if ((request.numFewshotOf?.size ?? 0) > 0) {
    throw new MusterError(
      "usage",
      "the harness takes one number of examples for all tasks, and the suite gives several",
      {
        wayOut: "Give --num-fewshot, or run the tasks one after another.",
      },
    );
  }
  if (includePaths.length > 1) {
    throw new MusterError("usage", "the harness takes one --include-path, and there are several", {
      wayOut: "Put the task folders into one.",
    });
  }
  if (chat?.template != null) {
    throw new MusterError("unsupported", "the Python bridge applies no chat template yet", {
      wayOut: "Run the tasks that are not native without --apply-chat-template.",
    });
  }
  const { coordinator, model, fresh } = place;
  return [
    ...["run", "--model", "muster", "--model_args", JSON.stringify({ coordinator, model, fresh })],
    ...["--tasks", request.tasks.join(",")],
    ...["--seed", [seeds.python, seeds.numpy, seeds.torch, seeds.fewshot].join(",")],
    ...["--output_path", place.output, "--log_samples"],
    ...(limit === null ? [] : ["--limit", String(limit)]),
    ...(numFewshot === null ? [] : ["--num_fewshot", String(numFewshot)]),
    ...(generationOverrides === null ? [] : ["--gen_kwargs", generationOverrides]),
    ...(chat?.systemInstruction == null ? [] : ["--system_instruction", chat.systemInstruction]),
    ...includePaths.flatMap((path) => ["--include_path", path]),
    ...place.more,
  ];
}
