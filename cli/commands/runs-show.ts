import type { Agent, Run } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { findRun } from "../find-run.ts";
import { persist } from "../follow-run.ts";
import { listenForInterruption } from "../interruption.ts";
import { lastSeenOf, type LocalRunRecord } from "../local-runs.ts";
import { MusterError } from "../../base/muster-error.ts";
import type { CoordinatorClient } from "../coordinator-client.ts";
import type { Options } from "../options.ts";
import { formatTime } from "../quantities.ts";
import { exitCodeOf, hasEnded, hasResults, runJson } from "../run-state.ts";
import { summariseRun } from "../run-summary.ts";
import { formatScores, readScores } from "../score-table.ts";
import { runFrame } from "../run-frame.ts";
import { printable } from "../terminal.ts";
import { watchToEnd } from "../watch-to-end.ts";

/** A run with what is shown beside it. */
interface Shown {
  readonly run: Run;
  readonly agents: readonly Agent[];
  /** Where the results of a local run lie. */
  readonly output: string | null;
  readonly next: readonly string[];
}

const runsShow: Command = async ({ options, words }) => {
  const found = findRun(options, words[0]!);
  if (found.kind === "recorded") {
    print(shownRecord(found.record), options.json);
    return 0;
  }
  try {
    const shown = options.watch
      ? await watch(found.client, found.runId, options)
      : await look(found.client, found.runId);
    print({ ...shown, output: null, next: nextCommands(shown.run, options) }, options.json);
    return options.watch ? exitCodeOf(shown.run) : 0;
  } finally {
    found.client.close();
  }
};
export default runsShow;

async function look(client: CoordinatorClient, runId: string): Promise<Pick<Shown, "run" | "agents">> {
  const run = await client.getRun(runId);
  return { run, agents: await client.listAgents() };
}

async function watch(
  client: CoordinatorClient,
  runId: string,
  options: Options,
): Promise<Pick<Shown, "run" | "agents">> {
  const interruption = listenForInterruption();
  try {
    const { signal } = interruption;
    const { run, agents, hasEnded } = await watchToEnd(client, runId, {
      signal,
      hint: "Ctrl-C stops watching, and the run goes on",
      onRun: () => undefined,
    });
    if (run !== null && hasEnded) return { run, agents };
    const again = run === null || options.json ? await persist(() => client.getRun(runId), signal) : run;
    throw new MusterError("interrupted", `stopped watching; run ${again.runId} goes on`);
  } finally {
    interruption.close();
  }
}

function shownRecord(record: LocalRunRecord): Shown {
  const run = lastSeenOf(record);
  if (run === null) {
    throw new MusterError("notFound", `run ${record.runId} was stopped before it began`, {
      wayOut: "Start it again with `muster run`.",
    });
  }
  const next = hasEnded(run) ? [] : [`muster runs resume ${record.runId}`];
  return { run, agents: [], output: hasResults(run) ? record.output : null, next };
}

function nextCommands(run: Run, { coordinator }: Options): string[] {
  const at = coordinator === undefined ? "" : ` --coordinator ${coordinator}`;
  if (!hasEnded(run)) return [`muster runs show ${run.runId} --watch${at}`, `muster runs cancel ${run.runId}${at}`];
  return hasResults(run) ? [`muster runs export ${run.runId} --output FOLDER${at}`] : [];
}

function print({ run, agents, output, next }: Shown, json: boolean): void {
  const scores = readScores(run.resultsJson);
  if (json) {
    process.stdout.write(`${JSON.stringify({ run: runJson(run), output, scores })}\n`);
    return;
  }
  const reason = run.reason === "" ? "" : ` (${printable(run.reason)})`;
  const started = formatTime(Number(run.createdUnixMs));
  const head = `Run ${run.runId}: ${printable(run.suite)} on ${printable(run.model)}, started ${started}, ${run.state}${reason}`;
  const body = scores.length > 0 ? formatScores(scores) : progressLines(run, agents);
  const summary = summariseRun(run, { agents, output, next });
  process.stdout.write(`${[head, "", ...body, "", ...summary].join("\n")}\n`);
}

/** The live view's task lines, as they are now. */
function progressLines(run: Run, agents: readonly Agent[]): string[] {
  const rates = { requestsPerSecond: 0, tokensPerSecond: 0, secondsLeft: null };
  const lines = runFrame({ ...run, agents: [] }, { agents, rates, trouble: null, hint: "", height: 1000 });
  const texts = lines.map((segments) =>
    segments
      .map(([text]) => text)
      .join("")
      .trimEnd(),
  );
  // The frame's head and speed are said elsewhere here.
  return texts.slice(2, texts.indexOf("", 2));
}
