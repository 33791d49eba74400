import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../../base/muster-error.ts";
import type { EngineCapabilities } from "../../../evaluation/engine.ts";
import { type EvaluationRequest, REQUEST_KINDS, type RequestKind } from "../../../evaluation/request.ts";
import type { EvaluationResponse, RequestFailure } from "../../../evaluation/response.ts";
import type { InferenceEngine } from "../../ports/inference-engine.ts";
import { CANARIES, GENERATED_TOKENS_MAX, NEXT_WORD, STOP_WORD } from "./canaries.ts";

// Servers that call themselves compatible differ in what they can do, and some answer wrongly rather than not at all.
// So each engine is asked for what any language model must answer in a known way, whatever its weights:
//   - a continuation's log-probability is the sum of its parts' (a server that scores only the last token, or only what
//     it generates, fails here);
//   - two continuations of one context have different log-probabilities (one that is off by a token gives the same);
//   - the word that greedy decoding gives is greedy when it is scored;
//   - a longer text is less likely;
//   - a generation ends before its stop string and within its number of tokens;
//   - asked again, and among others, it gives the same bits (`repeatable`), or at least nearly the same number.

/** What is probed: an engine whose capabilities are not known yet. */
export interface ProbedEngine {
  /** How sentences name it: `llama.cpp`, `the server at http://127.0.0.1:8000`. */
  readonly name: string;
  /** As the port has it; a kind that the engine cannot answer is a failure with retry `never` or `elsewhere`. */
  compute: InferenceEngine["compute"];
}

type Canary = keyof typeof CANARIES;
type Answers = ReadonlyMap<Canary, EvaluationResponse | RequestFailure>;

/** The canaries of each kind, asked as one sample. */
const SAMPLES: { readonly [kind in RequestKind]: readonly Canary[] } = {
  generate_until: ["oneToken", "stopped"],
  loglikelihood: ["likely", "unlikely", "whole", "rest"],
  loglikelihood_rolling: ["text", "longerText"],
};

const ATTEMPTS_MAX = 5;
const REST_MS = 500;
const REST_MAX_MS = 30_000;

/**
 * Finds out what an engine can do. A kind that fails or is answered wrongly is missing, with the reason in one sentence.
 * Throws `connection` where the engine goes on asking to be left alone, `interrupted` where `signal` aborts.
 */
export async function probeEngine(engine: ProbedEngine, signal: AbortSignal): Promise<EngineCapabilities> {
  const first = new Map<Canary, EvaluationResponse | RequestFailure>();
  for (const kind of REQUEST_KINDS) {
    for (const [canary, answer] of await ask(engine, SAMPLES[kind], signal)) first.set(canary, answer);
  }
  const troubles = new Map(REQUEST_KINDS.map((kind) => [kind, failureIn(kind, first) ?? WRONG[kind](first)]));
  const answered = REQUEST_KINDS.filter((kind) => troubles.get(kind) === null);
  // Again, all at once: caches are warm now and batches are mixed.
  const again = await Promise.all(answered.map((kind) => ask(engine, SAMPLES[kind], signal)));
  answered.forEach((kind, position) => troubles.set(kind, unsteadiness(first, again[position]!)));
  const kinds = answered.filter((kind) => troubles.get(kind) === null);
  const missing = REQUEST_KINDS.filter((kind) => !kinds.includes(kind));
  return {
    kinds,
    missing: Object.fromEntries(missing.map((kind) => [kind, `${engine.name} ${troubles.get(kind)}`])),
    repeatable: again.every((answers) => [...answers].every(([canary, answer]) => isSame(first.get(canary)!, answer))),
  };
}

/** Asks for one sample, again after a rest where the engine is busy. */
async function ask(engine: ProbedEngine, canaries: readonly Canary[], signal: AbortSignal): Promise<Answers> {
  const requests: EvaluationRequest[] = canaries.map((canary) => CANARIES[canary]);
  for (let attempt = 1; ; attempt++) {
    const outcomes = await engine.compute(requests, signal);
    if (signal.aborted) throw new MusterError("interrupted", `stopped while ${engine.name} was probed`);
    const busy = outcomes.find((outcome) => outcome.kind === "failed" && outcome.retry === "same");
    if (busy?.kind !== "failed") {
      return new Map(canaries.map((canary, position) => [canary, outcomes[position]!]));
    }
    if (attempt === ATTEMPTS_MAX) {
      throw new MusterError("connection", `${engine.name} answers no canary request: ${busy.message}`, {
        wayOut: "Wait until it takes requests, then start the agent again.",
      });
    }
    await rest(Math.min(REST_MAX_MS, busy.retryAfterMs ?? REST_MS * 2 ** (attempt - 1)), signal);
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw new MusterError("interrupted", "stopped while an engine was probed", { cause: error });
  }
}

function failureIn(kind: RequestKind, answers: Answers): string | null {
  for (const canary of SAMPLES[kind]) {
    const answer = answers.get(canary)!;
    if (answer.kind === "failed") return `cannot answer ${kind}: ${answer.message}`;
    if ((answer.kind === "text") !== (kind === "generate_until")) return `answers ${kind} with a ${answer.kind}`;
    if (answer.kind === "logprob" && !(answer.logprob <= 0 && Number.isFinite(answer.logprob))) {
      return `gives ${answer.logprob} as a log-probability`;
    }
  }
  return null;
}

/** What is wrong with answers that are no failures, by kind. */
const WRONG: { readonly [kind in RequestKind]: (answers: Answers) => string | null } = {
  generate_until(answers) {
    const stopped = answers.get("stopped")!;
    if (stopped.kind !== "text") return null;
    if (stopped.text.includes(STOP_WORD)) return `generates past the stop string ${JSON.stringify(STOP_WORD)}`;
    if (stopped.completionTokens <= GENERATED_TOKENS_MAX) return null;
    return `generates ${stopped.completionTokens} tokens where at most ${GENERATED_TOKENS_MAX} are asked for`;
  },
  loglikelihood(answers) {
    const [whole, rest] = [logprob(answers, "whole"), logprob(answers, "rest")];
    const [likely, unlikely] = [logprob(answers, "likely"), logprob(answers, "unlikely")];
    if (!isNear(whole, unlikely + rest)) {
      return `gives ${whole} for two words, and ${unlikely} and ${rest} for each alone: they do not add up`;
    }
    if (likely === unlikely) return `gives ${likely} for two different continuations of the same prompt`;
    const said = answers.get("oneToken");
    const scored = answers.get("likely")!;
    const isSaid = said?.kind === "text" && said.text === NEXT_WORD;
    if (isSaid && scored.kind === "logprob" && !scored.isGreedy) {
      return `generates ${JSON.stringify(NEXT_WORD)} but does not score it as the most likely continuation`;
    }
    return null;
  },
  loglikelihood_rolling(answers) {
    const [text, longer] = [logprob(answers, "text"), logprob(answers, "longerText")];
    return longer < text ? null : `gives ${text} for a text and ${longer} for a longer one: it must be less`;
  },
};

function logprob(answers: Answers, canary: Canary): number {
  const answer = answers.get(canary);
  return answer?.kind === "logprob" ? answer.logprob : Number.NaN;
}

/** Half-precision logits are an eighth apart where they are large; a lost token is worth several. */
function isNear(first: number, second: number): boolean {
  return Math.abs(first - second) <= 0.5 + 0.05 * Math.abs(first);
}

/** Whether a number depends on being asked for again, from a warm cache and among other requests. */
function unsteadiness(first: Answers, again: Answers): string | null {
  for (const [canary, answer] of again) {
    const before = first.get(canary);
    if (answer.kind === "failed") return `answers a request and fails when asked again: ${answer.message}`;
    if (before?.kind !== "logprob" || answer.kind !== "logprob" || isNear(before.logprob, answer.logprob)) continue;
    return `gives ${before.logprob} at first and ${answer.logprob} when asked again`;
  }
  return null;
}

function isSame(first: EvaluationResponse | RequestFailure, second: EvaluationResponse | RequestFailure): boolean {
  if (first.kind === "text") return second.kind === "text" && second.text === first.text;
  if (first.kind === "failed" || second.kind !== "logprob") return false;
  return first.logprob === second.logprob && first.isGreedy === second.isGreedy;
}
