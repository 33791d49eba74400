import type { Logger } from "pino";
import { AgentProcess } from "../../agent/shell/agent-process.ts";
import type { InferenceEngine } from "../../agent/ports/inference-engine.ts";
import type { EngineDescription } from "../../evaluation/engine.ts";
import { AgentDisk, LifeSpool } from "./disks.ts";
import type { Engines } from "./engine.ts";
import type { Network } from "./network.ts";
import { ProcessLife } from "./process-life.ts";
import type { WorldSurroundings } from "./world.ts";

/** One agent as a scenario draws it. */
export interface AgentPlan {
  readonly position: number;
  readonly slots: readonly EngineDescription[];
}

const NO_TELEMETRY = { cpuShare: 0, memoryUsedBytes: 0, memoryTotalBytes: 0, gpus: [] };

/** A host whose agent dies and comes back with its spool. */
export class AgentHost {
  readonly disk: AgentDisk;
  readonly #plan: AgentPlan;
  readonly #around: WorldSurroundings;
  readonly #network: Network;
  readonly #engines: Engines;
  #life: ProcessLife | null = null;
  #agent: AgentProcess | null = null;
  #lives = 0;
  #computing = 0;

  constructor(
    plan: AgentPlan,
    around: WorldSurroundings,
    parts: { readonly network: Network; readonly engines: Engines },
  ) {
    this.#plan = plan;
    this.disk = new AgentDisk(this.name);
    this.#around = around;
    this.#network = parts.network;
    this.#engines = parts.engines;
  }

  get life(): ProcessLife | null {
    return this.#life;
  }

  /** Whether an engine of it has a sample. */
  get isBusy(): boolean {
    return this.#computing > 0;
  }

  /** What it still keeps, in words, or null: an agent at rest has no lease and nothing in its spool alone. */
  get leftover(): string | null {
    if (this.#life === null) return `${this.name} is down`;
    if (this.disk.held > 0) return `${this.name} still has ${this.disk.held} batches in its spool`;
    const leaseIds = this.#agent?.leaseIds ?? [];
    return leaseIds.length > 0 ? `${this.name} still keeps ${leaseIds.join(", ")}` : null;
  }

  get name(): string {
    return `a${this.#plan.position}`;
  }

  start(): void {
    const { clock, random, log, fail, coordinators } = this.#around;
    this.#lives += 1;
    const life = new ProcessLife(`${this.name}.${this.#lives}`, clock, this.#around.drawClock());
    this.#life = life;
    this.#computing = 0;
    const engines = new Map(
      this.#plan.slots.map((description, slot) => [`s${slot}`, this.#engine(life, slot, description)]),
    );
    const agent = new AgentProcess({
      identity: { agentId: this.name, incarnation: life.name, hostName: this.name, pricePerSlotHour: 1 },
      coordinators,
      dial: (address) => this.#network.dial(this.#plan.position, life, address),
      engines,
      spool: new LifeSpool(this.disk, random),
      telemetry: { read: () => NO_TELEMETRY },
      log: log(life),
      clock: life,
      randomBelow: (limit) => random.below(limit),
      onWelcome: () => {},
    });
    this.#agent = agent;
    agent.run().catch((error: unknown) => {
      if (life.alive) fail(`${life.name} ended by itself: ${String((error as Error).stack)}`);
    });
  }

  /** It dies, and is started again after a while. */
  crash(downMs: number): boolean {
    const life = this.#life;
    if (life === null) return false;
    this.#life = null;
    life.end();
    this.disk.cutOff(this.#around.random);
    this.#network.died(life);
    this.#around.clock.after(downMs, () => this.start());
    return true;
  }

  /** It dies the next time that it writes to its spool, before the write is durable or after it. */
  crashOnPut(downMs: number): void {
    this.disk.killOnPut = () => this.crash(downMs);
  }

  #engine(life: ProcessLife, slot: number, description: EngineDescription): InferenceEngine {
    const { position } = this.#plan;
    const engine = this.#engines.open({ agent: position, slot: `${position}/${slot}`, life, description });
    return {
      ...engine,
      compute: async (requests, signal) => {
        this.#computing += 1;
        try {
          return await engine.compute(requests, signal);
        } finally {
          if (life === this.#life) this.#computing -= 1;
        }
      },
    };
  }
}

/** A logger that is a function of what is logged; a bug that a shell only logs is not overlooked. */
export function makeLog(say: (level: string, what: unknown, message: string) => void): Logger {
  const at =
    (level: string) =>
    (what: unknown, message?: string): void =>
      typeof what === "string" ? say(level, {}, what) : say(level, what, message ?? "");
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } as unknown as Logger;
}
