import { hostname } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { MusterError } from "../base/muster-error.ts";
import { formatAddress, parseAddress } from "../base/node/address.ts";
import { SYSTEM_CLOCK } from "../base/node/system-clock.ts";
import { MUSTER_VERSION } from "../base/node/version.ts";
import {
  type Cluster,
  type ClusterMember,
  ClusterMemberSchema,
  ClusterSchema,
  type Coordinator,
} from "../proto/gen/muster/v1/operator_pb.js";
import { LeaderProbe } from "./adapters/leader-probe.ts";
import { SqliteJournalStore } from "./adapters/journals/sqlite-journal-store.ts";
import { MirroredBlobStore } from "./adapters/mirror/mirrored-blob-store.ts";
import { MirroredJournalStore } from "./adapters/mirror/mirrored-journal-store.ts";
import { NatsBlobStore } from "./adapters/nats/nats-blob-store.ts";
import { NatsConnection } from "./adapters/nats/nats-connection.ts";
import { NatsJournalStore } from "./adapters/nats/nats-journal-store.ts";
import { NatsLeaderLease } from "./adapters/nats/nats-leader-lease.ts";
import { NatsMembers } from "./adapters/nats/nats-members.ts";
import type { NatsOptions } from "./adapters/nats/nats-options.ts";
import { standbyRegistry } from "./metrics.ts";
import type { LeaderLease } from "./ports/leader-lease.ts";
import type { MemberList } from "./ports/member-list.ts";
import { ScorerPool } from "./scoring/scorer-pool.ts";
import { aboutCoordinator, CoordinatorParts } from "./shell/coordinator-parts.ts";
import type { Doors } from "./shell/doors.ts";
import { JournalFollower } from "./shell/journal-follower.ts";
import { takeTurns } from "./shell/leadership.ts";
import { standbyServer } from "./shell/standby-service.ts";
import { aborted } from "./shell/stop-signal.ts";

/** How long a leader that says nothing keeps its lease. */
const LEASE_MS = 2_000;
const ANNOUNCE_MS = 1_000;

/** What a coordinator that shares a cluster is started with. */
export interface SeatOptions {
  readonly nats: NatsOptions;
  /** Tells it from the others. */
  readonly name: string;
  /** gRPC, `HOST:PORT`, as agents and people reach it; null: where it listens. */
  readonly address: string | null;
  readonly dataFolder: string;
  readonly leaseDurationMs: number;
  readonly scorers: number;
}

/** One coordinator of several that share journals and blobs on NATS: it stands by, and leads when it is its turn. */
export class ClusterSeat {
  readonly #options: SeatOptions;
  readonly #doors: Doors;
  readonly #log: Logger;
  readonly #connection: NatsConnection;
  readonly #lease: LeaderLease;
  readonly #members: MemberList;
  #leader: string | null = null;
  #self: Pick<ClusterMember, "role" | "epoch" | "framesBehind"> = { role: "standby", epoch: 0n, framesBehind: 0n };

  /** Connects. Throws `connection`, `permission`, and `unsupported` naming the setting that the servers lack. */
  static async open(options: SeatOptions, doors: Doors, log: Logger): Promise<ClusterSeat> {
    const connection = await NatsConnection.open(options.nats);
    try {
      const lease = await NatsLeaderLease.open(connection, LEASE_MS);
      return new ClusterSeat({ options, doors, log, connection, lease, members: await NatsMembers.open(connection) });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  private constructor(parts: {
    readonly options: SeatOptions;
    readonly doors: Doors;
    readonly log: Logger;
    readonly connection: NatsConnection;
    readonly lease: LeaderLease;
    readonly members: MemberList;
  }) {
    this.#options = parts.options;
    this.#doors = parts.doors;
    this.#log = parts.log;
    this.#connection = parts.connection;
    this.#lease = parts.lease;
    this.#members = parts.members;
  }

  /** gRPC, `HOST:PORT`, as agents and people reach it. */
  get address(): string {
    const { host, port } = parseAddress(this.#doors.grpcAddress, "--listen");
    const isEverywhere = host === "0.0.0.0" || host === "::";
    return this.#options.address ?? formatAddress({ host: isEverywhere ? hostname() : host, port });
  }

  /** Stands by and leads until stopped. Rejects when it must not go on. `onReady` is called once it answers. */
  async run(stop: AbortSignal, onReady: () => Promise<void>): Promise<void> {
    const watching = this.#watchLeader(stop);
    const probe = new LeaderProbe();
    const endAnnouncements = SYSTEM_CLOCK.every(ANNOUNCE_MS, () => void this.#announce());
    try {
      await takeTurns(
        {
          lease: this.#lease,
          address: () => this.address,
          isGone: (address) => probe.isGone(address),
          clock: SYSTEM_CLOCK,
          log: this.#log,
          standBy: async (end) => {
            const standing = await this.#standBy(end);
            await onReady();
            return standing;
          },
          lead: (end) => this.#lead(end),
        },
        stop,
      );
    } finally {
      endAnnouncements();
      // Ends what waits for NATS.
      await this.#connection.close();
      await watching;
    }
  }

  async #standBy(stop: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
    const journals = this.#openJournals();
    const follower = new JournalFollower(journals, this.#log);
    const registry = standbyRegistry({
      epoch: () => follower.epoch,
      framesBehind: () => Number(this.#self.framesBehind),
    });
    const look = async (): Promise<void> => {
      const framesBehind = BigInt(await follower.framesBehind());
      this.#self = { role: "standby", epoch: BigInt(follower.epoch), framesBehind };
    };
    const server = standbyServer({ about: () => this.#about(), cluster: () => this.#cluster() });
    await this.#doors.serve({ server, http: { registry, health: () => null } });
    this.#log.info({ address: this.address }, "stands by");
    const endLooks = SYSTEM_CLOCK.every(ANNOUNCE_MS, () => {
      look().catch((error: unknown) => this.#log.debug({ error: String(error) }, "the lag is not known"));
    });
    const ended = follower.follow(stop).finally(() => {
      endLooks();
      return journals.close();
    });
    return { ended };
  }

  async #lead(stop: AbortSignal): Promise<void> {
    const { dataFolder, leaseDurationMs, scorers } = this.#options;
    const blobFolder = join(dataFolder, "blobs");
    this.#log.info("has the lease; reads the journals");
    const parts = await CoordinatorParts.open({
      ...{ dataFolder, leaseDurationMs, log: this.#log },
      journals: this.#openJournals(),
      blobs: new MirroredBlobStore(await NatsBlobStore.open(this.#connection), blobFolder),
      scorers: new ScorerPool({ workers: scorers, blobFolder }),
      about: () => this.#about(),
      cluster: () => this.#cluster(),
    });
    const { shell, server } = parts;
    try {
      const { epoch } = shell.loop.state;
      this.#self = { role: "leader", epoch: BigInt(epoch), framesBehind: 0n };
      await this.#doors.serve({
        server,
        http: { registry: shell.metrics.registry, health: () => shell.trouble },
      });
      void this.#announce();
      this.#log.info({ address: this.address, epoch }, "leads");
      await Promise.race([aborted(stop), shell.fatal]);
    } finally {
      this.#self = { ...this.#self, role: "standby" };
      server.forceShutdown();
      await parts.close();
    }
  }

  #openJournals(): MirroredJournalStore {
    return new MirroredJournalStore({
      journals: new NatsJournalStore(this.#connection),
      mirror: new SqliteJournalStore(join(this.#options.dataFolder, "mirror")),
      log: this.#log,
    });
  }

  async #watchLeader(stop: AbortSignal): Promise<void> {
    try {
      for await (const leader of this.#lease.watch(stop)) this.#leader = leader;
    } catch (error) {
      if (!stop.aborted) this.#log.warn({ error: MusterError.from(error).message }, "it is not known who leads");
    }
  }

  async #announce(): Promise<void> {
    try {
      await this.#members.announce(this.#member());
    } catch (error) {
      this.#log.debug({ error: String(error) }, "the others do not hear of this coordinator");
    }
  }

  #member(): ClusterMember {
    return create(ClusterMemberSchema, {
      ...this.#self,
      name: this.#options.name,
      address: this.address,
      httpAddress: this.#doors.httpAddress,
      musterVersion: MUSTER_VERSION,
      processId: process.pid,
    });
  }

  #about(): Coordinator {
    return aboutCoordinator({
      ...this.#self,
      httpAddress: this.#doors.httpAddress,
      leaderAddress: this.#self.role === "leader" ? this.address : (this.#leader ?? ""),
    });
  }

  async #cluster(): Promise<Cluster> {
    const self = this.#member();
    const others = (await this.#members.list()).filter(({ name }) => name !== self.name);
    const members = [self, ...others].toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return create(ClusterSchema, { leaderAddress: this.#about().leaderAddress, members });
  }
}
