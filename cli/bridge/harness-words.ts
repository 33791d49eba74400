import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { PlanRequest } from "../../frontend/plan-request.ts";

/** What the harness's command is told beside the evaluation itself. */
export interface HarnessPlace {
  readonly coordinator: string;
  readonly model: string;
  /** Whether earlier answers do not count. */
  readonly fresh: boolean;
  /** The word of an earlier command whose answers count. */
  readonly resume: string | undefined;
  readonly output: string;
  /** What `--apply-chat-template` named. */
  readonly chatSource: string | undefined;
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
  const { coordinator, model, fresh, resume } = place;
  return [
    ...[
      "run",
      "--model",
      "muster",
      "--model_args",
      JSON.stringify({ coordinator, model, fresh, resume, ...chatArguments(request, place) }),
    ],
    ...["--tasks", request.tasks.join(",")],
    ...["--seed", [seeds.python, seeds.numpy, seeds.torch, seeds.fewshot].join(",")],
    ...["--output_path", place.output, "--log_samples"],
    ...(limit === null ? [] : ["--limit", String(limit)]),
    ...(numFewshot === null ? [] : ["--num_fewshot", String(numFewshot)]),
    ...(generationOverrides === null ? [] : ["--gen_kwargs", generationOverrides]),
    ...(chat?.systemInstruction == null ? [] : ["--system_instruction", chat.systemInstruction]),
    ...(chat?.template == null ? [] : ["--apply_chat_template", "--fewshot_as_multiturn", String(chat.isMultiturn)]),
    ...includePaths.flatMap((path) => ["--include_path", path]),
    ...place.more,
  ];
}

/** The harness's libraries read a tokenizer's whole folder, not a template alone. */
function chatArguments({ chat }: PlanRequest, { chatSource }: HarnessPlace): { chat?: string; tokenizer?: string } {
  if (chat?.template == null || chatSource === undefined) return {};
  if (chat.template.kind === "messages") return { chat: "messages" };
  if (statSync(chatSource).isDirectory()) return { tokenizer: resolve(chatSource) };
  if (chatSource.endsWith("tokenizer_config.json")) return { tokenizer: resolve(dirname(chatSource)) };
  throw new MusterError(
    "unsupported",
    `the Python bridge takes chat templates from a model's folder, not from ${chatSource}`,
    {
      wayOut: "Name the folder with the model's tokenizer.",
    },
  );
}
