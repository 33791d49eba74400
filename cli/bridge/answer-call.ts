// One call of the harness to its answers: the requests become a run whose id follows from what they are, so that a
// command that is given again finds what was answered before. Requests that got no answer are tried again in a next run.
import { createHash } from "node:crypto";
import { MusterError } from "../../base/muster-error.ts";
import { callHeader, planCall } from "../../frontend/bridge/plan-call.ts";
import type { CallSpool } from "../../frontend/bridge/call-spool.ts";
import { encodeJson } from "../../proto/codec/plan-messages.ts";
import type { Run } from "../../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { persist } from "../follow-run.ts";
import { formatCount, plural } from "../quantities.ts";
import { submitterName } from "../run-cluster.ts";
import { hasEnded, hasResults } from "../run-state.ts";
import { endSubmission, sendPlan } from "../send-plan.ts";
import { printable } from "../terminal.ts";
import { watchToEnd } from "../watch-to-end.ts";
import { readResponses } from "./read-responses.ts";

const ATTEMPTS_MAX = 1000;

/** Where a call is answered, and who is told. */
export interface CallSurroundings {
  readonly client: CoordinatorClient;
  readonly model: string;
  /** What must be equal beside the requests for an earlier answer to count (`AnswerIdentity`). */
  readonly identity: string;
  readonly signal: AbortSignal;
  /** Gets each answer as JSON, with the request's position in the call; resolves when more can be taken. */
  onAnswer(request: number, answer: string): Promise<void>;
}

/** Answers all requests of a call. Throws `partial` where some got no answer after a run of their own. */
export async function answerCall(spool: CallSpool, digest: string, around: CallSurroundings): Promise<void> {
  let missing = spool.samples.map((_, position) => position);
  const identity = createHash("sha256").update(`${around.identity}\n${around.model}\n${digest}`).digest("hex");
  for (let attempt = 1; missing.length > 0; attempt++) {
    if (attempt > ATTEMPTS_MAX) throw new MusterError("conflict", `the call has been tried ${ATTEMPTS_MAX} times`);
    const runId = `bridge-${identity.slice(0, 20)}-${attempt}`;
    const earlier = await findRun(around, runId);
    if (earlier === null) await startRun({ spool, missing, runId }, around);
    const run = await endOf(earlier, runId, around);
    if (!hasResults(run)) {
      // What was cancelled or failed before is begun anew.
      if (earlier !== null && hasEnded(earlier)) continue;
      throw new MusterError("interrupted", `run ${runId} ended ${run.state}${run.reason && `: ${run.reason}`}`, {
        wayOut: "The same command tries again.",
      });
    }
    if (earlier !== null && hasEnded(earlier)) tellFound(run);
    missing = await takeAnswers(spool, missing, { ...around, runId });
    if (missing.length > 0 && (earlier === null || !hasEnded(earlier))) throw partial(run, missing.length);
  }
}

function partial(run: Run, samples: number): MusterError {
  return new MusterError("partial", `${plural(samples, "document")} of run ${run.runId} got no answer: ${run.reason}`, {
    wayOut: "The other answers are kept; the same command tries these again.",
  });
}

async function findRun({ client, signal }: CallSurroundings, runId: string): Promise<Run | null> {
  try {
    const run = await persist(() => client.getRun(runId), signal);
    return run.runId === runId ? run : null;
  } catch (thrown) {
    if (MusterError.from(thrown).kind === "notFound") return null;
    throw thrown;
  }
}

interface WantedRun {
  readonly spool: CallSpool;
  readonly missing: readonly number[];
  readonly runId: string;
}

async function startRun({ spool, missing, runId }: WantedRun, { client, model }: CallSurroundings): Promise<void> {
  const submission = await client.submit();
  try {
    const facts = {
      runId,
      suite: suiteName(spool),
      model,
      optionsJson: encodeJson({ bridge: "lm-eval", call: spool.head.kind }),
      seed: 0n,
      submittedBy: submitterName(),
    };
    const plan = await sendPlan(callHeader(spool), planCall(spool, missing), submission, facts);
    await endSubmission(submission, plan.end);
  } catch (error) {
    submission.cancel();
    throw error;
  }
}

function suiteName({ tasks, head }: CallSpool): string {
  const names = tasks.length > 3 ? `${tasks.slice(0, 2).join(", ")} and ${tasks.length - 2} more` : tasks.join(", ");
  return `lm-eval: ${head.kind} of ${names}`;
}

async function endOf(earlier: Run | null, runId: string, { client, signal }: CallSurroundings): Promise<Run> {
  if (earlier !== null && hasEnded(earlier)) return earlier;
  if (earlier !== null) {
    const share = `${formatCount(earlier.requestsDone)} of ${plural(earlier.requestCount, "request")} answered`;
    process.stderr.write(`run ${runId} was begun before, with ${share}; following it\n`);
  }
  const hint = "Ctrl-C ends the harness; what was answered is kept for the next try";
  const { run, hasEnded: isOver } = await watchToEnd(client, runId, { signal, hint, onRun: () => undefined });
  if (run !== null && isOver) return run;
  throw new MusterError("interrupted", `stopped; run ${runId} is kept`, {
    wayOut: "The same command takes it up again.",
  });
}

function tellFound(run: Run): void {
  process.stderr.write(
    `${plural(run.requestsDone, "answer")} of ${printable(run.model)} found in run ${run.runId}; fresh=true (or --no-cache) computes them anew\n`,
  );
}

/** Hands the answers of an ended run on; positions of the samples that it has not answered. */
async function takeAnswers(
  spool: CallSpool,
  asked: readonly number[],
  around: CallSurroundings & { readonly runId: string },
): Promise<number[]> {
  const { client, runId } = around;
  // The run numbered its requests without those that had their answers.
  const original: number[] = [];
  for (const position of asked) {
    const { firstRequest, requestCount } = spool.samples[position]!;
    for (let offset = 0; offset < requestCount; offset++) original.push(firstRequest + offset);
  }
  const isAnswered = new Set<number>();
  for await (const { request, answer } of readResponses(client, runId)) {
    const position = original[request];
    if (position === undefined)
      throw new MusterError("badData", `run ${runId} answers a request that it was not asked`);
    isAnswered.add(position);
    await around.onAnswer(position, answer);
  }
  return asked.filter((position) => {
    const { firstRequest, requestCount } = spool.samples[position]!;
    return requestCount > 0 && !isAnswered.has(firstRequest);
  });
}
