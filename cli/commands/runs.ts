import { toJson } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";
import { columns, count, dollars, duration } from "../format.ts";
import { clip, printable } from "../terminal.ts";

const runs: Command = ({ options }) =>
  withCoordinator(options, async (client) => {
    const listed = await client.listRuns(options.last);
    if (options.json) {
      const values = listed.map((run) => ({ ...(toJson(RunSchema, run) as object), resultsJson: undefined }));
      process.stdout.write(`${JSON.stringify(values)}\n`);
    } else if (listed.length === 0) process.stderr.write("no runs yet; `muster run` starts one\n");
    else process.stdout.write(`${runLines(listed).join("\n")}\n`);
    return 0;
  });
export default runs;

function runLines(listed: readonly Run[]): string[] {
  const rows = listed.map((run) => [
    run.runId,
    run.state,
    clip(printable(run.suite), 40),
    printable(run.model),
    `${count(run.samplesDone)}/${count(run.sampleCount)}`,
    duration(run.elapsedSeconds),
    run.costUsd > 0 ? dollars(run.costUsd) : "",
  ]);
  return columns([["run", "state", "suite", "model", "samples", "time", "cost"], ...rows], new Set([4]));
}
