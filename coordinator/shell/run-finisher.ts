import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import type { RunState } from "../core/state.ts";
import type { RunScores } from "../scoring/finish-run.ts";
import type { CoordinatorLoop } from "./coordinator-loop.ts";
import type { FullDisk } from "./full-disk.ts";
import type { RunArchive } from "./run-archive.ts";

/** Makes a run's scores from its journal and its blobs, and writes its output files. */
export type ScoreRun = (run: RunState) => Promise<RunScores>;

/** What finishing a run needs. */
export interface FinisherSurroundings {
  readonly loop: CoordinatorLoop;
  readonly archive: RunArchive;
  readonly scoreRun: ScoreRun;
  readonly fullDisk: FullDisk;
  readonly log: Logger;
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
    const { loop, archive, scoreRun, fullDisk } = this.#around;
    const { resultsJson, scoresDigest } = await fullDisk.retry(() => scoreRun(loop.state.runs.get(runId)!));
    await fullDisk.retry(() => archive.saveResults(runId, resultsJson));
    return scoresDigest;
  }
}
