// Several real coordinators on real NATS servers.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterProcesses, type Ready } from "./muster-processes.ts";
import { NatsServer } from "./nats-server.ts";
import { natsWords } from "./nats-stores.ts";

const LEADER_TIMEOUT_MS = 30_000;

/** What `muster cluster status --json` prints. */
export interface ClusterStatus {
  readonly leaderAddress: string;
  readonly members: readonly {
    readonly name: string;
    readonly role: string;
    readonly address: string;
    readonly epoch: string;
    readonly framesBehind: string;
  }[];
}

/** A member of the cluster: where it is and how it was started. */
interface Member {
  ready: Ready;
  readonly address: string;
  readonly httpAddress: string;
}

/** What coordinators are started with. */
interface CoordinatorClusterOptions {
  readonly words?: readonly string[];
  /** Called with each data folder before it is used. */
  readonly prepare?: (dataFolder: string) => void;
}

export class CoordinatorCluster {
  readonly muster = new MusterProcesses();
  readonly servers: readonly NatsServer[];
  readonly #members: Member[] = [];

  /** Starts NATS servers (one, or three that are one cluster) and coordinators on them. */
  static async start(
    program: string,
    servers: 1 | 3,
    coordinators: number,
    { words = [], prepare = () => undefined }: CoordinatorClusterOptions = {},
  ): Promise<CoordinatorCluster> {
    const started = servers === 1 ? [await NatsServer.start(program)] : await NatsServer.startCluster(program);
    const cluster = new CoordinatorCluster(started);
    try {
      for (let count = 0; count < coordinators; count++) {
        prepare(cluster.dataFolder(count));
        await cluster.#add(count, words);
      }
      await cluster.leader();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  /** All coordinators, for `--coordinator`. */
  get addresses(): string {
    return this.#members.map(({ address }) => address).join(",");
  }

  /** The words that name the servers. */
  get natsWords(): readonly string[] {
    return natsWords(this.servers);
  }

  dataFolder(member: number): string {
    return join(this.muster.home, `c${member}`);
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  async #add(count: number, more: readonly string[]): Promise<void> {
    const place = ["--name", `c${count}`, "--data-dir", this.dataFolder(count)];
    const words = ["coordinator", ...place, ...more, ...this.natsWords];
    const ready = await this.muster.start([...words, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    const address = String(ready.message["grpcAddress"]);
    const httpAddress = String(ready.message["httpAddress"]);
    const again = [...words, "--listen", address, "--http", httpAddress];
    this.#members.push({ ready: { ...ready, words: again }, address, httpAddress });
  }

  async restart(member: number): Promise<void> {
    this.#members[member]!.ready = await this.muster.start(this.#members[member]!.ready.words);
  }

  async kill(member: number): Promise<void> {
    await this.muster.kill(this.#members[member]!.ready);
  }

  /** A metric of one coordinator, summed over its labels; NaN where it does not answer or has none. */
  async metric(member: number, name: string): Promise<number> {
    try {
      return await this.muster.metric(name, this.#members[member]!.httpAddress);
    } catch {
      return Number.NaN;
    }
  }

  /** Position of the one that leads; waits until one does. */
  async leader(): Promise<number> {
    const deadlineMs = performance.now() + LEADER_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      for (const [member] of this.#members.entries()) {
        if ((await this.metric(member, "muster_coordinator_leads")) === 1) return member;
      }
      await sleep(20);
    }
    throw new Error("no coordinator leads");
  }

  async status(): Promise<ClusterStatus> {
    const words = ["cluster", "status", "--coordinator", this.addresses, "--json"];
    return JSON.parse(await this.muster.output(words)) as ClusterStatus;
  }

  /** Ends all; `beforeRemoval` is called before the home is removed. */
  async stop(beforeRemoval?: () => void): Promise<void> {
    await this.muster.stop(beforeRemoval);
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
