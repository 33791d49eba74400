import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import { MusterError } from "../../base/muster-error.ts";
import { emptyState, type RunState } from "../core/state.ts";
import { evolve } from "../core/evolve.ts";
import type { JournalStore } from "../ports/journal.ts";
import { runJournal } from "./frame-writer.ts";
import { readEvents } from "./recovery.ts";
import { viewRun } from "./run-view.ts";

/**
 * The last view of each ended run, so that a list of a thousand runs needs no thousand journals. It is derived: a view
 * that is missing is made again from the run's journal.
 */
export class RunArchive {
  readonly #folder: string;
  readonly #journals: JournalStore;

  constructor(dataFolder: string, journals: JournalStore) {
    this.#folder = join(dataFolder, "runs");
    this.#journals = journals;
  }

  /** Where a run's output files lie. */
  outputFolder(runId: string): string {
    return join(this.#folder, runId, "output");
  }

  async save(run: Run): Promise<void> {
    const folder = join(this.#folder, run.runId);
    await mkdir(folder, { recursive: true });
    const partial = join(folder, "run.json.partial");
    await writeFile(partial, toJsonString(RunSchema, run), { flush: true });
    await rename(partial, join(folder, "run.json"));
  }

  async load(runId: string): Promise<Run> {
    try {
      return fromJsonString(RunSchema, await readFile(join(this.#folder, runId, "run.json"), "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return this.#fromJournal(runId);
    }
  }

  async #fromJournal(runId: string): Promise<Run> {
    const run = await this.stateOf(runId);
    const view = viewRun(run, {
      nowUnixMs: run.run.createdUnixMs,
      scores: [],
      waitingReason: "",
      resultsJson: await this.results(runId),
    });
    await this.save(view);
    return view;
  }

  /** An ended run as its journal tells it. */
  async stateOf(runId: string): Promise<RunState> {
    const state = emptyState();
    for await (const event of readEvents(this.#journals, runJournal(runId))) evolve(state, event, 0);
    const run = state.runs.get(runId);
    if (run === undefined) throw new MusterError("badData", `the journal of run ${runId} does not begin with the run`);
    return run;
  }

  /** The results as JSON, or nothing where the run has none (cancelled, failed). */
  async results(runId: string): Promise<Uint8Array> {
    try {
      return await readFile(join(this.#folder, runId, "results.json"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Uint8Array();
      throw error;
    }
  }

  async saveResults(runId: string, results: string): Promise<void> {
    await mkdir(join(this.#folder, runId), { recursive: true });
    await writeFile(join(this.#folder, runId, "results.json"), results, { flush: true });
  }
}
