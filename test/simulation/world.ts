import type { Logger } from "pino";
import type { ControlDown, DataDown } from "../../proto/gen/muster/v1/agent_pb.js";
import { SeededRandom } from "../../quickstart/seeded-random.ts";
import { AgentHost, makeLog } from "./agent-host.ts";
import { Checker } from "./checker.ts";
import { Clients } from "./clients.ts";
import { CoordinatorHost } from "./coordinator-host.ts";
import { CoordinatorDisk } from "./disks.ts";
import { Engines } from "./engine.ts";
import { Violation } from "./ledger.ts";
import { LeaseServers } from "./lease-servers.ts";
import { type Liar, startLying } from "./liar.ts";
import { Network } from "./network.ts";
import { trueScores } from "./oracle.ts";
import type { WorldPlan } from "./plans.ts";
import { type ClockFault, ProcessLife } from "./process-life.ts";
import { drawScenario, type Fault, FAULTS_END_MS, type FaultKind, type Scenario } from "./scenario.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** How long a world may take to come to rest after the last fault: far more than all work on the slowest slot. */
const REST_MS = 600_000;
/** More actions than any world needs; one that reaches it has a loop without rest. */
const ACTIONS_MAX = 3_000_000;
/** What a world was like. */
export interface WorldReport {
  readonly actions: number;
  /** Virtual milliseconds until everything was at rest. */
  readonly durationMs: number;
  readonly agents: number;
  readonly requests: number;
  /** Requests that engines computed; more than there are, where a fault came between. */
  readonly computed: number;
  /** Faults that struck while work was under way. */
  readonly faults: { readonly [kind in FaultKind]?: number };
  readonly restarts: number;
}

/** Hears what happens in a world, for a person who replays a seed. */
export type Trace = (atMs: number, who: string, what: string) => void;

/** How coordinators take turns. */
export interface Turns {
  readonly servers: LeaseServers;
  /** Whether a coordinator's process is known to be gone. */
  readonly isGone: (name: string) => boolean;
  /** Called when one begins to lead. */
  readonly onTerm: () => void;
}

/** What a world gives to the hosts in it. */
export interface WorldSurroundings {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** Addresses that agents try. */
  readonly coordinators: readonly string[];
  readonly leaseDurationMs: number;
  readonly planOf: (runId: string) => WorldPlan;
  readonly log: (life: ProcessLife) => Logger;
  readonly drawClock: () => ClockFault;
  /** Something is wrong with the product. */
  readonly fail: (sentence: string) => void;
  readonly sent: (agent: number, message: ControlDown | DataDown) => void;
  /** How coordinators take turns; null: they do not. */
  readonly turns: Turns | null;
  /** Starts a coordinator that ended, if none lives. */
  readonly supervise: (host: CoordinatorHost) => void;
}

/**
 * Lives through one seed: the shells of coordinators and agents as they are, on a clock, a network and disks that are not.
 * Rejects with a `Violation` at the first broken rule, and where the world does not come to rest once nothing goes wrong.
 */
export async function liveThrough(seed: number, trace: Trace | null = null): Promise<WorldReport> {
  return new World(seed, trace).live();
}

class World {
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #scenario: Scenario;
  readonly #checker: Checker;
  readonly #trace: Trace | null;
  readonly #disk: CoordinatorDisk;
  readonly #network: Network;
  readonly #hosts: readonly CoordinatorHost[];
  readonly #agents: readonly AgentHost[];
  readonly #clients: Clients;
  readonly #engines: Engines;
  readonly #plans: ReadonlyMap<string, WorldPlan>;
  readonly #struck: { [kind in FaultKind]?: number } = {};
  readonly #leaseIds: string[] = [];
  readonly #liars: Liar[] = [];
  #hasChanged = false;
  #computed = 0;
  #restarts = 0;
  #terms = 0;
  #actions = 0;

  constructor(seed: number, trace: Trace | null) {
    this.#random = new SeededRandom(seed ^ 0x5eed);
    this.#scenario = drawScenario(seed);
    this.#trace = trace;
    const { agents, runs, engines, leaseDurationMs, faults, takesTurns } = this.#scenario;
    this.#plans = new Map(runs.map(({ runId, plan }) => [runId, plan]));
    const planOf = (runId: string): WorldPlan => this.#plans.get(runId)!;
    this.#checker = new Checker({
      planOf,
      isBroken: (runId, request) => engines.broken.has(planOf(runId).requests[request]!.context),
      isDamageNamed: (sentence) => this.#disk.blobs.isDamageNamed(sentence),
    });
    this.#engines = new Engines(engines, this.#random, (count) => {
      this.#computed += count;
    });
    this.#disk = new CoordinatorDisk(this.#random, (journal, frame, life) => {
      this.#hasChanged = true;
      this.#checker.frame(journal, frame, life);
    });
    const names = takesTurns || faults.some(({ kind }) => kind === "rival") ? ["c0", "c1"] : ["c0"];
    const servers = takesTurns ? new LeaseServers(this.#clock, this.#random) : null;
    this.#network = new Network(this.#clock, this.#random, (address) => this.#hosts[names.indexOf(address)]!.listener);
    const around: WorldSurroundings = {
      ...{ clock: this.#clock, random: this.#random, coordinators: names, leaseDurationMs, planOf },
      turns:
        servers === null
          ? null
          : {
              servers,
              isGone: (name) => this.#hosts[names.indexOf(name)]!.life === null,
              onTerm: () => {
                if (this.#terms++ > 0) this.#count("turn", 1);
              },
            },
      log: (life) => this.#log(life),
      drawClock: () => this.#drawClock(),
      fail: (sentence) => this.#fail(sentence),
      sent: (agent, message) => this.#sent(agent, message),
      supervise: (host) => this.#supervise(host),
    };
    const network = this.#network;
    this.#hosts = names.map((name) => new CoordinatorHost(name, around, { disk: this.#disk, network: () => network }));
    this.#clients = new Clients({
      ...{ clock: this.#clock, random: this.#random, scenario: this.#scenario, hosts: this.#hosts },
      ledger: this.#checker.ledger,
      fail: (sentence) => this.#fail(sentence),
      refused: (who, error) => this.#trace?.(this.#clock.nowMs, who, `not taken: ${String(error)}`),
    });
    this.#agents = agents.map((agent) => new AgentHost(agent, around, { network, engines: this.#engines }));
  }

  async live(): Promise<WorldReport> {
    const { runs, agentStartsMs, faults } = this.#scenario;
    for (const host of this.#scenario.takesTurns ? this.#hosts : this.#hosts.slice(0, 1)) host.start();
    this.#agents.forEach((agent, position) => this.#clock.after(agentStartsMs[position]!, () => agent.start()));
    this.#clients.begin();
    for (const fault of faults) this.#clock.after(fault.atMs, () => this.#strike(fault));
    this.#clock.after(FAULTS_END_MS, () => this.#heal());
    await this.#passTime();
    for (const host of this.#hosts) await host.compareWithDisk();
    this.#compareScores();
    if (this.#checker.violation !== null) throw this.#checker.violation;
    this.#count("failedAnswer", this.#engines.failures);
    this.#count("rubbishAnswer", this.#engines.rubbish);
    return {
      actions: this.#actions,
      durationMs: this.#clock.nowMs,
      agents: this.#agents.length,
      requests: runs.reduce((sum, { plan }) => sum + plan.requests.length, 0),
      computed: this.#computed,
      faults: this.#struck,
      restarts: this.#restarts,
    };
  }

  /** One action in each turn of the event loop, so that all that follows from one is done before the next. */
  #passTime(): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (this.#checker.violation !== null) throw this.#checker.violation;
          if (this.#isAtRest()) return resolve();
          const isLate = !this.#clock.advance(FAULTS_END_MS + REST_MS);
          this.#actions += 1;
          if (isLate || this.#actions > ACTIONS_MAX)
            throw new Violation(`the world does not come to rest: ${this.#unrest()}; ${this.#describe()}`);
          if (this.#hasChanged) this.#look();
          setImmediate(turn);
        } catch (error) {
          reject(error);
        }
      };
      turn();
    });
  }

  /** After each frame: nothing that lasts changes without one. */
  #look(): void {
    this.#hasChanged = false;
    for (const { shell } of this.#hosts) if (shell !== null) this.#checker.state(shell.loop.state);
  }

  #isAtRest(): boolean {
    return this.#clock.nowMs > FAULTS_END_MS && this.#unrest() === null;
  }

  /** What is still to be done, in words, or null. */
  #unrest(): string | null {
    const wanted = this.#clients.unrest();
    if (wanted !== null) return wanted;
    for (const agent of this.#agents) {
      const { leftover } = agent;
      if (leftover !== null) return leftover;
    }
    return null;
  }

  /** How far the runs are, for a person. */
  #describe(): string {
    const runIds = [...this.#plans.keys()];
    return this.#hosts.flatMap((host) => runIds.map((runId) => `${runId} at ${host.describe(runId)}`)).join("; ");
  }

  /** What the runs were scored as, against the scores of a run that nothing disturbs. */
  #compareScores(): void {
    const { ledger } = this.#checker;
    for (const [runId, plan] of this.#plans) {
      const end = ledger.endOf(runId);
      if (end !== "done" && end !== "partial") continue;
      const text = this.#disk.files.get(`${runId}/results.json`);
      const { scoresDigest } = JSON.parse(text ?? "{}") as { readonly scoresDigest?: string };
      if (scoresDigest !== trueScores(plan, ledger.quarantinedIn(runId)))
        throw new Violation(`run ${runId} has other scores than an undisturbed one`);
    }
  }

  #log(life: ProcessLife): Logger {
    return makeLog((level, what, message) => {
      const { stack, error } = what as { readonly stack?: string; readonly error?: string };
      if (level === "error" && stack !== undefined) this.#fail(`${life.name}: ${message}: ${stack}`);
      this.#trace?.(this.#clock.nowMs, life.name, `${level}: ${message} ${error ?? ""}`);
    });
  }

  #fail(sentence: string): void {
    this.#checker.check(() => {
      throw new Violation(sentence);
    });
  }

  #drawClock(): ClockFault {
    const { drift } = this.#scenario;
    if (drift > 0) this.#count("drift", 1);
    return {
      offsetMs: this.#random.below(1_000_000),
      rate: 1 + (drift * (this.#random.below(201) - 100)) / 100,
      wallOffsetMs: this.#random.below(3_600_000),
    };
  }

  #sent(agent: number, message: ControlDown | DataDown): void {
    const { message: what } = message;
    if (what.case === "leaseGrant") this.#leaseIds.push(what.value.leaseId);
    this.#trace?.(this.#clock.nowMs, `to a${agent}`, what.case ?? "nothing");
    this.#checker.sent(this.#agents[agent]?.disk ?? null, message);
  }

  #supervise(host: CoordinatorHost): void {
    if (!this.#scenario.takesTurns && this.#hosts.some(({ life }) => life !== null)) return;
    this.#restarts += 1;
    host.start();
  }

  /** Nothing goes wrong any more, but that liars who are still there hold what they have. */
  #heal(): void {
    for (const liar of this.#liars) liar.goSilent();
    for (const agent of this.#agents) agent.disk.killOnPut = null;
    this.#engines.heal();
    this.#disk.trouble.full = false;
    this.#disk.trouble.slowMs = 0;
    this.#disk.blobs.repair();
    this.#clients.retryAll();
  }

  #count(kind: FaultKind, times: number): void {
    if (times > 0) this.#struck[kind] = (this.#struck[kind] ?? 0) + times;
  }

  #strike(fault: Fault): void {
    const isInFlight = this.#agents.some((agent) => agent.isBusy);
    this.#trace?.(this.#clock.nowMs, "fault", `${fault.kind} of a${fault.agent} for ${fault.durationMs} ms`);
    if (this.#perform(fault) && isInFlight) this.#count(fault.kind, 1);
  }

  /** False where there was nothing to strike. */
  #perform({ kind, agent: position, slot, durationMs }: Fault): boolean {
    const agent = this.#agents[position]!;
    const clock = this.#clock;
    switch (kind) {
      case "cut":
        this.#network.cut(position);
        return true;
      case "partition":
        this.#network.partition(position, ["up", "down"], durationMs);
        return true;
      case "oneWayPartition":
        this.#network.partition(position, [this.#random.pick(["up", "down"] as const)], durationMs);
        return true;
      case "agentCrash":
        return agent.crash(durationMs);
      case "agentCrashInSpool":
        agent.crashOnPut(durationMs);
        return true;
      case "agentStall":
        agent.life?.stall(durationMs);
        return agent.life !== null;
      case "brokenEngine":
        this.#engines.breakDown(`${position}/${slot}`, clock.nowMs + durationMs);
        return true;
      case "fullSpool":
        agent.disk.trouble.full = true;
        clock.after(durationMs, () => {
          agent.disk.trouble.full = false;
        });
        return true;
      case "clockJump":
        (this.#random.below(2) === 0 ? agent.life : this.#anyHost()?.life)?.jump(-3_600_000);
        return true;
      case "liar":
        return this.#lie(durationMs);
      default:
        return this.#performOnCoordinator(kind, durationMs);
    }
  }

  #performOnCoordinator(kind: Fault["kind"], durationMs: number): boolean {
    const { trouble } = this.#disk;
    const clock = this.#clock;
    const host = this.#anyHost();
    if (host === null) return false;
    switch (kind) {
      case "coordinatorCrash":
        this.#crash(host, durationMs);
        return true;
      case "bitFlip":
        for (const one of this.#hosts) if (one.life !== null) this.#crash(one, durationMs);
        // In a later turn, when the comparison with the disk is over.
        clock.after(0, () => this.#disk.flipBit((journal) => this.#isRead(journal)));
        return true;
      case "blobBitFlip":
        return this.#disk.blobs.flipBit(this.#random);
      case "coordinatorStall":
        host.life?.stall(durationMs);
        return true;
      case "fullDisk":
        trouble.full = true;
        clock.after(durationMs, () => {
          trouble.full = false;
        });
        return true;
      case "slowDisk":
        trouble.slowMs = 50 + this.#random.below(1_500);
        clock.after(durationMs, () => {
          trouble.slowMs = 0;
        });
        return true;
      case "rival": {
        const other = this.#hosts.find((one) => one.life === null);
        if (other === undefined || host.shell === null) return false;
        for (const one of this.#hosts) one.hasRival = true;
        if (this.#random.below(2) === 0) host.life?.stall(durationMs);
        other.start();
        return true;
      }
      default:
        return false;
    }
  }

  /** Journals that a coordinator reads when it starts. */
  #isRead(journal: string): boolean {
    return journal === "cluster" || this.#checker.ledger.endOf(journal.slice("run-".length)) === null;
  }

  #crash(host: CoordinatorHost, downMs: number): void {
    host.compareWithDisk().catch((error: unknown) => this.#fail((error as Error).message));
    for (const became of host.crash()) this.#count(`${became}Tail`, 1);
    this.#clock.after(downMs, () => this.#supervise(host));
  }

  #anyHost(): CoordinatorHost | null {
    const living = this.#hosts.filter(({ life }) => life !== null);
    return living.length === 0 ? null : this.#random.pick(living);
  }

  #lie(durationMs: number): boolean {
    const host = this.#anyHost();
    if (host === null) return false;
    const life = new ProcessLife(`liar.${this.#liars.length}`, this.#clock, this.#drawClock());
    const channel = this.#network.dial(this.#agents.length, life, host.name);
    const gossip = {
      runIds: [...this.#plans.keys()],
      leaseIds: () => this.#leaseIds.slice(-5),
      planOf: (runId: string) => this.#plans.get(runId)!,
      ledger: this.#checker.ledger,
    };
    this.#liars.push(startLying(life, channel, this.#random, gossip));
    if (this.#random.below(2) === 0) return true;
    this.#clock.after(durationMs, () => {
      life.end();
      this.#network.died(life);
    });
    return true;
  }
}
