import { createHash, hash } from "node:crypto";
import { formatPythonJson } from "../../evaluation/harness/python/json-format.ts";
import { makeFloat, type PythonValue } from "../../evaluation/harness/python/value.ts";
import type { PlanSample, PlanTask } from "../../evaluation/plan.ts";
import type { EvaluationRequest } from "../../evaluation/request.ts";
import type { EvaluationResponse } from "../../evaluation/response.ts";
import type { OutputFile } from "./output-file.ts";
import type { TaskOutcome } from "./task-output.ts";

/**
 * One task of a run that others score: its responses as they are, one line each as Python's `json.dumps` prints them, so
 * that every float is the same one when it is read. Requests without a response have no line. Takes the place of
 * `TaskOutput`; all tasks write to one file.
 */
export class ResponsesOutput {
  readonly #task: PlanTask;
  readonly #file: OutputFile;
  readonly #hash = createHash("sha256");
  #samples = 0;

  constructor(task: PlanTask, file: OutputFile) {
    this.#task = task;
    this.#file = file;
  }

  /** Writes the lines of one sample; returns the hash of its first prompt. */
  add(
    _sample: PlanSample,
    requests: readonly EvaluationRequest[],
    responses: readonly EvaluationResponse[],
  ): { readonly promptHash: string } {
    for (const [position, response] of responses.entries()) {
      const line = `${formatPythonJson(new Map([["request", requests[position]!.index], ...answerOf(response)]))}\n`;
      this.#file.writeText(line);
      this.#hash.update(line);
    }
    this.#samples += 1;
    return { promptHash: hash("sha256", requests[0]?.context ?? "", "hex") };
  }

  /** A row without scores; the hash is over the lines. */
  finish(): TaskOutcome {
    const { name, alias } = this.#task;
    const row = { name, alias, sampleCount: this.#samples, columns: [], columnSamples: null };
    return { row, taskHash: this.#hash.digest("hex") };
  }
}

function answerOf(response: EvaluationResponse): [string, PythonValue][] {
  if (response.kind === "text") return [["text", response.text]];
  return [
    ["logprob", makeFloat(response.logprob)],
    ["is_greedy", response.isGreedy],
  ];
}
