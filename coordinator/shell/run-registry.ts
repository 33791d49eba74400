import type { Clock } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import type { Run } from "../../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorState, RunState } from "../core/state.ts";
import { unfitness } from "../core/grant.ts";
import type { LiveScorers } from "../scoring/scorer-pool.ts";
import type { RunArchive } from "./run-archive.ts";
import { viewRun } from "./run-view.ts";

/** All runs, open and ended, by id or by the beginning of an id. */
export class RunRegistry {
  /** Ids in the order of arrival. */
  readonly #ids: string[];
  readonly #state: () => CoordinatorState;
  readonly #archive: RunArchive;
  readonly #scorers: LiveScorers;
  readonly #clock: Clock;

  constructor(
    ids: readonly string[],
    surroundings: {
      readonly state: () => CoordinatorState;
      readonly archive: RunArchive;
      readonly scorers: LiveScorers;
      readonly clock: Clock;
    },
  ) {
    this.#ids = [...ids];
    this.#state = surroundings.state;
    this.#archive = surroundings.archive;
    this.#scorers = surroundings.scorers;
    this.#clock = surroundings.clock;
  }

  has(runId: string): boolean {
    return this.#ids.includes(runId);
  }

  add(runId: string): void {
    if (!this.has(runId)) this.#ids.push(runId);
  }

  /** The full id of a run. Throws `notFound`, or `usage` where a beginning fits several. */
  resolve(idOrBeginning: string): string {
    if (this.#ids.includes(idOrBeginning)) return idOrBeginning;
    const fitting = idOrBeginning === "" ? [] : this.#ids.filter((id) => id.startsWith(idOrBeginning));
    if (fitting.length === 1) return fitting[0]!;
    if (fitting.length > 1) {
      throw new MusterError(
        "usage",
        `${fitting.length} runs begin with ${idOrBeginning}: ${fitting.slice(0, 3).join(", ")} …`,
      );
    }
    throw new MusterError("notFound", `there is no run ${idOrBeginning}`, { wayOut: "`muster runs` lists them." });
  }

  /** A run as it is now, with its results. */
  async view(runId: string): Promise<Run> {
    if (!this.#state().runs.has(runId)) await this.#archive.restore(runId);
    return this.#summary(runId);
  }

  /** As `view`, but perhaps without results that another coordinator has made. */
  #summary(runId: string): Promise<Run> {
    const run = this.#state().runs.get(runId);
    return run === undefined ? this.#archive.load(runId) : this.viewOpen(run);
  }

  async viewOpen(run: RunState): Promise<Run> {
    const { runId } = run.run;
    return viewRun(run, {
      nowUnixMs: this.#clock.unixMs(),
      scores: this.#scorers.progress(runId),
      waitingReason: waitingReason(this.#state(), run),
      resultsJson: run.phase === "ended" ? await this.#archive.results(runId) : new Uint8Array(),
    });
  }

  /** The newest runs, newest first. */
  async newest(limit: number): Promise<Run[]> {
    const runs: Run[] = [];
    for (const runId of this.#ids.slice(-limit).reverse()) runs.push(await this.#summary(runId));
    return runs;
  }
}

/** Why no slot works on a run, or empty when one does or could. */
function waitingReason(state: CoordinatorState, run: RunState): string {
  if (run.phase !== "computing" || run.openLeases.size > 0) return "";
  const unfit: string[] = [];
  for (const agent of state.agents.values()) {
    if (!agent.connected) continue;
    for (const { slotId, description } of agent.announcement.slots) {
      const reason = unfitness(run, description);
      if (reason === null) return "";
      unfit.push(`${slotId} of ${agent.announcement.hostName}: ${reason}`);
    }
  }
  const detail = unfit.length === 0 ? "no agent is connected" : unfit.slice(0, 3).join("; ");
  return `no slot serves ${run.run.model} (${detail})`;
}
