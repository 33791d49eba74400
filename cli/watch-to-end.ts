import { MusterError } from "../base/muster-error.ts";
import type { Agent, Run } from "../proto/gen/muster/v1/operator_pb.js";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { followRun } from "./follow-run.ts";
import { LiveView } from "./live-view.ts";
import { hasEnded } from "./run-state.ts";

const AGENTS_INTERVAL_MS = 1_000;

/** How a run is watched. */
export interface WatchOptions {
  readonly signal: AbortSignal;
  /** What Ctrl-C does, for the live view. */
  readonly hint: string;
  /** Called with each state of the run. */
  onRun(run: Run): void;
  /** Gets what shows a sentence without spoiling the view. */
  onNotes?(note: (sentence: string) => void): void;
}

/** A run that was watched. */
export interface Watched {
  /** As last seen; null where the signal aborted before anything was. */
  readonly run: Run | null;
  readonly hasEnded: boolean;
  readonly agents: readonly Agent[];
}

/** Shows a run on standard error until it has ended or the signal aborts. */
export async function watchToEnd(client: CoordinatorClient, runId: string, options: WatchOptions): Promise<Watched> {
  const view = new LiveView(options.hint);
  options.onNotes?.((sentence) => view.note(sentence));
  const agents = new AgentWatch(client, view);
  let last: Run | null = null;
  try {
    const onTrouble = (sentence: string | null): void => view.setTrouble(sentence);
    for await (const run of followRun(client, runId, { signal: options.signal, onTrouble })) {
      last = run;
      options.onRun(run);
      view.update(run);
      agents.look();
    }
  } finally {
    view.close();
  }
  await agents.settled();
  return { run: last, hasEnded: last !== null && hasEnded(last), agents: agents.last };
}

/** The cluster's agents, asked for at most once a second. */
class AgentWatch {
  readonly #client: CoordinatorClient;
  readonly #view: LiveView;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> = Promise.resolve();
  last: readonly Agent[] = [];

  constructor(client: CoordinatorClient, view: LiveView) {
    this.#client = client;
    this.#view = view;
  }

  look(): void {
    if (performance.now() - this.#askedMs < AGENTS_INTERVAL_MS) return;
    this.#askedMs = performance.now();
    this.#asking = this.#ask();
  }

  settled(): Promise<void> {
    return this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      this.last = await this.#client.listAgents();
      this.#view.updateAgents(this.last);
    } catch (error) {
      // The run's own stream tells that the coordinator is away.
      if (!(error instanceof MusterError)) throw error;
    }
  }
}
