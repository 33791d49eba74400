import { createHash } from "node:crypto";
import type { EvaluationResponse } from "../../evaluation/response.ts";

/** Characters of a text row. */
const TEXT_LENGTH = 400;

/** A log-probability of its own for each request. */
export function numberAnswer(request: number): EvaluationResponse {
  const mixed = Math.imul(request + 1, 0x9e3779b1) >>> 0;
  return { kind: "logprob", logprob: -(mixed / 2 ** 26) / 3, isGreedy: mixed % 3 === 0, ...costOf(mixed) };
}

/** A text of 400 bytes of its own for each request. */
export function textAnswer(request: number): EvaluationResponse {
  let text = "";
  for (let part = 0; text.length < TEXT_LENGTH; part++) {
    text += createHash("sha512").update(`${request} ${part}`).digest("base64");
  }
  return { kind: "text", text: text.slice(0, TEXT_LENGTH), ...costOf(request) };
}

function costOf(seed: number) {
  return {
    promptTokens: 200 + (seed % 57),
    completionTokens: 1 + (seed % 9),
    truncatedTokens: 0,
    latencyUs: seed % 1e6,
  };
}
