import type { PlanTask } from "../../plan.ts";
import type { EvaluationResponse } from "../../response.ts";
import { makeFloat, PythonTuple, type PythonValue } from "../python/value.ts";

/**
 * A sample's responses as the harness holds them: for each of its requests a list, one member a repeat. A member is a
 * text, a (log-probability, is greedy) tuple, or for rolling requests the log-probability alone.
 */
export function requestResponses(
  task: PlanTask,
  repeats: number,
  responses: readonly EvaluationResponse[],
): readonly (readonly PythonValue[])[] {
  const lists: PythonValue[][] = [];
  for (let start = 0; start < responses.length; start += repeats) {
    lists.push(responses.slice(start, start + repeats).map((response) => pythonResponse(task, response)));
  }
  return lists;
}

function pythonResponse(task: PlanTask, response: EvaluationResponse): PythonValue {
  if (response.kind === "text") return response.text;
  const logprob = makeFloat(response.logprob);
  return task.outputKind === "loglikelihood_rolling" ? logprob : new PythonTuple([logprob, response.isGreedy]);
}
