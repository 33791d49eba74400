// The thread of `finishRun`: scores one run, answers once, ends.
import { parentPort, workerData } from "node:worker_threads";
import { MusterError } from "../../base/muster-error.ts";
import type { FinishedRun, FinishReply } from "./finish-run.ts";
import { scoreRun } from "./score-run.ts";

function failure(thrown: unknown): FinishReply {
  const { kind, message, wayOut, stack } = MusterError.from(thrown);
  return {
    kind: "failed",
    error: { kind, message, ...(wayOut === undefined ? {} : { wayOut }), ...(stack === undefined ? {} : { stack }) },
  };
}

const { run, mark } = workerData as { readonly run: FinishedRun; readonly mark: Int32Array };
const reply = await scoreRun(run, mark).then((scores): FinishReply => ({ kind: "scored", scores }), failure);
parentPort!.postMessage(reply);
