import type { Run } from "../proto/gen/muster/v1/operator_pb.js";
import { toJson } from "@bufbuild/protobuf";
import { RunSchema } from "../proto/gen/muster/v1/operator_pb.js";
import { EXIT_CODES, MusterError } from "../base/muster-error.ts";

const ENDED = new Set(["done", "partial", "failed", "cancelled"]);

/** Whether nothing of a run will change any more. */
export function hasEnded(run: Run): boolean {
  return ENDED.has(run.state);
}

/** Whether a run has results that can be written. */
export function hasResults(run: Run): boolean {
  return run.state === "done" || run.state === "partial";
}

/** The exit code of a run with results. Throws for one that has none. */
export function exitCodeOf(run: Run): number {
  if (run.state === "done") return 0;
  if (run.state === "partial") return EXIT_CODES.partial;
  if (run.state === "cancelled") {
    throw new MusterError("interrupted", `run ${run.runId} was cancelled`, {
      wayOut: "What was answered is kept; start the run again for its scores.",
    });
  }
  throw new MusterError("badData", `run ${run.runId} failed: ${run.reason}`);
}

/** A run as `--json` prints it: protobuf's JSON with every field there, without the results' bytes. */
export function runJson(run: Run): object {
  const { resultsJson: _bytes, ...fields } = toJson(RunSchema, run, { alwaysEmitImplicit: true }) as {
    resultsJson?: unknown;
  };
  return fields;
}
