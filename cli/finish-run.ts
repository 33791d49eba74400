// The second half of an evaluation: watch a run that has started, write its results, print its scores.
import { MusterError } from "../base/muster-error.ts";
import type { Agent, Run } from "../proto/gen/muster/v1/operator_pb.js";
import { exportRun } from "./export-run.ts";
import { persist } from "./follow-run.ts";
import { dropLocalJournals } from "./local-runs.ts";
import type { Options } from "./options.ts";
import type { OutputFolder } from "./output-folder.ts";
import type { RunCluster } from "./run-cluster.ts";
import { exitCodeOf, hasResults, runJson } from "./run-state.ts";
import { summariseRun } from "./run-summary.ts";
import { formatScores, readScores } from "./score-table.ts";
import type { StageClock } from "./stage-clock.ts";
import { painter } from "./terminal.ts";
import { watchToEnd } from "./watch-to-end.ts";

/** A run that has started, and what is to become of it. */
export interface StartedRun {
  readonly runId: string;
  readonly cluster: RunCluster;
  readonly options: Pick<Options, "json" | "coordinator">;
  readonly signal: AbortSignal;
  readonly clock: StageClock;
  readonly output: OutputFolder | null;
  /** Commands to try after this one. */
  readonly next?: readonly string[];
  /** Called when the run's state changes, and with what was last seen. */
  onRun(run: Run): void;
  /** Gets the value that `--json` prints, instead of standard output. */
  readonly onResult?: (value: object) => void;
  /** Gets what shows a sentence without spoiling the live view. */
  onNotes?(note: (sentence: string) => void): void;
}

/** Watches, writes and prints; resolves to the exit code. Throws `interrupted` with how to go on. */
export async function finishRun(started: StartedRun): Promise<number> {
  const { runId, cluster, clock, output } = started;
  const { run, agents } = await watch(started);
  if (!hasResults(run)) return exitCodeOf(run);
  const files = await writeResults(started);
  clock.end("export");
  const scores = readScores(run.resultsJson);
  if (started.options.json) {
    const folder = output?.path ?? null;
    const value = { run: runJson(run), stages: clock.seconds, output: folder, files, scores };
    if (started.onResult !== undefined) started.onResult(value);
    else process.stdout.write(`${JSON.stringify(value)}\n`);
  } else {
    const next = nextCommands(started);
    process.stdout.write(`${formatScores(scores).join("\n")}\n`);
    process.stderr.write(`\n${summariseRun(run, { agents, output: output?.path ?? null, next }).join("\n")}\n`);
    if (run.state === "partial")
      process.stderr.write(`${painter(process.stderr)("yellow", partialText(run, started))}\n`);
  }
  if (cluster.isLocal) {
    await cluster.close();
    // What has no answer may be asked again.
    if (run.state === "done") dropLocalJournals(runId);
  }
  return exitCodeOf(run);
}

function partialText(run: Run, { options }: StartedRun): string {
  const at = options.coordinator === undefined ? "" : ` --coordinator ${options.coordinator}`;
  const reason = run.reason === "" ? "some requests got no answer" : run.reason;
  return `The run is partial: ${reason}. The scores are over the rest.\nAsk again with: muster runs retry ${run.runId}${at}`;
}

async function watch(started: StartedRun): Promise<{ readonly run: Run; readonly agents: readonly Agent[] }> {
  const { runId, cluster, signal, clock } = started;
  let isScoring = false;
  let lastState = "";
  const watching = watchToEnd(cluster.client, runId, {
    signal,
    hint: hintOf(cluster),
    onRun: (run) => {
      if (run.state === "scoring" && !isScoring) {
        isScoring = true;
        clock.end("compute");
      }
      // Each state once: a local run's record is written to disk.
      if (run.state !== lastState) started.onRun(run);
      lastState = run.state;
    },
    onNotes: (note) => started.onNotes?.(note),
  });
  watching.catch(() => undefined);
  const { run, hasEnded, agents } = await Promise.race([watching, cluster.failed]);
  clock.end(isScoring ? "score" : "compute");
  if (run !== null) started.onRun(run);
  if (!hasEnded) throw interrupted(started);
  return { run: run!, agents };
}

function hintOf({ isLocal }: RunCluster): string {
  return isLocal
    ? "Ctrl-C stops and keeps what was answered; twice leaves at once"
    : "Ctrl-C detaches, and the run goes on; twice leaves at once";
}

function interrupted({ runId, cluster, options }: StartedRun): MusterError {
  if (cluster.isLocal) {
    return new MusterError("interrupted", `run ${runId} is stopped; what was answered is kept`, {
      wayOut: `Take it up again with: muster runs resume ${runId}`,
    });
  }
  const at = options.coordinator === undefined ? "" : ` --coordinator ${options.coordinator}`;
  return new MusterError("interrupted", `detached; run ${runId} goes on`, {
    wayOut: `Watch it with: muster runs show ${runId} --watch${at}\nEnd it with: muster runs cancel ${runId}${at}`,
  });
}

async function writeResults({ cluster, runId, output, signal, options }: StartedRun): Promise<readonly string[]> {
  if (output === null) return [];
  try {
    return await persist(() => exportRun(cluster.client, runId, output.path), signal);
  } catch (thrown) {
    const error = MusterError.from(thrown);
    if (error.kind !== "noSpace") throw error;
    const at = options.coordinator === undefined ? "" : ` --coordinator ${options.coordinator}`;
    const again = cluster.isLocal ? `muster runs resume ${runId}` : `muster runs export ${runId}${at}`;
    throw new MusterError(error.kind, error.message, {
      wayOut: `The run is done and its results are kept; write them elsewhere with: ${again} --output FOLDER`,
      cause: error,
    });
  }
}

function nextCommands({ runId, options, next }: StartedRun): string[] {
  const at = options.coordinator === undefined ? "" : ` --coordinator ${options.coordinator}`;
  return [`muster runs show ${runId}${at}`, ...(next ?? [])];
}
