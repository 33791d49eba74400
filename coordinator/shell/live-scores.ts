import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import type { BlobFolder } from "../ports/blob-folder.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { LiveScorers } from "../scoring/scorer-pool.ts";
import type { CoordinatorLoop } from "./coordinator-loop.ts";
import { runJournal } from "./frame-writer.ts";
import type { PlanStore } from "./plan-store.ts";
import { readEvents } from "./recovery.ts";

/** Keeps the scorers fed, so that a run in progress shows running means. Never in the way: final scores are made anew. */
export class LiveScores {
  readonly #loop: CoordinatorLoop;
  readonly #plans: PlanStore;
  readonly #scorers: LiveScorers;
  readonly #journals: JournalStore;
  readonly #blobs: BlobFolder;
  readonly #log: Logger;
  readonly #opened = new Map<string, Promise<void>>();

  constructor(parts: {
    readonly loop: CoordinatorLoop;
    readonly plans: PlanStore;
    readonly scorers: LiveScorers;
    readonly journals: JournalStore;
    readonly blobs: BlobFolder;
    readonly log: Logger;
  }) {
    this.#loop = parts.loop;
    this.#plans = parts.plans;
    this.#scorers = parts.scorers;
    this.#journals = parts.journals;
    this.#blobs = parts.blobs;
    this.#log = parts.log;
  }

  /** Shows one durable blob of responses to the scorers. */
  add(runId: string, digest: string): void {
    let opened = this.#opened.get(runId);
    if (opened === undefined) {
      opened = this.#open(runId);
      this.#opened.set(runId, opened);
    }
    opened
      .then(() => this.#scorers.addResponses(runId, digest))
      .catch((error: unknown) =>
        this.#log.warn({ run: runId, error: MusterError.from(error).message }, "live scores stop"),
      );
  }

  /** Shows the scorers what one run's journal holds, until the signal. */
  async resumeRun(runId: string, signal: AbortSignal): Promise<void> {
    for await (const event of readEvents(this.#journals, runJournal(runId))) {
      if (signal.aborted) return;
      if (event.kind !== "ResponsesAccepted" || event.digest === "") continue;
      await this.#blobs.hold([event.digest]);
      this.add(runId, event.digest);
    }
  }

  /** All responses are there: the final pass scores them. */
  end(runId: string): void {
    this.#scorers.endRun(runId);
  }

  forget(runId: string): void {
    this.#opened.delete(runId);
    this.#scorers.closeRun(runId);
  }

  async #open(runId: string): Promise<void> {
    const run = this.#loop.state.runs.get(runId);
    if (run === undefined) return;
    const plan = await this.#plans.manifest(run.shape.manifestBlob);
    // Whoever made such a plan scores it.
    if (plan.header.responsesOnly === true) return;
    await this.#blobs.hold(plan.packs.flatMap(({ samplesBlob, requestsBlob }) => [samplesBlob, requestsBlob]));
    this.#scorers.openRun(runId, plan);
  }
}
