import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { MusterError } from "../../base/muster-error.ts";
import { encodeJson } from "../../proto/codec/plan-messages.ts";
import { LeaseGrantSchema, LeaseRequestsSchema } from "../../proto/gen/muster/v1/agent_pb.js";
import type { RequestColumns } from "../../proto/gen/muster/v1/columns_pb.js";
import type { Effect } from "../core/effect.ts";
import type { CoordinatorState, Lease, RunState } from "../core/state.ts";
import type { AgentConnection } from "./agent-connection.ts";
import { isBlobLost, type PlanManifest, type PlanStore } from "./plan-store.ts";

type Grant = Extract<Effect, { kind: "SendLease" }>;

/** Sends granted leases: the grant on the control stream, its prompts on the data stream. */
export class LeaseSender {
  readonly #state: () => CoordinatorState;
  readonly #plans: PlanStore;
  readonly #log: Logger;
  readonly #onPlanLost: (runId: string, message: string) => void;
  readonly #manifests = new Map<string, Promise<PlanManifest>>();
  /** The last lease of each connection: leases to one agent are sent one after another. */
  readonly #lines = new WeakMap<AgentConnection, Promise<void>>();

  constructor(parts: {
    readonly state: () => CoordinatorState;
    readonly plans: PlanStore;
    readonly log: Logger;
    /** Hears that a run's plan is damaged or gone, and what of it. */
    readonly onPlanLost: (runId: string, message: string) => void;
  }) {
    this.#state = parts.state;
    this.#plans = parts.plans;
    this.#log = parts.log;
    this.#onPlanLost = parts.onPlanLost;
  }

  /** Begins to send a lease. It ends early when the lease ends or the agent leaves. */
  send(connection: AgentConnection, grant: Grant): void {
    const before = this.#lines.get(connection) ?? Promise.resolve();
    const next = before
      .then(() => this.#sendNow(connection, grant))
      .catch((error: unknown) => {
        const { message } = MusterError.from(error);
        this.#log.error({ lease: grant.leaseId, error: message }, "cannot send a lease");
        if (isBlobLost(error)) this.#onPlanLost(grant.runId, message);
        connection.close("a lease could not be sent");
      });
    this.#lines.set(connection, next);
  }

  /** Forgets a run that ended. */
  forget(runId: string): void {
    this.#manifests.delete(runId);
  }

  async #sendNow(connection: AgentConnection, { runId, leaseId, slotId }: Grant): Promise<void> {
    const run = this.#state().runs.get(runId);
    const lease = run?.leases.get(leaseId);
    if (connection.closed) return;
    const durationMs = this.#state().settings.leaseDurationMs;
    const announce = (requestCount: number, epoch: number): void =>
      connection.sendControl({
        case: "leaseGrant",
        value: create(LeaseGrantSchema, { leaseId, runId, slotId, durationMs, requestCount, epoch: BigInt(epoch) }),
      });
    // Nothing to do any more: an empty lease, so that the slot asks again.
    if (run === undefined || lease === undefined || lease.end !== null) return announce(0, this.#state().epoch);
    const plan = await this.#manifest(runId, run.shape.manifestBlob);
    // Fixed now: an answer that arrives while the prompts are being sent must not change how many were promised.
    const open = openRequests(run, lease);
    announce(open.size, lease.epoch);
    await this.#sendRequests(
      connection,
      { runId, leaseId },
      plan,
      this.#plans.requestsOf(plan, lease.samples, (request) => open.has(request)),
    );
  }

  async #sendRequests(
    connection: AgentConnection,
    ids: { readonly runId: string; readonly leaseId: string },
    plan: PlanManifest,
    parts: AsyncGenerator<RequestColumns>,
  ): Promise<void> {
    let generationsJson = encodeJson(plan.header.generations);
    let waiting: RequestColumns | null = null;
    const write = async (requests: RequestColumns, last: boolean): Promise<void> => {
      const value = create(LeaseRequestsSchema, { ...ids, generationsJson, requests, last });
      generationsJson = new Uint8Array();
      if (!connection.sendData({ case: "leaseRequests", value })) await connection.drained();
    };
    for await (const part of parts) {
      if (connection.closed) return;
      if (waiting !== null) await write(waiting, false);
      waiting = part;
    }
    if (waiting !== null) await write(waiting, true);
  }

  #manifest(runId: string, digest: string): Promise<PlanManifest> {
    let manifest = this.#manifests.get(runId);
    if (manifest === undefined) {
      manifest = this.#plans.manifest(digest);
      this.#manifests.set(runId, manifest);
      // Asked for again: it may be brought back.
      manifest.catch(() => this.#manifests.delete(runId));
    }
    return manifest;
  }
}

/** Requests of a lease that have no answer yet. Samples that went back are another lease's. */
function openRequests(run: RunState, lease: Lease): Set<number> {
  const open = new Set<number>();
  for (const sample of lease.samples) {
    if (run.holder[sample] !== lease.ordinal) continue;
    for (let request = run.firstRequest[sample]!; request < run.firstRequest[sample + 1]!; request++) {
      if (run.fingerprints[request] === 0 && !run.quarantined.has(request)) open.add(request);
    }
  }
  return open;
}
