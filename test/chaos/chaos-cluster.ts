import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../../quickstart/seeded-random.ts";
import { CoordinatorCluster } from "../support/coordinator-cluster.ts";
import type { MusterProcesses, Ready } from "../support/muster-processes.ts";
import type { NatsServer } from "../support/nats-server.ts";
import { streamLeader } from "../support/nats-stores.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

/** What can be done to a cluster. */
export const CHAOS_KINDS = [
  "agent killed",
  "agent stopped for a while",
  "leading coordinator killed",
  "leading coordinator stopped for a while",
  "standby killed",
  "NATS server that leads the run's journal killed",
  "NATS server that leads the run's journal stopped for a while",
  "connections cut",
  "leading coordinator's disk full for a while",
  "agent's disk full for a while",
] as const;

export type ChaosKind = (typeof CHAOS_KINDS)[number];

const AGENTS = 3;
const AGENT = ["--engine", "simulated", "--model", "hash", "--concurrency", "8", "--simulation", "latencyMs=800"];
/** Longest time that a process stands still or a disk is full, milliseconds: longer than a lease lives. */
const PAUSE_MAX_MS = 6_000;
const LEASE = ["--lease-seconds", "4"];
/** Longest time until what was killed is started again. */
const GONE_MAX_MS = 2_000;
const COORDINATOR_DISK_MEGABYTES = 512;
const AGENT_DISK_MEGABYTES = 64;

interface ChaosAgent {
  ready: Ready;
  readonly disk: SmallDisk | null;
}

/**
 * Three NATS servers, two coordinators and three agents as real processes. Coordinators and agents have a disk of their
 * own each, and agents reach coordinators through proxies.
 */
export class ChaosCluster {
  readonly coordinators: CoordinatorCluster;
  readonly #agents: ChaosAgent[] = [];
  readonly #proxies: TcpProxy[] = [];
  readonly #disks: SmallDisk[];

  static async start(natsProgram: string): Promise<ChaosCluster> {
    const disks: SmallDisk[] = [];
    const prepare = (folder: string): void => {
      if (SmallDisk.isPossible) disks.push(new SmallDisk(folder, COORDINATOR_DISK_MEGABYTES));
    };
    const coordinators = await CoordinatorCluster.start(natsProgram, 3, 2, { words: LEASE, prepare });
    const cluster = new ChaosCluster(coordinators, disks);
    await cluster.#startAgents();
    return cluster;
  }

  private constructor(coordinators: CoordinatorCluster, disks: SmallDisk[]) {
    this.coordinators = coordinators;
    this.#disks = disks;
  }

  get muster(): MusterProcesses {
    return this.coordinators.muster;
  }

  async #startAgents(): Promise<void> {
    for (const { address } of this.coordinators.members) this.#proxies.push(await TcpProxy.open(() => address));
    const addresses = this.#proxies.map(({ address }) => address).join(",");
    for (let agent = 0; agent < AGENTS; agent++) {
      const folder = join(this.muster.home, `agent-${agent}`);
      const disk = SmallDisk.isPossible ? new SmallDisk(folder, AGENT_DISK_MEGABYTES) : null;
      const place = ["--coordinator", addresses, "--name", `a${agent}`, "--data-dir", folder];
      this.#agents.push({ ready: await this.muster.start(["agent", ...place, ...AGENT]), disk });
    }
  }

  /** Does one thing, and undoes it; false where it cannot be done here. */
  async strike(kind: ChaosKind, random: SeededRandom): Promise<boolean> {
    const agent = random.pick(this.#agents);
    const pauseMs = random.between(300, PAUSE_MAX_MS);
    const goneMs = random.below(GONE_MAX_MS);
    const { coordinators } = this;
    switch (kind) {
      case "agent killed":
        await this.muster.kill(agent.ready);
        await sleep(goneMs);
        agent.ready = await this.muster.start(agent.ready.words);
        return true;
      case "agent stopped for a while":
        return stopFor((signal) => agent.ready.child.kill(signal), pauseMs);
      case "leading coordinator killed":
        return this.#killCoordinator(await coordinators.leader(), goneMs);
      case "leading coordinator stopped for a while": {
        const { child } = coordinators.members[await coordinators.leader()]!.ready;
        return stopFor((signal) => child.kill(signal), pauseMs);
      }
      case "standby killed":
        return this.#killCoordinator(1 - (await coordinators.leader()), goneMs);
      case "NATS server that leads the run's journal killed": {
        const server = await this.#natsLeader();
        await server.kill();
        await sleep(goneMs);
        await server.restart();
        return true;
      }
      case "NATS server that leads the run's journal stopped for a while": {
        const server = await this.#natsLeader();
        return stopFor((signal) => server.signal(signal), pauseMs);
      }
      case "connections cut":
        return this.#proxies.reduce((cut, proxy) => cut + proxy.cut(), 0) > 0;
      case "leading coordinator's disk full for a while":
        return fillFor(this.#disks[await coordinators.leader()] ?? null, pauseMs);
      case "agent's disk full for a while":
        return fillFor(agent.disk, pauseMs);
    }
  }

  async stop(): Promise<void> {
    for (const proxy of this.#proxies) await proxy.close();
    // The disks go before the home that they are mounted in is removed.
    await this.coordinators.stop(() => {
      for (const disk of [...this.#disks, ...this.#agents.map((agent) => agent.disk)]) disk?.unmount();
    });
  }

  async #killCoordinator(member: number, goneMs: number): Promise<boolean> {
    await this.coordinators.kill(member);
    await sleep(goneMs);
    await this.coordinators.restart(member);
    return true;
  }

  #natsLeader(): Promise<NatsServer> {
    return streamLeader(this.coordinators.servers, "muster_journal_run-");
  }
}

async function stopFor(signal: (name: "SIGSTOP" | "SIGCONT") => unknown, pauseMs: number): Promise<boolean> {
  signal("SIGSTOP");
  await sleep(pauseMs);
  signal("SIGCONT");
  return true;
}

async function fillFor(disk: SmallDisk | null, pauseMs: number): Promise<boolean> {
  if (disk === null) return false;
  disk.fill();
  await sleep(pauseMs);
  disk.free();
  return true;
}
