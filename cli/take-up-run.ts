// A local run that is not over, or is opened again: its coordinator and agents are started where they left off.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { finishRun } from "./finish-run.ts";
import { type Interruption, listenForInterruption, orInterrupted } from "./interruption.ts";
import { localRunFolder, type LocalRunRecord, saveLocalRun } from "./local-runs.ts";
import type { Options } from "./options.ts";
import { type OutputFolder, prepareOutputFolder } from "./output-folder.ts";
import { openLocalCluster, type RunCluster } from "./run-cluster.ts";
import { StageClock } from "./stage-clock.ts";

/**
 * Starts the run's processes again and sees it to its end; resolves to the exit code. `begin` is called before any
 * agent works. Throws `conflict` where its journals are gone.
 */
export async function takeUpRun(
  record: LocalRunRecord,
  options: Options,
  begin: (client: CoordinatorClient) => Promise<unknown>,
): Promise<number> {
  const { runId } = record;
  if (!existsSync(join(localRunFolder(runId), "coordinator"))) {
    throw new MusterError("conflict", `run ${runId} has ended; its results lie in ${record.output}`, {
      wayOut: `\`muster runs show ${runId}\` shows its scores.`,
    });
  }
  const output = prepareOutputFolder(resolve(options.output ?? record.output));
  const interruption = listenForInterruption();
  try {
    return await goOn({ ...record, output: output.path }, { options, output, interruption, begin });
  } finally {
    interruption.close();
    output.discard();
  }
}

interface Surroundings {
  readonly options: Options;
  readonly output: OutputFolder;
  readonly interruption: Interruption;
  readonly begin: (client: CoordinatorClient) => Promise<unknown>;
}

async function goOn(record: LocalRunRecord, around: Surroundings): Promise<number> {
  const { runId } = record;
  const clock = new StageClock();
  let note = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const cluster = await openLocalCluster(runId, record.agentWords, (sentence) => note(sentence));
  try {
    await around.begin(cluster.client);
    await ready(cluster, runId, around.interruption.signal);
    clock.end("start");
    return await finishRun({
      runId,
      cluster,
      options: { json: around.options.json, coordinator: undefined },
      signal: around.interruption.signal,
      clock,
      output: around.output,
      onRun: (run) => saveLocalRun(record, run),
      onNotes: (show) => (note = show),
    });
  } finally {
    await cluster.close();
  }
}

async function ready(cluster: RunCluster, runId: string, signal: AbortSignal): Promise<void> {
  if ((await orInterrupted(Promise.race([cluster.agentsReady, cluster.failed]), signal)) === "interrupted") {
    throw new MusterError("interrupted", `run ${runId} is as it was`, { wayOut: `muster runs resume ${runId}` });
  }
}
