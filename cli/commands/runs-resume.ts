import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { findLocalRun } from "../local-runs.ts";
import { takeUpRun } from "../take-up-run.ts";

const runsResume: Command = async ({ options, words }) => {
  const record = findLocalRun(words[0]!);
  if (record === null) {
    throw new MusterError("notFound", `there is no local run ${words[0]}`, {
      wayOut: "`muster runs` lists them. Runs of a coordinator go on by themselves when it is back.",
    });
  }
  // A run that was stopped while its plan was on its way is not there.
  return takeUpRun(record, options, (client) => client.getRun(record.runId));
};
export default runsResume;
