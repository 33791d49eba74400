import type { Logger } from "pino";
import type { Clock } from "../../base/clock.ts";
import { MusterError } from "../../base/muster-error.ts";
import { MUSTER_VERSION } from "../../base/node/version.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import { type CoordinatorState, type CoreSettings, DEFAULT_CORE_SETTINGS, emptyState } from "../core/state.ts";
import { CoordinatorMetrics } from "../metrics.ts";
import type { BlobFolder } from "../ports/blob-folder.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { JournalStore } from "../ports/journal.ts";
import type { RunFiles } from "../ports/run-files.ts";
import type { LiveScorers } from "../scoring/scorer-pool.ts";
import { AgentService } from "./agent-service.ts";
import { collectGarbage } from "./blob-garbage.ts";
import { leaveOutBroken } from "./broken-submissions.ts";
import { CoordinatorLoop } from "./coordinator-loop.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FullDisk } from "./full-disk.ts";
import { LeaseSender } from "./lease-sender.ts";
import { LiveScores } from "./live-scores.ts";
import { PlanStore } from "./plan-store.ts";
import { recover, type Recovered } from "./recovery.ts";
import { RunArchive } from "./run-archive.ts";
import { RunFinisher, type ScoreRun } from "./run-finisher.ts";
import { RunRegistry } from "./run-registry.ts";

/** How often the core is told the time. */
const TICK_MS = 250;
/** How often a leader looks whether it still leads. */
const LEAD_CHECK_MS = 2_000;

/** What a coordinator works with. */
export interface CoordinatorSurroundings {
  readonly journals: JournalStore;
  readonly blobs: BlobStore & BlobFolder;
  readonly runFiles: RunFiles;
  readonly scorers: LiveScorers;
  readonly scoreRun: ScoreRun;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Partial<CoreSettings>;
  /** Seconds: 99th percentile of the event loop's lag since it was last asked. */
  readonly loopLagSeconds: () => number;
}

/** A coordinator that leads: its loop, and all that feeds it and performs its effects. */
export class CoordinatorShell {
  readonly loop: CoordinatorLoop;
  readonly metrics: CoordinatorMetrics;
  readonly agents: AgentService;
  readonly plans: PlanStore;
  readonly archive: RunArchive;
  readonly registry: RunRegistry;
  /** Rejects when the coordinator must not go on. */
  readonly fatal: Promise<never>;
  /** One sentence while something is wrong that may pass, else null. */
  trouble: string | null = null;
  readonly #around: CoordinatorSurroundings;
  readonly #writer: FrameWriter;
  readonly #fullDisk: FullDisk;
  readonly #leases: LeaseSender;
  readonly #live: LiveScores;
  readonly #finisher: RunFinisher;
  readonly #closing = new AbortController();
  #catchUp: Promise<void> = Promise.resolve();
  #endTicks: () => void = () => {};

  /**
   * Takes up the runs that the journals leave open; resolves once the new epoch is durable. Throws `badData` where a
   * journal is broken, and `conflict` where another coordinator wrote meanwhile.
   */
  static async open(around: CoordinatorSurroundings): Promise<CoordinatorShell> {
    const { settings, journals, blobs, clock } = around;
    const state = emptyState({ ...DEFAULT_CORE_SETTINGS, ...settings });
    const recovered = await leaveOutBroken(await recover(journals, state, clock.nowMs()), state, new PlanStore(blobs));
    const shell = new CoordinatorShell(around, state, recovered);
    await shell.loop.begin(recovered.epoch + 1, recovered.unlisted);
    for (const run of state.runs.values()) if (run.phase === "ended") await shell.#archiveRun(run.run.runId);
    const endTick = clock.every(TICK_MS, () => shell.loop.take({ kind: "TimePassed" }));
    const endCheck = clock.every(LEAD_CHECK_MS, () => shell.#checkLead());
    shell.#catchUp = shell.#readAgain();
    shell.#endTicks = () => {
      endTick();
      endCheck();
    };
    return shell;
  }

  private constructor(around: CoordinatorSurroundings, state: CoordinatorState, recovered: Recovered) {
    const { journals, blobs, runFiles, scorers, scoreRun, clock, log } = around;
    this.#around = around;
    const fullDisk = new FullDisk(clock, (message) => this.#diskFull(message));
    this.#fullDisk = fullDisk;
    this.#writer = new FrameWriter({
      store: journals,
      fullDisk,
      lengths: recovered.lengths,
    });
    const { promise, reject } = Promise.withResolvers<never>();
    this.fatal = promise;
    promise.catch(() => log.debug("stopping on a fatal error"));
    const loop = new CoordinatorLoop(state, {
      writer: this.#writer,
      nowMs: () => clock.nowMs(),
      perform: (effect) => this.#perform(effect),
      onDurable: (events) => this.#onDurable(events),
      onAppended: (seconds) => this.metrics.observeAppend(seconds),
      onFatal: reject,
    });
    this.loop = loop;
    this.plans = new PlanStore(blobs);
    this.archive = new RunArchive({ files: runFiles, journals, scoreRun });
    this.metrics = new CoordinatorMetrics({
      state: () => state,
      connections: () => this.agents.connections.values(),
      loopLagSeconds: around.loopLagSeconds,
      isDiskFull: () => this.trouble !== null,
    });
    const { plans, archive, metrics } = this;
    this.#leases = new LeaseSender({
      ...{ state: () => state, plans, log },
      onPlanLost: (runId, message) => loop.take({ kind: "PlanLost", runId, message }),
    });
    const leases = this.#leases;
    this.agents = new AgentService({
      loop,
      blobs,
      leases,
      metrics,
      log,
      musterVersion: MUSTER_VERSION,
      clock,
      fullDisk,
    });
    const ids = [...recovered.listed.map((run) => run.runId), ...recovered.unlisted];
    this.registry = new RunRegistry(ids, { state: () => state, archive, scorers, clock });
    this.#live = new LiveScores({ loop, plans, scorers, journals, blobs, log });
    this.#finisher = new RunFinisher({ loop, archive, scoreRun, fullDisk, log });
  }

  /** How many frames of a run's journal were read that is written again. */
  expectFrames(runId: string, frames: number): void {
    this.#writer.expect(runId, frames);
  }

  /** Waits for what is being made durable, and takes nothing more. The adapters stay open. */
  async close(): Promise<void> {
    this.#endTicks();
    // A loop that failed has said so already.
    await this.loop.settled().catch(() => undefined);
    this.loop.stop();
    this.#closing.abort();
    await this.#catchUp;
  }

  /** What a restart needs from the journals and nobody waits for: the means of open runs, and blobs that none names. */
  async #readAgain(): Promise<void> {
    const { signal } = this.#closing;
    const runs = [...this.loop.state.runs.values()].filter((run) => run.phase === "computing" && run.requestsDone > 0);
    for (const { run } of runs) await this.#resumeScores(run.runId);
    await collectGarbage({ ...this.#around, signal });
  }

  #checkLead(): void {
    this.#writer.checkLead().catch((error: unknown) => this.loop.fail(MusterError.from(error)));
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "ScoreResponses":
        return this.#live.add(effect.runId, effect.digest);
      case "FinishRun":
        this.#live.end(effect.runId);
        return this.#finisher.finish(effect.runId);
      case "Report":
        return this.#around.log[effect.level](effect.message);
      case "CountRefusal":
        return this.metrics.countRefusal(effect.reason, effect.responses);
      default:
        this.agents.perform(effect);
    }
  }

  #onDurable(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind === "RunEnded") void this.#archiveRun(event.runId);
      else if (event.kind === "LeaseGranted") this.metrics.countGrant();
      else if (event.kind === "RunReopened") void this.#resumeScores(event.runId);
    }
  }

  /** An ended run is written down once, then forgotten. */
  async #archiveRun(runId: string): Promise<void> {
    const run = this.loop.state.runs.get(runId);
    if (run === undefined) return;
    try {
      const view = await this.registry.viewOpen(run);
      await this.#fullDisk.retry(() => this.archive.save(view));
      this.loop.take({ kind: "RunArchived", runId });
      this.#leases.forget(runId);
      this.#live.forget(runId);
      await this.#writer.closeRun(runId);
    } catch (error) {
      const { message } = MusterError.from(error);
      this.#around.log.error({ run: runId, error: message }, "cannot archive an ended run; it stays in memory");
    }
  }

  async #resumeScores(runId: string): Promise<void> {
    try {
      await this.#live.resumeRun(runId, this.#closing.signal);
    } catch (error) {
      this.#around.log.warn({ run: runId, error: MusterError.from(error).message }, "live scores stay behind");
    }
  }

  #diskFull(message: string | null): void {
    if (message === this.trouble) return;
    this.trouble = message;
    if (message === null) this.#around.log.info("the disk has room again");
    else this.#around.log.error({ message }, "the disk is full: nothing is taken until there is room");
  }
}
