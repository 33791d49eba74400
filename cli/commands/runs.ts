import { readAnnouncement } from "../../coordinator/adapters/data-folder.ts";
import type { Run } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { coordinatorFolder, withCoordinator } from "../find-coordinator.ts";
import { lastSeenOf, listLocalRuns } from "../local-runs.ts";
import type { Options } from "../options.ts";
import { formatCount, formatDollars, formatDuration, formatTime } from "../quantities.ts";
import { hasEnded, runJson } from "../run-state.ts";
import { textTable } from "../text-table.ts";

/** A run to be listed, and whether its processes are gone although it has not ended. */
interface Listed {
  readonly run: Run;
  readonly where: "local" | "coordinator";
}

const runs: Command = async ({ options }) => {
  const listed = [...(await servedRuns(options)), ...localRuns(options)]
    .toSorted((first, second) => Number(second.run.createdUnixMs - first.run.createdUnixMs))
    .slice(0, options.last);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(listed.map(({ run, where }) => ({ ...runJson(run), where })))}\n`);
  } else if (listed.length === 0) process.stderr.write("No runs yet. `muster demo` makes the first.\n");
  else process.stdout.write(`${formatRuns(listed).join("\n")}\n`);
  return 0;
};
export default runs;

async function servedRuns(options: Options): Promise<Listed[]> {
  const isServed = options.coordinator !== undefined || readAnnouncement(coordinatorFolder(options)) !== null;
  if (!isServed) return [];
  const found = await withCoordinator(options, (client) => client.listRuns(options.last));
  return found.map((run) => ({ run, where: "coordinator" }));
}

/** Runs that commands on this machine started with a cluster of their own; not a named coordinator's. */
function localRuns(options: Options): Listed[] {
  if (options.coordinator !== undefined) return [];
  return listLocalRuns().flatMap((record) => {
    const run = lastSeenOf(record);
    return run === null ? [] : [{ run, where: "local" as const }];
  });
}

function formatRuns(listed: readonly Listed[]): string[] {
  return textTable(
    [
      { title: "Run", align: "left" },
      { title: "Started", align: "left" },
      { title: "Suite", align: "left" },
      { title: "Model", align: "left" },
      { title: "State", align: "left" },
      { title: "Samples", align: "right" },
      { title: "Took", align: "right" },
      { title: "Cost", align: "right" },
      { title: "Where", align: "left" },
    ],
    listed.map(({ run, where }) => [
      run.runId,
      formatTime(Number(run.createdUnixMs)),
      shorten(run.suite),
      shorten(run.model),
      where === "local" && !hasEnded(run) ? `${run.state}, or stopped` : run.state,
      `${formatCount(run.samplesDone)}/${formatCount(run.sampleCount)}`,
      formatDuration(run.elapsedSeconds),
      run.costUsd > 0 ? formatDollars(run.costUsd) : "",
      where,
    ]),
  );
}

function shorten(text: string): string {
  return text.length > 32 ? `${text.slice(0, 31)}…` : text;
}
