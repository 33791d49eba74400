import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { findRun } from "../find-run.ts";
import { formatCount } from "../quantities.ts";
import { runJson } from "../run-state.ts";

const runsCancel: Command = async ({ options, words }) => {
  const found = findRun(options, words[0]!);
  if (found.kind === "recorded") {
    throw new MusterError("conflict", `run ${found.record.runId} is not running: nothing to cancel`, {
      wayOut: `\`muster runs resume ${found.record.runId}\` would take it up again.`,
    });
  }
  try {
    // A beginning of an id is enough for looking; cancelling names the run in full.
    const { runId } = await found.client.getRun(found.runId);
    const run = await found.client.cancelRun(runId);
    if (options.json) process.stdout.write(`${JSON.stringify(runJson(run))}\n`);
    else {
      const done = `${formatCount(run.requestsDone)} of ${formatCount(run.requestCount)} requests were answered`;
      process.stdout.write(`Run ${run.runId} is cancelled; ${done}, and the answers are kept.\n`);
    }
    return 0;
  } finally {
    found.client.close();
  }
};
export default runsCancel;
