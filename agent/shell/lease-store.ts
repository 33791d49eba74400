import { MusterError } from "../../base/muster-error.ts";
import type { EvaluationRequest, GenerationSettings } from "../../evaluation/request.ts";
import { readRequests, requestAt } from "../../proto/codec/request-columns.ts";
import { decodeJson } from "../../proto/codec/plan-messages.ts";
import type { LeaseRequests } from "../../proto/gen/muster/v1/agent_pb.js";
import type { LeasedSample } from "../core/input.ts";

/** The requests of one sample. */
export interface StoredSample {
  /** Names the sample over all leases that it is ever part of. */
  readonly key: string;
  readonly requests: readonly EvaluationRequest[];
  /** Times it went to the engine. */
  attempts: number;
  /** Aborts when its answers are worth nothing any more. */
  readonly stop: AbortController;
}

/** Prompts of the leases that this agent holds, by lease and sample. */
export class LeaseStore {
  readonly #leases = new Map<string, Map<number, StoredSample>>();
  readonly #generations = new Map<string, readonly GenerationSettings[]>();

  /** Takes a part of a lease; the samples in it. Throws `badData` for columns that disagree. */
  add(message: LeaseRequests): LeasedSample[] {
    const { leaseId } = message;
    if (message.requests === undefined) throw new MusterError("badData", `lease ${leaseId} came without requests`);
    if (message.generationsJson.length > 0) {
      this.#generations.set(leaseId, decodeJson(message.generationsJson) as readonly GenerationSettings[]);
    }
    const generations = this.#generations.get(leaseId) ?? [];
    const rows = readRequests(message.requests);
    const samples = this.#leases.get(leaseId) ?? new Map<number, StoredSample>();
    this.#leases.set(leaseId, samples);
    const arrived: { sample: number; requestCount: number }[] = [];
    for (let row = 0; row < rows.count;) {
      const sample = rows.sampleIndex[row]!;
      const requests: EvaluationRequest[] = [];
      for (; row < rows.count && rows.sampleIndex[row] === sample; row++) {
        requests.push(requestAt(rows, row, generations).request);
      }
      samples.set(sample, { key: `${message.runId}/${sample}`, requests, attempts: 0, stop: new AbortController() });
      arrived.push({ sample, requestCount: requests.length });
    }
    return arrived;
  }

  get(leaseId: string, sample: number): StoredSample {
    const stored = this.#leases.get(leaseId)?.get(sample);
    if (stored === undefined) throw new Error(`bug: sample ${sample} of lease ${leaseId} is not here`);
    return stored;
  }

  remove(leaseId: string, sample: number): void {
    this.#leases.get(leaseId)?.delete(sample);
  }

  forget(leaseId: string): void {
    this.#leases.delete(leaseId);
    this.#generations.delete(leaseId);
  }
}
