import { MusterError } from "../base/muster-error.ts";
import { toJson } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { followRun } from "./follow-run.ts";
import type { LiveView } from "./live-view.ts";
import { summaryLines } from "./run-summary.ts";
import { scoreLines } from "./score-lines.ts";

/** A run that has started, and what is to become of it. */
export interface RunSession {
  readonly client: CoordinatorClient;
  readonly runId: string;
  readonly output: string;
  readonly view: LiveView;
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** What a second of a slot is called here: `GPU-seconds`, `CPU-seconds`. */
  readonly secondsWord: string;
  /** Seconds of the stages before the run started, by name. */
  readonly stages: Readonly<Record<string, number>>;
}

/** Follows a run to its end, fetches its results and prints them. Its exit code, or null where `signal` aborted. */
export async function completeRun(session: RunSession): Promise<number | null> {
  const { client, runId, view, signal } = session;
  const beganMs = performance.now();
  const watch = { computedMs: Number.NaN };
  const run = await followRun(client, runId, noting(view, watch), signal);
  if (run === null) return null;
  view.close();
  if (run.state === "failed" || run.state === "cancelled") {
    throw new MusterError(
      run.state === "failed" ? "internal" : "interrupted",
      `run ${runId} ${run.state}: ${run.reason}`,
    );
  }
  const scoredMs = performance.now();
  const files = await client.exportRun(runId, session.output);
  const computedMs = Number.isNaN(watch.computedMs) ? scoredMs : watch.computedMs;
  const stages = {
    ...session.stages,
    compute: (computedMs - beganMs) / 1000,
    score: (scoredMs - computedMs) / 1000,
    export: (performance.now() - scoredMs) / 1000,
  };
  if (session.json) printJson(run, session.output, files, stages);
  else printRun(run, session);
  return run.state === "partial" ? 5 : 0;
}

/** A view that also notes when computing ended and scoring began. */
function noting(view: LiveView, watch: { computedMs: number }): LiveView {
  const show = view.show.bind(view);
  view.show = (run: Run): void => {
    if (run.state === "scoring" && Number.isNaN(watch.computedMs)) watch.computedMs = performance.now();
    show(run);
  };
  return view;
}

function printJson(run: Run, output: string, files: readonly string[], stages: object): void {
  const { resultsJson: _bytes, ...rest } = toJson(RunSchema, run, { alwaysEmitImplicit: true }) as Record<
    string,
    unknown
  >;
  const results: unknown = JSON.parse(nanAsNull(Buffer.from(run.resultsJson).toString("utf8")));
  process.stdout.write(`${JSON.stringify({ run: rest, results, output, files, stages })}\n`);
}

/** The harness writes NaN and Infinity, which no JSON parser takes. */
export function nanAsNull(text: string): string {
  return text.replace(/(?<=[:,[]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, "null");
}

function printRun(run: Run, { output, runId, secondsWord }: RunSession): void {
  const results = Buffer.from(run.resultsJson).toString("utf8");
  process.stdout.write(`${scoreLines(results, process.stdout).join("\n")}\n`);
  const lines = [...summaryLines(run, secondsWord), `results: ${output}`];
  process.stderr.write(`\n${lines.join("\n")}\n`);
  if (run.state === "partial") process.stderr.write(`run ${runId} is partial: ${run.reason}\n`);
}
