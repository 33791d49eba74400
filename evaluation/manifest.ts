import type { EngineDescription } from "./engine.ts";
import type { PlanDataset, PlanHeader, PythonJson } from "./plan.ts";

/** A request that no slot could answer; its sample is in no score. */
export interface SetAsideRequest {
  readonly requestIndex: number;
  readonly reason: string;
  readonly message: string;
}

/** A sample that is in no score, with the requests that are to blame. */
export interface SetAsideSample {
  readonly task: string;
  readonly docId: number;
  readonly requests: readonly SetAsideRequest[];
}

/**
 * That every expected sample was counted exactly once, or set aside by name: found by counting while the scores were
 * made, not by comparing totals.
 */
export interface CoverageCertificate {
  readonly expectedSamples: number;
  readonly countedSamples: number;
  readonly setAsideSamples: number;
  readonly expectedRequests: number;
  /** Responses that went into scores. */
  readonly countedRequests: number;
  readonly everySampleCountedOnce: boolean;
  /** SHA-256 over one line a counted sample in the plan's order: `task`, `doc_id` and `prompt_hash`, joined by tabs. */
  readonly countedDigest: string;
  readonly tasks: readonly { readonly task: string; readonly expected: number; readonly counted: number }[];
}

/** What an agent did for a run. */
export interface ManifestAgent {
  readonly agentId: string;
  readonly hostName: string;
  readonly musterVersion: string;
  readonly pricePerSlotHour: number;
  readonly engines: readonly ({ readonly slotId: string } & EngineDescription)[];
  /** Responses that counted. */
  readonly responses: number;
  readonly slotSeconds: number;
  readonly leases: number;
}

/** A shard of the run: what one slot was given, and how that ended. */
export interface ManifestLease {
  readonly leaseId: string;
  readonly agentId: string;
  readonly slotId: string;
  readonly epoch: number;
  readonly sampleCount: number;
  readonly end: string | null;
}

/** Totals of a run. */
export interface ManifestTotals {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly truncatedRequests: number;
  readonly slotSeconds: number;
  readonly costUsd: number;
  readonly duplicates: number;
  readonly disagreements: number;
  readonly leaseExpiries: number;
}

/** A task as it was run. */
export interface ManifestTask {
  readonly task: string;
  readonly version: PythonJson;
  /** `digestTask`: names its settings after includes and defaults, and its scoring code, wherever its files lie. */
  readonly digest: string;
}

/** What the model answered, as digests: enough to count how many answers of another run differ, and to name them. */
export interface ManifestResponses {
  /** Hex SHA-256 over the samples' whole digests, in the plan's order. */
  readonly digest: string;
  readonly tasks: readonly {
    readonly task: string;
    /**
     * Base64 of four bytes a sample, in the order of the documents: the first ones of the SHA-256 of its responses; zeros
     * where it was set aside.
     */
    readonly sampleDigests: string;
  }[];
}

/** A number that JSON may have no word for. */
export type ManifestNumber = number | "NaN" | "Infinity" | "-Infinity";

/** One score of a task or group. */
export interface ManifestScore {
  readonly task: string;
  readonly metric: string;
  readonly filter: string;
  readonly value: ManifestNumber;
  /** Null: none. */
  readonly standardError: ManifestNumber | null;
}

/** `manifest.json`: what was evaluated, by whom, at what cost, and the proof that nothing is missing. */
export interface RunManifest {
  readonly format: "muster-manifest/1";
  readonly musterVersion: string;
  readonly profile: string;
  /** Tasks whose files come with other versions of the harness: their scores are those of the profile's rules. */
  readonly otherVersions?: PlanHeader["otherVersions"];
  readonly run: {
    readonly runId: string;
    readonly suite: string;
    readonly model: string;
    readonly submittedBy: string;
    readonly createdUnixMs: number;
    readonly endedUnixMs: number;
  };
  /** Names all prompts, documents, settings and data of the run. */
  readonly planDigest: string;
  /** Names all scores of the run: equal for any number of agents and any order of arrival. */
  readonly scoresDigest: string;
  readonly datasets: readonly PlanDataset[];
  /** Absent in the oldest manifests, like the next two: a replay then compares less. */
  readonly tasks?: readonly ManifestTask[];
  readonly responses?: ManifestResponses;
  readonly scores?: readonly ManifestScore[];
  readonly options: unknown;
  readonly seeds: PlanHeader["seeds"];
  readonly limit: number | null;
  readonly numFewshot: number | null;
  readonly bootstrapIterations: number;
  readonly agents: readonly ManifestAgent[];
  readonly leases: readonly ManifestLease[];
  readonly totals: ManifestTotals;
  /** Requests whose prompt was cut from the left, at most 1000 of them by number. */
  readonly truncated: { readonly requests: number; readonly firstIndexes: readonly number[] };
  readonly setAside: readonly SetAsideSample[];
  readonly coverage: CoverageCertificate;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}
