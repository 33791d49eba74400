import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { MusterProcesses, type Ready } from "../support/muster-processes.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

/** What can be done to a cluster. */
export const CHAOS_KINDS = [
  "agent killed",
  "agent stopped for a while",
  "coordinator killed",
  "coordinator stopped for a while",
  "connections cut",
  "coordinator's disk full for a while",
  "agent's disk full for a while",
] as const;

export type ChaosKind = (typeof CHAOS_KINDS)[number];

const AGENTS = 3;
const AGENT = ["--engine", "simulated", "--model", "hash", "--concurrency", "8", "--simulation", "latencyMs=800"];
/** Longest time that a process stands still or a disk is full, milliseconds: longer than a lease lives. */
const PAUSE_MAX_MS = 6_000;
const LEASE = ["--lease-seconds", "4"];

interface ChaosAgent {
  ready: Ready;
  readonly disk: SmallDisk | null;
}

/** A coordinator and three agents as real processes, each with a disk of its own, and their connections through a proxy. */
export class ChaosCluster {
  readonly muster = new MusterProcesses();
  readonly #agents: ChaosAgent[] = [];
  #proxy: TcpProxy | null = null;
  #disk: SmallDisk | null = null;
  #coordinator: Ready | null = null;

  /** Where the coordinator's journals are. */
  get journalFolder(): string {
    return join(this.#coordinatorFolder, "journals");
  }

  get #coordinatorFolder(): string {
    return join(this.muster.home, "coordinator");
  }

  async start(): Promise<void> {
    if (SmallDisk.isPossible) this.#disk = new SmallDisk(this.#coordinatorFolder, 512);
    await this.#startCoordinator();
    this.#proxy = await TcpProxy.open(() => this.muster.grpcAddress);
    for (let agent = 0; agent < AGENTS; agent++) {
      const folder = join(this.muster.home, `agent-${agent}`);
      const disk = SmallDisk.isPossible ? new SmallDisk(folder, 64) : null;
      const place = ["--coordinator", this.#proxy.address, "--name", `a${agent}`, "--data-dir", folder];
      this.#agents.push({ ready: await this.muster.start(["agent", ...place, ...AGENT]), disk });
    }
  }

  async #startCoordinator(): Promise<void> {
    this.#coordinator = await this.muster.startCoordinator(["--data-dir", this.#coordinatorFolder, ...LEASE]);
  }

  /** Does one thing, and undoes it; false where it cannot be done here. */
  async strike(kind: ChaosKind, random: SeededRandom): Promise<boolean> {
    const agent = random.pick(this.#agents);
    const pauseMs = random.between(300, PAUSE_MAX_MS);
    switch (kind) {
      case "agent killed":
        await this.muster.kill(agent.ready);
        await sleep(random.below(2_000));
        agent.ready = await this.muster.start(agent.ready.words);
        return true;
      case "agent stopped for a while":
        return stopFor(agent.ready, pauseMs);
      case "coordinator killed":
        await this.muster.killCoordinator();
        await sleep(random.below(1_000));
        await this.#startCoordinator();
        return true;
      case "coordinator stopped for a while":
        return stopFor(this.#coordinator!, pauseMs);
      case "connections cut":
        return this.#proxy!.cut() > 0;
      case "coordinator's disk full for a while":
        return fillFor(this.#disk, pauseMs);
      case "agent's disk full for a while":
        return fillFor(agent.disk, pauseMs);
    }
  }

  async stop(): Promise<void> {
    await this.#proxy?.close();
    // The disks go before the home that they are mounted in is removed.
    await this.muster.stop(() => {
      for (const disk of [this.#disk, ...this.#agents.map((agent) => agent.disk)]) disk?.unmount();
    });
  }
}

async function stopFor({ child }: Ready, pauseMs: number): Promise<boolean> {
  child.kill("SIGSTOP");
  await sleep(pauseMs);
  child.kill("SIGCONT");
  return true;
}

async function fillFor(disk: SmallDisk | null, pauseMs: number): Promise<boolean> {
  if (disk === null) return false;
  disk.fill();
  await sleep(pauseMs);
  disk.free();
  return true;
}
