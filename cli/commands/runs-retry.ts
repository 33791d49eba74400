import { join, resolve } from "node:path";
import type { Command } from "../commands.ts";
import { findRun } from "../find-run.ts";
import { finishRun } from "../finish-run.ts";
import { listenForInterruption } from "../interruption.ts";
import type { Options } from "../options.ts";
import { prepareOutputFolder } from "../output-folder.ts";
import { formatCount } from "../quantities.ts";
import { openRemoteCluster } from "../run-cluster.ts";
import { runJson } from "../run-state.ts";
import { StageClock } from "../stage-clock.ts";
import { takeUpRun } from "../take-up-run.ts";

const runsRetry: Command = async ({ options, words }) => {
  const found = findRun(options, words[0]!);
  if (found.kind === "recorded") {
    return takeUpRun(found.record, options, (client) => client.retryRun(found.record.runId));
  }
  const { addresses } = found.client;
  try {
    const { runId } = await found.client.getRun(found.runId);
    const run = await found.client.retryRun(runId);
    const left = formatCount(run.requestCount - run.requestsDone);
    process.stderr.write(`Run ${runId} is open again: ${left} requests without an answer are asked once more.\n`);
    if (!options.detach) return await watch(options, addresses, runId);
    if (options.json) process.stdout.write(`${JSON.stringify(runJson(run))}\n`);
    return 0;
  } finally {
    found.client.close();
  }
};
export default runsRetry;

async function watch(options: Options, address: string, runId: string): Promise<number> {
  const cluster = await openRemoteCluster(address);
  const output = prepareOutputFolder(resolve(options.output ?? join("muster-results", runId)));
  const interruption = listenForInterruption();
  try {
    const { signal } = interruption;
    const { json } = options;
    const started = {
      runId,
      cluster,
      signal,
      output,
      options: { json, coordinator: address },
      clock: new StageClock(),
    };
    return await finishRun({ ...started, onRun: () => undefined });
  } finally {
    interruption.close();
    output.discard();
    await cluster.close();
  }
}
