import { fromBinary } from "@bufbuild/protobuf";
import type { Event } from "../../coordinator/core/event.ts";
import { brokenInvariant } from "../../coordinator/core/invariants.ts";
import { type CoordinatorState, emptyState } from "../../coordinator/core/state.ts";
import type { Frame, JournalStore } from "../../coordinator/ports/journal.ts";
import { decodeEvents } from "../../coordinator/shell/event-encoding.ts";
import { CLUSTER_JOURNAL } from "../../coordinator/shell/frame-writer.ts";
import { recover } from "../../coordinator/shell/recovery.ts";
import { readResponses } from "../../proto/codec/response-columns.ts";
import { readRequests } from "../../proto/codec/request-columns.ts";
import { type ControlDown, type DataDown, ResponseBatchSchema } from "../../proto/gen/muster/v1/agent_pb.js";
import { describeRun } from "../support/describe-run.ts";
import type { AgentDisk } from "./disks.ts";
import { Ledger, Violation, type WorldFacts } from "./ledger.ts";
import type { ProcessLife } from "./process-life.ts";

/** Watches everything that becomes durable and everything that coordinators say; notes the first broken rule. */
export class Checker {
  readonly ledger: Ledger;
  violation: Violation | null = null;
  readonly #writers = new Map<number, ProcessLife>();
  readonly #epochs = new Map<string, number>();
  /** By lease, the number of frames that were durable when it was announced. */
  readonly #announcedAt = new Map<string, number>();

  constructor(facts: WorldFacts) {
    this.ledger = new Ledger(facts);
  }

  /** Runs a check; what it throws is the violation of this world. */
  check(work: () => void): void {
    if (this.violation !== null) return;
    try {
      work();
    } catch (error) {
      this.violation = error instanceof Violation ? error : new Violation(String((error as Error).stack));
    }
  }

  /** A frame is durable. */
  frame(journal: string, { epoch, payload, index }: Frame, life: ProcessLife): void {
    this.check(() => {
      if (epoch < (this.#epochs.get(journal) ?? 0)) throw new Violation(`${journal}: epoch ${epoch} after a later one`);
      this.#epochs.set(journal, epoch);
      const writer = this.#writers.get(epoch) ?? life;
      this.#writers.set(epoch, writer);
      if (writer !== life) throw new Violation(`${writer.name} and ${life.name} both wrote epoch ${epoch}`);
      this.ledger.nextFrame();
      for (const event of decodeEvents(payload, `${journal} ${index}`)) this.#event(event, journal);
    });
  }

  #event(event: Event, journal: string): void {
    const isCluster = !("runId" in event) || event.kind === "RunClosed" || event.kind === "RunReopened";
    if (isCluster !== (journal === CLUSTER_JOURNAL) && event.kind !== "RunListed")
      throw new Violation(`${event.kind} in ${journal}`);
    this.ledger.apply(event);
  }

  /** A coordinator told an agent something. */
  sent(agent: AgentDisk | null, { message }: ControlDown | DataDown): void {
    this.check(() => {
      switch (message.case) {
        case "batchAcknowledgement":
          return agent === null ? undefined : this.#acknowledged(agent, Number(message.value.batchNumber));
        case "leaseGrant":
          this.#announcedAt.set(message.value.leaseId, this.ledger.frames);
          return;
        case "leaseRequests": {
          const { leaseId, runId, requests } = message.value;
          // One that leads no more does not know the latest, and nothing of what it still says counts.
          if (Number(leaseId.split(".")[1]) < (this.#epochs.get(CLUSTER_JOURNAL) ?? 0)) return;
          const announcedAt = this.#announcedAt.get(leaseId) ?? 0;
          for (const request of readRequests(requests!).requestIndex) {
            const answeredAt = this.ledger.answeredAt(runId, request);
            if (answeredAt !== null && answeredAt <= announcedAt)
              throw new Violation(`request ${request} of ${runId} is durable, and was sent again in ${leaseId}`);
          }
          return;
        }
        default:
      }
    });
  }

  #acknowledged(agent: AgentDisk, batchNumber: number): void {
    agent.acknowledged.add(batchNumber);
    if (!this.ledger.knowsBatch(agent.name, batchNumber))
      throw new Violation(`batch ${batchNumber} of ${agent.name} was acknowledged, and no journal says so`);
    const bytes = agent.batches.get(batchNumber);
    // Acknowledged before, and gone meanwhile.
    if (bytes === undefined) return;
    const { runId, responses } = fromBinary(ResponseBatchSchema, bytes);
    if (responses === undefined || responses.count === 0) return;
    if (this.ledger.wasLate(agent.name, batchNumber, runId)) return;
    for (const request of readResponses(responses).requestIndex) {
      if (!this.ledger.isSettled(runId, request))
        throw new Violation(`request ${request} of ${runId} was acknowledged, and is on no disk`);
    }
  }

  /** What must hold of a living coordinator's state between two inputs. */
  state(state: CoordinatorState): void {
    this.check(() => {
      const broken = brokenInvariant(state);
      if (broken !== null) throw new Violation(broken);
    });
  }
}

/** The fields that differ. */
function differing(here: string, there: string): string {
  const [live, fold] = [JSON.parse(here) as Record<string, unknown>, JSON.parse(there) as Record<string, unknown>];
  const names = Object.keys(live).filter((name) => JSON.stringify(live[name]) !== JSON.stringify(fold[name]));
  return names.map((name) => `${name} ${JSON.stringify(live[name])} <> ${JSON.stringify(fold[name])}`).join("; ");
}

/** Throws where the live state is not what the next coordinator would read from the journals. */
export async function compareWithJournals(live: CoordinatorState, journals: JournalStore): Promise<void> {
  const described = new Map(
    Array.from(live.runs, ([runId, run]) => [runId, { text: describeRun(run), isOver: run.phase === "ended" }]),
  );
  const fold = emptyState(live.settings);
  await recover(journals, fold, 0);
  for (const [runId, { text, isOver }] of described) {
    const other = fold.runs.get(runId);
    // One that has just ended may be closed there.
    if (other === undefined && isOver) continue;
    const there = other === undefined ? "{}" : describeRun(other);
    if (text !== there)
      throw new Violation(`the live state of run ${runId} is not the journal's: ${differing(text, there)}`);
  }
}
