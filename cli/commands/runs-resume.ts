import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { MusterError } from "../../base/muster-error.ts";
import type { Command } from "../commands.ts";
import { finishRun } from "../finish-run.ts";
import { type Interruption, listenForInterruption, orInterrupted } from "../interruption.ts";
import { findLocalRun, localRunFolder, type LocalRunRecord, saveLocalRun } from "../local-runs.ts";
import type { Options } from "../options.ts";
import { type OutputFolder, prepareOutputFolder } from "../output-folder.ts";
import { openLocalCluster, type RunCluster } from "../run-cluster.ts";
import { StageClock } from "../stage-clock.ts";

const runsResume: Command = async ({ options, words }) => {
  const record = findLocalRun(words[0]!);
  if (record === null) {
    throw new MusterError("notFound", `there is no local run ${words[0]}`, {
      wayOut: "`muster runs` lists them. Runs of a coordinator go on by themselves when it is back.",
    });
  }
  if (!existsSync(join(localRunFolder(record.runId), "coordinator"))) {
    throw new MusterError("conflict", `run ${record.runId} has ended; its results lie in ${record.output}`, {
      wayOut: `\`muster runs show ${record.runId}\` shows its scores.`,
    });
  }
  const output = prepareOutputFolder(resolve(options.output ?? record.output));
  const interruption = listenForInterruption();
  try {
    return await resume({ ...record, output: output.path }, { options, output, interruption });
  } finally {
    interruption.close();
    output.discard();
  }
};
export default runsResume;

interface Surroundings {
  readonly options: Options;
  readonly output: OutputFolder;
  readonly interruption: Interruption;
}

async function resume(record: LocalRunRecord, { options, output, interruption }: Surroundings): Promise<number> {
  const { runId } = record;
  const clock = new StageClock();
  let note = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const cluster = await openLocalCluster(runId, record.agentWords, (sentence) => note(sentence));
  try {
    await ready(cluster, runId, interruption.signal);
    clock.end("start");
    return await finishRun({
      runId,
      cluster,
      options: { json: options.json, coordinator: undefined },
      signal: interruption.signal,
      clock,
      output,
      onRun: (run) => saveLocalRun(record, run),
      onNotes: (show) => (note = show),
    });
  } finally {
    await cluster.close();
  }
}

async function ready(cluster: RunCluster, runId: string, signal: AbortSignal): Promise<void> {
  // A run that was stopped while its plan was on its way is not there.
  await cluster.client.getRun(runId);
  if ((await orInterrupted(Promise.race([cluster.agentsReady, cluster.failed]), signal)) === "interrupted") {
    throw new MusterError("interrupted", `run ${runId} is as it was`, { wayOut: `muster runs resume ${runId}` });
  }
}
