import { create } from "@bufbuild/protobuf";
import { MusterError } from "../../base/muster-error.ts";
import { CLUSTER_JOURNAL } from "../../coordinator/shell/frame-writer.ts";
import { aborted } from "../../coordinator/shell/stop-signal.ts";
import { CoordinatorShell } from "../../coordinator/shell/coordinator-shell.ts";
import { takeTurns } from "../../coordinator/shell/leadership.ts";
import { OperatorService } from "../../coordinator/shell/operator-service.ts";
import { ClusterSchema, CoordinatorSchema, type SubmitRunMessage } from "../../proto/gen/muster/v1/operator_pb.js";
import { compareWithJournals } from "./checker.ts";
import { LifeBlobs } from "./blobs.ts";
import { type CoordinatorDisk, type CutWrite, LifeJournals, LifeRunFiles } from "./disks.ts";
import type { Listener, Network } from "./network.ts";
import { scoreFromJournal } from "./oracle.ts";
import { ProcessLife } from "./process-life.ts";
import type { Turns, WorldSurroundings } from "./world.ts";

/** Scorers are not part of this: their means are shown and never counted. */
const NO_SCORERS = {
  openRun: () => {},
  addResponses: () => {},
  progress: () => [],
  endRun: () => {},
  closeRun: () => {},
  close: () => Promise.resolve(),
};

/** Longer than any sample takes here. */
const SLOT_SILENCE_MS = 20_000;

/** One life of a coordinator. */
interface Living {
  readonly life: ProcessLife;
  shell: CoordinatorShell | null;
  operators: OperatorService | null;
}

/** A machine whose coordinator dies and comes back on the same disk. */
export class CoordinatorHost {
  readonly name: string;
  readonly #around: WorldSurroundings;
  readonly #disk: CoordinatorDisk;
  readonly #network: () => Network;
  #living: Living | null = null;
  #lives = 0;
  /** Whether another coordinator may write to the same disk. */
  hasRival = false;

  constructor(name: string, around: WorldSurroundings, parts: { disk: CoordinatorDisk; network: () => Network }) {
    this.name = name;
    this.#around = around;
    this.#disk = parts.disk;
    this.#network = parts.network;
  }

  get life(): ProcessLife | null {
    return this.#living?.life ?? null;
  }

  get shell(): CoordinatorShell | null {
    return this.#living?.shell ?? null;
  }

  /** Who takes an agent's streams here now. */
  get listener(): Listener | null {
    const { shell, life } = this.#living ?? {};
    if (shell === null || shell === undefined || life === undefined) return null;
    const { agents } = shell;
    return {
      life,
      control: (stream) => agents.control(stream),
      data: (stream) => agents.data(stream),
      sent: this.#around.sent,
    };
  }

  start(): void {
    if (this.#living !== null) return;
    const { clock } = this.#around;
    this.#lives += 1;
    const life = new ProcessLife(`${this.name}.${this.#lives}`, clock, this.#around.drawClock());
    const living: Living = { life, shell: null, operators: null };
    this.#living = living;
    const { turns } = this.#around;
    const work = turns === null ? this.#leadAlone(living) : this.#takeTurns(living, turns);
    work.catch((error: unknown) => this.#stopped(living, MusterError.from(error)));
  }

  async #leadAlone(living: Living): Promise<void> {
    const shell = await this.#begin(living);
    await shell.fatal;
  }

  /** Stands by and leads again and again, in one life. */
  async #takeTurns(living: Living, turns: Turns): Promise<void> {
    const { life } = living;
    const parts = {
      lease: turns.servers.leaseOf(life),
      address: () => this.name,
      isGone: async (name: string) => turns.isGone(name),
      standBy: async (stop: AbortSignal) => ({ ended: aborted(stop) }),
      lead: (stop: AbortSignal) => this.#leadUntil(living, stop),
      clock: life,
      log: this.#around.log(life),
    };
    await takeTurns(parts, new AbortController().signal);
  }

  async #leadUntil(living: Living, stop: AbortSignal): Promise<void> {
    const shell = await this.#begin(living);
    this.#around.turns?.onTerm();
    try {
      await Promise.race([aborted(stop), shell.fatal]);
    } finally {
      living.shell = null;
      living.operators = null;
      this.#network().died(living.life);
      await shell.close();
    }
  }

  async #begin(living: Living): Promise<CoordinatorShell> {
    const wasFlipped = this.#disk.isFlipped;
    const shell = await this.#open(living);
    if (wasFlipped && living.life.alive && this.#disk.isFlipped)
      this.#around.fail(`${living.life.name} began although a frame was damaged`);
    return shell;
  }

  async #open({ life }: Living): Promise<CoordinatorShell> {
    const { log, leaseDurationMs, planOf } = this.#around;
    const journals = new LifeJournals(this.#disk, life);
    const blobs = new LifeBlobs(this.#disk, life);
    const shell = await CoordinatorShell.open({
      ...{ journals, blobs, runFiles: new LifeRunFiles(this.#disk, life), scorers: NO_SCORERS },
      scoreRun: (run) => scoreFromJournal(run, planOf(run.run.runId), journals, blobs),
      settings: { leaseDurationMs, slotSilenceMs: SLOT_SILENCE_MS },
      ...{ clock: life, log: log(life), loopLagSeconds: () => 0 },
    });
    const living = this.#living;
    if (living?.life !== life) return shell;
    const { loop, plans, registry, archive, agents } = shell;
    const about = () => create(CoordinatorSchema);
    const cluster = async () => create(ClusterSchema);
    const verify = () => Promise.reject(new Error("nobody verifies here"));
    living.operators = new OperatorService({
      ...{ loop, blobs, plans, registry, archive, agents, verify, about, cluster, clock: life },
      expectFrames: (runId, frames) => shell.expectFrames(runId, frames),
    });
    living.shell = shell;
    return shell;
  }

  /** It ended by itself. A supervisor starts it again, unless another one leads. */
  #stopped(living: Living, error: MusterError): void {
    if (this.#living !== living) return;
    const { clock, fail, random } = this.#around;
    if (error.kind === "badData" && this.#disk.isFlipped) {
      if (!/frame \d+/.test(error.message)) fail(`the damaged place is not named: ${error.message}`);
      this.#disk.repair();
    } else if (error.kind !== "conflict" || !this.hasRival) {
      fail(`${living.life.name} stopped by itself: ${error.message} ${String(error.stack)}`);
    }
    this.#end(living);
    clock.after(random.between(100, 1_500), () => this.#around.supervise(this));
  }

  /** It dies; what became of its last writes. */
  crash(): CutWrite[] {
    const living = this.#living;
    if (living === null) return [];
    return this.#end(living);
  }

  #end(living: Living): CutWrite[] {
    this.#living = null;
    living.life.end();
    const cut = this.#disk.cutOff(living.life);
    this.#network().died(living.life);
    return cut;
  }

  /** How far a run is here, in words. */
  describe(runId: string): string {
    const { shell, life } = this.#living ?? {};
    if (life === undefined) return `${this.name} is down`;
    const run = shell?.loop.state.runs.get(runId);
    if (shell === null || shell === undefined || run === undefined) return `${life.name} does not know it`;
    const leases = Array.from(
      run.openLeases,
      ({ leaseId, agentId, openSamples }) => `${leaseId} ${agentId} ${openSamples}`,
    );
    const slots = Array.from(
      shell.loop.state.agents.values(),
      ({ announcement, connected, draining, slots: own }) =>
        `${announcement.agentId} ${connected} ${draining} ${Array.from(own.values(), ({ wantsWork }) => wantsWork).join()}`,
    );
    const queues = Array.from(
      run.queues.values(),
      ({ ranges, returned }) => `${ranges.reduce((sum, { cursor, end }) => sum + end - cursor, 0)}+${returned.length}`,
    );
    return `${life.name}: ${run.phase}, ${run.samplesDone} of ${run.shape.sampleCount}, waiting ${queues.join()}, leases ${leases.join(", ")}; ${slots.join(", ")}`;
  }

  /** Where all is durable, the live state must be what the next coordinator would read. */
  async compareWithDisk(): Promise<void> {
    const living = this.#living;
    if (living === null || living.shell === null || !this.#disk.isIdle(living.life)) return;
    // What a full disk does not take waits, and a coordinator that leads no more does not know the latest.
    const { loop, trouble } = living.shell;
    if (trouble !== null || loop.state.epoch !== this.#disk.journal(CLUSTER_JOURNAL).lastEpoch) return;
    await compareWithJournals(loop.state, new LifeJournals(this.#disk, QUICK_LIFE));
  }

  /** A client's submission. */
  async submit(messages: readonly SubmitRunMessage[]): Promise<void> {
    const operators = this.#living?.operators ?? null;
    if (operators === null) throw new MusterError("connection", `nobody listens at ${this.name}`);
    await operators.submit(streamOf(messages));
  }

  async cancel(runId: string): Promise<void> {
    await this.#living?.operators?.cancel(runId);
  }

  async retry(runId: string): Promise<void> {
    const operators = this.#living?.operators ?? null;
    if (operators === null) throw new MusterError("connection", `nobody listens at ${this.name}`);
    await operators.retry(runId);
  }

  drain(agentId: string): void {
    this.#living?.shell?.loop.take({ kind: "DrainRequested", agentId });
  }
}

async function* streamOf(messages: readonly SubmitRunMessage[]): AsyncGenerator<SubmitRunMessage> {
  yield* messages;
}

/** For reading a disk without time passing. */
const QUICK_LIFE = {
  later: (_delayMs: number, action: () => void) => action(),
} as unknown as ProcessLife;
