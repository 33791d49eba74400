import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { openStepMark, watchSteps } from "../../base/node/step-watch.ts";
import type { PlanManifest } from "../shell/plan-store.ts";
import { SAMPLE_LIMIT_MS } from "./sample-watch.ts";

/** A task's means so far. Numbers of a run in progress, not estimates of its result. */
export interface LiveTaskScores {
  readonly task: string;
  readonly samples: number;
  readonly metrics: readonly { readonly metric: string; readonly filter: string; readonly mean: number }[];
}

/** What the pool tells a thread. */
export type LiveCall =
  | { readonly kind: "open"; readonly runId: string; readonly plan: PlanManifest }
  | { readonly kind: "responses"; readonly runId: string; readonly digest: string }
  | { readonly kind: "close"; readonly runId: string };

/** What a thread says after each blob of responses; `scores` is null where they did not change. */
export interface LiveReport {
  readonly runId: string;
  readonly scores: readonly LiveTaskScores[] | null;
}

/** Blobs that may wait in front of a thread; more are dropped, since final scores are computed anew. */
const QUEUE_BLOBS_MAX = 32;

/** What keeps running means. */
export type LiveScorers = Pick<ScorerPool, keyof ScorerPool>;

/**
 * Threads that score responses as they arrive, for running means. Each run belongs to one thread. Never in the way: it
 * takes no time on the caller's thread, and drops work rather than queue it without bound.
 */
export class ScorerPool {
  readonly #size: number;
  readonly #blobFolder: string;
  readonly #sampleLimitMs: number;
  readonly #threads: (ScorerThread | undefined)[] = [];
  readonly #threadOf = new Map<string, ScorerThread>();
  readonly #scores = new Map<string, readonly LiveTaskScores[]>();
  #runsOpened = 0;

  /** `workers`: threads at most, 0 for one less than there are cores. They start when there is work. */
  constructor(options: {
    readonly workers: number;
    readonly blobFolder: string;
    /** How long one sample may take. */
    readonly sampleLimitMs?: number;
  }) {
    this.#sampleLimitMs = options.sampleLimitMs ?? SAMPLE_LIMIT_MS;
    this.#size = options.workers > 0 ? options.workers : Math.max(1, Math.min(4, availableParallelism() - 1));
    this.#blobFolder = options.blobFolder;
  }

  /** Begins to keep means for a run. */
  openRun(runId: string, plan: PlanManifest): void {
    const slot = this.#runsOpened++ % this.#size;
    if (this.#threads[slot]?.isBroken === true) this.#threads[slot] = undefined;
    const thread = (this.#threads[slot] ??= new ScorerThread(this.#blobFolder, this.#sampleLimitMs, (report) =>
      this.#note(report),
    ));
    this.#threadOf.set(runId, thread);
    thread.runs.add(runId);
    this.#scores.set(runId, []);
    thread.tell({ kind: "open", runId, plan });
  }

  /** Adds one durable blob of responses. Dropped where the thread is behind, or the run is not open. */
  addResponses(runId: string, digest: string): void {
    const thread = this.#threadOf.get(runId);
    if (thread !== undefined && thread.queuedBlobs < QUEUE_BLOBS_MAX) thread.tell({ kind: "responses", runId, digest });
  }

  /** A run's means so far; empty where there are none. */
  progress(runId: string): readonly LiveTaskScores[] {
    return this.#scores.get(runId) ?? [];
  }

  /** Scores no more of a run; its last means stay. A thread without runs ends: its memory is better used elsewhere. */
  endRun(runId: string): void {
    const thread = this.#threadOf.get(runId);
    if (thread === undefined) return;
    this.#threadOf.delete(runId);
    thread.runs.delete(runId);
    thread.tell({ kind: "close", runId });
    if (thread.runs.size > 0) return;
    const slot = this.#threads.indexOf(thread);
    // A broken one has been replaced by then.
    if (slot >= 0) this.#threads[slot] = undefined;
    void thread.close();
  }

  /** Forgets a run. */
  closeRun(runId: string): void {
    this.endRun(runId);
    this.#scores.delete(runId);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(async (thread) => thread?.close()));
  }

  #note({ runId, scores }: LiveReport): void {
    if (scores !== null && this.#scores.has(runId)) this.#scores.set(runId, scores);
  }
}

/** One thread and the number of blobs that wait in front of it. A thread that breaks scores nothing more. */
class ScorerThread {
  readonly #worker: Worker;
  readonly #endWatch: () => void;
  #isBroken = false;
  readonly runs = new Set<string>();
  queuedBlobs = 0;

  constructor(blobFolder: string, sampleLimitMs: number, onReport: (report: LiveReport) => void) {
    const mark = openStepMark();
    const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 };
    this.#worker = new Worker(new URL("./scorer-pool-thread.ts", import.meta.url), {
      workerData: { blobFolder, mark },
      resourceLimits,
    });
    // Live means are no reason to keep a process running.
    this.#worker.unref();
    this.#worker.on("message", (report: LiveReport) => {
      this.queuedBlobs -= 1;
      onReport(report);
    });
    this.#worker.on("error", () => {
      this.#isBroken = true;
    });
    // The final pass says which sample it is; here its thread only must not compute for ever.
    this.#endWatch = watchSteps(mark, sampleLimitMs, () => {
      this.#isBroken = true;
      void this.#worker.terminate();
    });
  }

  tell(call: LiveCall): void {
    if (this.#isBroken) return;
    if (call.kind === "responses") this.queuedBlobs += 1;
    this.#worker.postMessage(call);
  }

  /** Whether it scores nothing more. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  async close(): Promise<void> {
    this.#endWatch();
    await this.#worker.terminate();
  }
}
