import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { CoordinatorLoop } from "./coordinator-loop.ts";
import type { PlanStore } from "./plan-store.ts";
import type { RunArchive } from "./run-archive.ts";
import { makeOutputs } from "./run-outputs.ts";
import { MUSTER_VERSION } from "../../base/node/version.ts";

/** What finishing a run needs. */
export interface FinisherSurroundings {
  readonly loop: CoordinatorLoop;
  readonly journals: JournalStore;
  readonly plans: PlanStore;
  readonly archive: RunArchive;
  readonly blobFolder: string;
  readonly log: Logger;
  readonly nowUnixMs: () => number;
}

/** Recomputes a computed run's scores from the journal and the blobs, and writes its outputs. Safe to do twice. */
export class RunFinisher {
  readonly #around: FinisherSurroundings;
  readonly #busy = new Set<string>();

  constructor(surroundings: FinisherSurroundings) {
    this.#around = surroundings;
  }

  /** Begins; the outcome arrives at the loop as an input. */
  finish(runId: string): void {
    if (this.#busy.has(runId)) return;
    this.#busy.add(runId);
    const { loop, log } = this.#around;
    this.#finish(runId)
      .then((scoresDigest) => loop.take({ kind: "ScoresArrived", runId, outcome: { kind: "scored", scoresDigest } }))
      .catch((thrown: unknown) => {
        const error = MusterError.from(thrown);
        log.error(
          { run: runId, error: error.message, stack: error.kind === "internal" ? error.stack : undefined },
          "cannot score the run",
        );
        const way = error.wayOut === undefined ? "" : `. ${error.wayOut}`;
        const message = `the responses are kept, but scoring failed: ${error.message}${way}`;
        loop.take({ kind: "ScoresArrived", runId, outcome: { kind: "failed", message } });
      })
      .finally(() => this.#busy.delete(runId));
  }

  async #finish(runId: string): Promise<string> {
    const { loop, journals, plans, archive, blobFolder, nowUnixMs } = this.#around;
    const { resultsJson, scoresDigest } = await makeOutputs(loop.state.runs.get(runId)!, {
      ...{ journals, plans, blobFolder, musterVersion: MUSTER_VERSION, endedUnixMs: nowUnixMs() },
      outputFolder: archive.outputFolder(runId),
    });
    await archive.saveResults(runId, resultsJson);
    return scoresDigest;
  }
}
