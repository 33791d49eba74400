import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import { MusterError } from "../../base/muster-error.ts";
import { emptyState, type RunState } from "../core/state.ts";
import { evolve } from "../core/evolve.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { RunFiles } from "../ports/run-files.ts";
import { runJournal } from "./frame-writer.ts";
import { readFrames } from "./recovery.ts";
import type { ScoreRun } from "./run-finisher.ts";
import { viewRun } from "./run-view.ts";

/**
 * The last view of each ended run, so that a list of a thousand runs needs no thousand journals. It is derived: a view
 * that is missing is made again from the run's journal.
 */
export class RunArchive {
  readonly #files: RunFiles;
  readonly #journals: JournalStore;
  readonly #scoreRun: ScoreRun;
  /** Results that are being made again, by run. */
  readonly #restoring = new Map<string, Promise<void>>();

  constructor(parts: { readonly files: RunFiles; readonly journals: JournalStore; readonly scoreRun: ScoreRun }) {
    this.#files = parts.files;
    this.#journals = parts.journals;
    this.#scoreRun = parts.scoreRun;
  }

  /** Where a run's output files lie. */
  outputFolder(runId: string): string {
    return this.#files.outputFolder(runId);
  }

  async save(run: Run): Promise<void> {
    await this.#files.write(run.runId, "run.json", toJsonString(RunSchema, run));
  }

  async load(runId: string): Promise<Run> {
    const text = await this.#files.read(runId, "run.json");
    return text === null ? this.#fromJournal(runId) : fromJsonString(RunSchema, text);
  }

  /** Makes the results and output files of an ended run again where another coordinator has them. */
  restore(runId: string): Promise<void> {
    const known = this.#restoring.get(runId);
    if (known !== undefined) return known;
    const restoring = this.#restore(runId).finally(() => this.#restoring.delete(runId));
    this.#restoring.set(runId, restoring);
    return restoring;
  }

  async #restore(runId: string): Promise<void> {
    const [view, results] = [await this.#files.read(runId, "run.json"), await this.#files.read(runId, "results.json")];
    if (view !== null || results !== null) return;
    const run = await this.stateOf(runId);
    if (!hasResults(run)) return;
    const { resultsJson } = await this.#scoreRun(run);
    await this.saveResults(runId, resultsJson);
  }

  async #fromJournal(runId: string): Promise<Run> {
    const run = await this.stateOf(runId);
    const resultsJson = await this.results(runId);
    const { createdUnixMs } = run.run;
    const view = viewRun(run, { nowUnixMs: createdUnixMs, scores: [], waitingReason: "", resultsJson });
    if (resultsJson.length > 0 || !hasResults(run)) await this.save(view);
    return view;
  }

  /** An ended run as its journal tells it. */
  async stateOf(runId: string): Promise<RunState> {
    return (await this.read(runId)).run;
  }

  /** The same, and how many frames tell it. */
  async read(runId: string): Promise<{ readonly run: RunState; readonly frames: number }> {
    const state = emptyState();
    let frames = 0;
    for await (const events of readFrames(this.#journals, runJournal(runId))) {
      for (const event of events) evolve(state, event, 0);
      frames += 1;
    }
    const run = state.runs.get(runId);
    if (run === undefined) throw new MusterError("badData", `the journal of run ${runId} does not begin with the run`);
    return { run, frames };
  }

  /** The results as JSON, or nothing where the run has none (cancelled, failed). */
  async results(runId: string): Promise<Uint8Array> {
    return Buffer.from((await this.#files.read(runId, "results.json")) ?? "");
  }

  async saveResults(runId: string, results: string): Promise<void> {
    await this.#files.write(runId, "results.json", results);
  }
}

function hasResults({ end }: RunState): boolean {
  return end === "done" || end === "partial";
}
