import type { LogprobResponse, TextResponse } from "../../../evaluation/response.ts";
import type { EngineOutcome } from "../../ports/inference-engine.ts";
import { RequestError } from "./request-error.ts";

/** A scored text before its time is known. */
export type Score = Omit<LogprobResponse, "latencyUs">;

/** A response before its time is known. */
export type Answer = Score | Omit<TextResponse, "latencyUs">;

/** Runs one request: its response with the time that it took, or what it failed with. */
export async function timedAnswer(answer: () => Promise<Answer>): Promise<EngineOutcome> {
  const startMs = performance.now();
  try {
    const response = await answer();
    return { ...response, latencyUs: Math.round((performance.now() - startMs) * 1000) };
  } catch (error) {
    return RequestError.toFailure(error);
  }
}
