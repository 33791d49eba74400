import { createHash } from "node:crypto";
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { type KV, Kvm } from "@nats-io/kv";
import { StorageType } from "@nats-io/jetstream";
import { type ClusterMember, ClusterMemberSchema } from "../../../proto/gen/muster/v1/operator_pb.js";
import type { MemberList } from "../../ports/member-list.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { askPatiently } from "./passing-trouble.ts";

/** How long a silent member is remembered. */
const REMEMBERED_MS = 10_000;

/** Keys that vanish unless they are written again, one a member. Only for people to look at. */
export class NatsMembers implements MemberList {
  readonly #keys: KV;
  readonly #name: string;

  /** Throws `connection`. */
  static async open(connection: NatsConnection): Promise<NatsMembers> {
    const name = `${connection.options.cluster}_members`;
    const keys = await askPatiently(`bucket ${name}`, () =>
      new Kvm(connection.jetstream).create(name, {
        history: 1,
        storage: StorageType.Memory,
        replicas: connection.options.replicas,
        ttl: REMEMBERED_MS,
      }),
    );
    return new NatsMembers(keys, name);
  }

  private constructor(keys: KV, name: string) {
    this.#keys = keys;
    this.#name = name;
  }

  async announce(member: ClusterMember): Promise<void> {
    // A name may hold what a key may not.
    const key = createHash("sha256").update(member.name).digest("hex");
    await this.#keys.put(key, toJsonString(ClusterMemberSchema, member));
  }

  async list(): Promise<readonly ClusterMember[]> {
    return askPatiently(`bucket ${this.#name}`, async () => {
      const members: ClusterMember[] = [];
      for await (const key of await this.#keys.keys()) {
        const entry = await this.#keys.get(key);
        if (entry?.operation === "PUT") {
          members.push(fromJsonString(ClusterMemberSchema, entry.string(), { ignoreUnknownFields: true }));
        }
      }
      return members.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    });
  }
}
