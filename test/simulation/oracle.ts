import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import type { RunState } from "../../coordinator/core/state.ts";
import type { BlobStore } from "../../coordinator/ports/blob-store.ts";
import type { JournalStore } from "../../coordinator/ports/journal.ts";
import type { RunScores } from "../../coordinator/scoring/finish-run.ts";
import { runJournal } from "../../coordinator/shell/frame-writer.ts";
import { readEvents } from "../../coordinator/shell/recovery.ts";
import { readResponses } from "../../proto/codec/response-columns.ts";
import { ResponseColumnsSchema } from "../../proto/gen/muster/v1/columns_pb.js";
import { Violation } from "./ledger.ts";
import { trueAnswer, type WorldPlan } from "./plans.ts";

/** What scoring would be given: every response that counts, in the plan's order. A score is a function of it. */
function digest(answers: readonly string[]): RunScores {
  const scoresDigest = createHash("sha256").update(answers.join("\n")).digest("hex");
  return { scoresDigest, resultsJson: JSON.stringify({ scoresDigest }) };
}

/** The scores of an undisturbed run without the requests that were set aside. */
export function trueScores(plan: WorldPlan, setAside: ReadonlySet<number>): string {
  return digest(
    plan.requests.map((request) => {
      if (setAside.has(request.index)) return "-";
      const answer = trueAnswer(request);
      return answer.kind === "text" ? answer.text : `${answer.logprob} ${answer.isGreedy}`;
    }),
  ).scoresDigest;
}

/** Scores a run from its journal and its blobs. */
export async function scoreFromJournal(
  run: RunState,
  plan: WorldPlan,
  journals: JournalStore,
  blobs: BlobStore,
): Promise<RunScores> {
  const answers: string[] = plan.requests.map(() => "-");
  for await (const event of readEvents(journals, runJournal(run.run.runId))) {
    if (event.kind !== "ResponsesAccepted" || event.requestIndexes.length === 0) continue;
    const rows = readResponses(fromBinary(ResponseColumnsSchema, await blobs.get(event.digest)));
    for (const request of event.requestIndexes) {
      const row = rows.requestIndex.indexOf(request);
      if (row < 0) throw new Violation(`request ${request} is not in the blob that its event names`);
      answers[request] =
        rows.kind[row] === 0 ? rows.texts.text(row) : `${rows.logprob[row]} ${rows.isGreedy[row] === 1}`;
    }
  }
  return digest(answers);
}
